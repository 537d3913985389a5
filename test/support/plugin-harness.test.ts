import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plugin } from '../../src/chain/plugin.ts'
import type { Vector } from '../../src/metrics/registrar.ts'
import {
  chain,
  counterValue,
  fakeClock,
  fakeControl,
  fakeServe,
  histogramValue,
  parseError,
  query,
  replyTo,
  show,
} from './plugin-harness.ts'

const SHAPE = { bounds: [1, 2], unitsPerOne: 1 }

/** Counts queries by qtype, in shards and on main, and their UDP sizes. */
const counting: Plugin<string, { queries: Vector; sizes: Vector; word: number }> = {
  name: 'chaos',
  parse(directive) {
    directive.next()
    if (!directive.nextArg()) throw directive.argErr()
    return directive.val()
  },
  control: async () => ({
    control(label, scope) {
      const family = scope.metrics.counter({
        name: 'queries',
        help: '',
        labelNames: ['label', 'type'],
      })
      family.add({ label, type: 'main' }, 5)
      const queries = family.vector({ label }, { type: ['A', 'other'] })
      const sizes = scope.metrics
        .histogram({ name: 'sizes', help: '', buckets: SHAPE.bounds, unitsPerOne: 1 })
        .vector({})
      const word = scope.shared(1)
      scope.onStart(() => void Atomics.add(scope.words(), word, 1))
      return { queries, sizes, word }
    },
  }),
  serve: async () => ({
    serve: (_, scope, { queries, sizes }) => ({
      wrap: next => request => {
        scope.counters.add(queries.base + (request.question.type === 1 ? 0 : queries.step))
        scope.counters.observe(sizes.base, SHAPE, 3)
        return next(request)
      },
    }),
  }),
}

test('chain: options, counters, shared words and next work together', async () => {
  const { handle, control, serve } = await chain(counting, 'chaos x', {
    next: request => replyTo(request, { rcode: 'REFUSED' }),
  })
  assert.equal(show(await handle(query('example.org.'))).rcode, 'REFUSED')
  await handle(query('example.org.', 'MX'))
  await handle(query('example.org.', 'MX'))
  assert.equal(counterValue(control, serve.row, 'queries', { label: 'x', type: 'A' }), 1)
  assert.equal(counterValue(control, serve.row, 'queries', { type: 'other' }), 2)
  assert.equal(counterValue(control, serve.row, 'queries'), 8)
  assert.equal(counterValue(control, serve.row, 'queries', { label: 'y' }), 0)
  assert.deepEqual(histogramValue(control, serve.row, 'sizes'), { count: 3, sum: 9 })
  assert.equal(Atomics.load(serve.words, 0), 1)
})

test('chain: the end of the chain fails as the server does', async () => {
  const { handle } = await chain(counting, 'chaos x')
  assert.throws(() => handle(query('example.org.')), {
    message: 'plugin/chaos: no next plugin found',
  })
})

test('parseError: gives the text with its line', () => {
  const message =
    "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'chaos'"
  assert.equal(parseError(counting, 'chaos'), message)
})

test('scopes of one control share claims, permits and cache, as shards do', () => {
  const control = fakeControl({ shards: 2 })
  control.shared(3)
  const offset = control.permits()
  const ref = control.table('one', 16)
  const [first, second] = [fakeServe({ control }), fakeServe({ control, shard: 1 })]
  assert.equal(first.permits(offset, 1).tryAcquire(), true)
  assert.equal(second.permits(offset, 1).tryAcquire(), false)
  assert.ok(first.claims.claim(1, 2) >= 0)
  assert.equal(second.claims.claim(1, 2), -1)
  const key = first.table(ref).newKey().set(1, 1, false, false, Uint8Array.of(0))
  const meta = { expirySeconds: 10, staleUntilSeconds: 0, ttlSeconds: 10, flags: 0, plainBytes: 17 }
  assert.equal(first.table(ref).put(key, meta, replyTo(query('.')).bytes, [], 0).stored, true)
  assert.equal(second.table(ref).find(key, second.table(ref).newHit()), true)
})

test('lifecycle tasks run when asked for, final shutdown last', async () => {
  const control = fakeControl()
  const ran: string[] = []
  control.onFinalShutdown(() => void ran.push('final'))
  control.onShutdown(async () => void ran.push('shutdown'))
  control.onStart(() => void ran.push('start'))
  control.onRetire(() => void ran.push('retire'))
  assert.throws(() => control.words())
  await control.started()
  await control.shutdown()
  await control.retired()
  assert.deepEqual(ran, ['start', 'shutdown', 'final', 'retire'])
})

test('fakeClock: stands still until advanced', () => {
  const clock = fakeClock(1500)
  assert.deepEqual([clock.ms(), clock.seconds()], [1500, 1])
  const wall = clock.wallMs()
  clock.advance(500)
  assert.deepEqual([clock.ms(), clock.seconds(), clock.wallMs() - wall], [2000, 2, 500])
})
