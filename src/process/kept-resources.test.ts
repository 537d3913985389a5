import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeLogger } from '../../test/fakes/fake-scopes.ts'
import type { Kept, Resources } from '../chain/plugin/control-scope.ts'
import { KeptResources, Readiness } from './kept-resources.ts'

const RESOURCES: Resources = {
  newRecords: () => {
    throw new RangeError('no records in this test')
  },
}

const setUp = () => {
  const log: string[] = []
  const things = new KeptResources(RESOURCES, fakeLogger(log))
  const get = (identity: string): Kept =>
    things.get(identity, resources => {
      assert.throws(() => resources.newRecords(), /no records in this test/)
      log.push(`made ${identity}`)
      return { dispose: () => void log.push(`disposed of ${identity}`) }
    })
  return { log, things, get }
}

test('a thing is made once for its identity', () => {
  const { log, get } = setUp()
  const [one, again, other] = [get('a'), get('a'), get('b')]
  assert.equal(one, again)
  assert.notEqual(one, other)
  assert.deepEqual(log, ['made a', 'made b'])
})

test('keepOnly disposes of what nobody asks for, once, and it is made anew afterwards', () => {
  const { log, things, get } = setUp()
  const first = get('a')
  get('b')
  things.keepOnly(['b', 'never made'])
  things.keepOnly(['b'])
  assert.notEqual(get('a'), first)
  things.keepOnly([])
  assert.deepEqual(log, [
    'made a',
    'made b',
    'disposed of a',
    'made a',
    'disposed of b',
    'disposed of a',
  ])
})

test('what cannot be disposed of does not keep the others from being so, and is named', () => {
  const { log, things, get } = setUp()
  things.get('cache x', () => ({
    dispose() {
      throw new Error('boom')
    },
  }))
  get('a')
  things.keepOnly([])
  assert.deepEqual(log, ['made a', '[ERROR] plugin/cache: dispose failed: boom', 'disposed of a'])
})

test('who cannot say whether it is ready is named', () => {
  const readiness = new Readiness()
  readiness.add('good', () => false)
  readiness.add('bad', () => {
    throw new Error('boom')
  })
  assert.throws(() => readiness.notReady(), { message: 'plugin/bad: isReady failed: boom' })
})

test('what cannot be made is not kept', () => {
  const { log, things, get } = setUp()
  assert.throws(
    () => things.get('a', resources => ({ ...resources.newRecords(), dispose: () => {} })),
    /no records/,
  )
  get('a')
  assert.deepEqual(log, ['made a'])
})
