import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Exposition } from './exposition.ts'

/** Renderings that the test ends by hand. */
const setUp = (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const begun: PromiseWithResolvers<{ contentType: string; body: string }>[] = []
  const expose = () => {
    const rendering = Promise.withResolvers<{ contentType: string; body: string }>()
    begun.push(rendering)
    return rendering.promise
  }
  const exposition = new Exposition({ expose })
  const ask = async (acceptEncoding = '') => (await exposition.answer(acceptEncoding)).body
  const end = (index: number) =>
    begun[index]?.resolve({ contentType: 'text/plain', body: `rendering ${index}` })
  /** Until nothing happens any more without a timer. */
  const settle = () => new Promise(setImmediate)
  return { begun, ask, end, settle, tick: (ms: number) => t.mock.timers.tick(ms) }
}

test('all who ask before a rendering begins get the very same bytes', async t => {
  const { begun, ask, end, settle } = setUp(t)
  const asked = Array.from({ length: 1000 }, () => ask())
  await settle()
  end(0)
  const bodies = new Set(await Promise.all(asked))
  assert.deepEqual([begun.length, bodies.size, String([...bodies][0])], [1, 1, 'rendering 0'])
})

test('compressed bytes are made once for all', async t => {
  const { ask, end, settle } = setUp(t)
  const asked = Array.from({ length: 1000 }, () => ask('gzip'))
  await settle()
  end(0)
  assert.equal(new Set(await Promise.all(asked)).size, 1)
})

test('who asks while one is rendered gets what is rendered later, after a rest of 100 ms', async t => {
  const { begun, ask, end, settle, tick } = setUp(t)
  const first = ask()
  await settle()
  const later = Array.from({ length: 1000 }, () => ask())
  await settle()
  assert.equal(begun.length, 1)
  end(0)
  assert.equal(String(await first), 'rendering 0')
  await settle()
  tick(99)
  await settle()
  assert.equal(begun.length, 1)
  tick(1)
  await settle()
  assert.equal(begun.length, 2)
  end(1)
  assert.deepEqual([...new Set((await Promise.all(later)).map(String))], ['rendering 1'])
})

test('a rendering that fails is a failure of those who asked for it, not of later ones', async t => {
  const { begun, ask, end, settle, tick } = setUp(t)
  const first = ask()
  await settle()
  begun[0]?.reject(new Error('no metrics'))
  await assert.rejects(first, { message: 'no metrics' })
  await settle()
  tick(100)
  const later = ask()
  await settle()
  end(1)
  assert.equal(String(await later), 'rendering 1')
})
