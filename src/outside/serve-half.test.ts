import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo } from '../../test/support/messages.ts'
import type { Query } from '../chain/query/query.ts'
import type { Stage } from '../chain/stage/handler.ts'
import { serveHalfOf } from './serve-half.ts'

const NOTHING = undefined as never

const stageOf = (made: unknown): Stage | undefined =>
  serveHalfOf('greet', { serve: () => made as never }).serve(NOTHING, NOTHING, NOTHING)

test('what handles queries stands in front of the rest of the chain', async () => {
  const asked: string[] = []
  const stage = stageOf({
    handle: (one: Query, next: (query: Query) => unknown) => {
      asked.push(one.question.name)
      return next(one)
    },
  })
  const reply = replyTo(query('a.test.'))
  assert.equal(stage?.wrap(() => reply)(query('a.test.')), reply)
  assert.deepEqual(asked, ['a.test.'])
})

test('without a handler queries pass', () => {
  const next = () => replyTo(query('a.test.'))
  assert.equal(stageOf({ concerns: () => true })?.wrap(next), next)
})

test('the functions of an object of a class find what is theirs', () => {
  class Own {
    readonly #is = true
    concerns() {
      return this.#is
    }
    handle() {
      return this.#is
    }
  }
  const stage = stageOf(new Own())
  const { concerns, wrap } = stage as Stage
  assert.equal(concerns?.(query('a.test.')), true)
  assert.equal(wrap(NOTHING)(query('a.test.')), true)
})

test('a field that is misspelt is told, and others are its own', () => {
  assert.throws(() => stageOf({ conserns: () => true }), {
    message: `what serve gives has 'conserns': did you mean 'concerns'?`,
  })
  assert.throws(() => stageOf({ handler: () => undefined }), /'handler': did you mean 'handle'\?/)
  assert.ok(stageOf({ handle: () => undefined, handler: 5, zones: [] }))
})

test('a definition finds what is its own', () => {
  const definition = {
    own: { reserves: 5 },
    serve() {
      return this.own
    },
  }
  assert.equal(serveHalfOf('greet', definition).serve(NOTHING, NOTHING, NOTHING)?.reserves, 5)
})

test('no stage is no stage', () => assert.equal(stageOf(undefined), undefined))

for (const { made, message } of [
  { made: 5, message: 'what serve gives is 5, and no stage' },
  { made: null, message: 'what serve gives is null, and no stage' },
  { made: () => 1, message: 'what serve gives is a function, and no stage' },
  { made: { handle: 5 }, message: 'handle is no function' },
  {
    made: { wrap: () => 1 },
    message: `what serve gives has 'wrap': a plugin from outside has 'handle' there`,
  },
])
  test(`a stage is refused: ${message}`, () => assert.throws(() => stageOf(made), { message }))

test('what is no stage at all is left to the server to refuse', () => {
  const promise = Promise.resolve({})
  assert.equal(stageOf(promise), promise)
  assert.equal(stageOf({ concerns: 5 })?.concerns, 5)
})

test('what a handler throws is thrown on', () => {
  const stage = stageOf({
    handle: () => {
      throw new Error('boom')
    },
  })
  assert.throws(() => stage?.wrap(NOTHING)(query('a.test.')), { message: 'boom' })
})
