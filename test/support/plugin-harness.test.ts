import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServerError } from '../../src/chain/errors.ts'
import { METADATA } from '../../src/chain/offers/metadata.ts'
import type { Plugin } from '../../src/chain/plugin/plugin.ts'
import type { ServeScope } from '../../src/chain/plugin/serve-scope.ts'
import type { Query } from '../../src/chain/query/query.ts'
import { type Reply, SILENCE } from '../../src/chain/reply/reply.ts'
import type { Stage } from '../../src/chain/stage/handler.ts'
import { noOptions } from '../../src/corefile/options/option-table.ts'
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

/** A plugin with this half alone. */
const plugin = (serve: (scope: ServeScope) => Stage): Plugin<undefined> => ({
  name: 'example',
  options: noOptions('once'),
  serve: async () => ({ serve: (_, scope) => serve(scope) }),
})

const numbered = (request: Query, n: number): Reply =>
  replyTo(request, { answer: [`n${n}.example.org. 60 IN TXT x`] })

async function* many(request: Query, count: number): AsyncGenerator<Reply> {
  for (let n = 1; n <= count; n++) yield numbered(request, n)
}

const streaming = plugin(() => ({
  wrap: () => request => numbered(request, 0),
  stream: request => many(request, 3),
}))

const numbersOf = (messages: readonly Uint8Array[]): string[] =>
  messages.flatMap(bytes => show(bytes).answer.map(line => line.split('.', 1)[0] ?? ''))

const transfers: { rule: string; asked: Query; expected: string[] }[] = [
  {
    rule: 'over a connection it is what stream gives',
    asked: query('example.org.', 'AXFR', { transport: 'tcp' }),
    expected: ['n1', 'n2', 'n3'],
  },
  {
    rule: 'over UDP wrap answers',
    asked: query('example.org.', 'AXFR'),
    expected: ['n0'],
  },
  {
    rule: 'of other questions wrap answers',
    asked: query('example.org.', 'A', { transport: 'tcp' }),
    expected: ['n0'],
  },
]
for (const { rule, asked, expected } of transfers)
  test(`sent: ${rule}`, async () => {
    const { sent } = await chain(streaming, 'example')
    assert.deepEqual(numbersOf(await sent(asked)), expected)
  })

const noAnswers: { rule: string; stream: Stage['stream']; message: RegExp }[] = [
  { rule: 'without an end', stream: asked => many(asked, 1e9), message: /more than 1000 messages/ },
  { rule: 'without a message', stream: asked => many(asked, 0), message: /without messages/ },
  {
    rule: 'with silence',
    stream: async function* (asked) {
      yield numbered(asked, 1)
      yield SILENCE
    },
    message: /is silence/,
  },
  {
    rule: 'that breaks off',
    stream: async function* (asked) {
      yield numbered(asked, 1)
      throw new ServerError('DISK', 'the disk is full')
    },
    message: /the disk is full/,
  },
]
for (const { rule, stream, message } of noAnswers)
  test(`sent: a stream ${rule} fails the test`, async () => {
    const { sent } = await chain(
      plugin(() => ({ wrap: next => next, stream })),
      'example',
    )
    await assert.rejects(sent(query('example.org.', 'AXFR', { transport: 'tcp' })), message)
  })

test('sent: nothing for silence; else what the client gets, with its OPT and cut to its size', async () => {
  const answers = Array.from({ length: 60 }, (_, n) => `www.example.org. 60 IN A 192.0.2.${n}`)
  const replies = [SILENCE, replyTo(query('www.example.org.'), { answer: answers })]
  const { sent } = await chain(
    plugin(() => ({ wrap: next => next })),
    'example',
    { next: () => replies.shift() ?? assert.fail() },
  )
  assert.deepEqual(await sent(query('www.example.org.')), [])
  const [cut] = await sent(query('www.example.org.', 'A', { id: 7, udpSize: 600 }))
  const { id, flags, edns } = show(cut ?? assert.fail('silence'))
  assert.deepEqual([id, flags, edns?.udpSize], [7, 'qr tc rd', 600])
})

/** Puts so many bytes behind each message of type TXT, though it has said 4. */
const signing = (count: number): Plugin<undefined> =>
  plugin(() => ({
    concerns: ({ qtype }) => qtype === 16,
    wrap: next => next,
    reserves: 4,
    leaving: (_, bytes) => Uint8Array.from([...bytes, ...new Uint8Array(count).fill(9)]),
  }))

test('sent: the plugin sees what leaves for questions that concern it, in the room it reserves', async () => {
  const next = (asked: Query): Reply => replyTo(asked, { rcode: 'REFUSED' })
  const { sent } = await chain(signing(4), 'example', { next })
  const plain = query('example.org.', 'TXT').bytes.length
  const [signed] = await sent(query('example.org.', 'TXT'))
  assert.deepEqual([...(signed ?? []).slice(plain)], [9, 9, 9, 9])
  assert.deepEqual(
    (await sent(query('example.org.', 'MX'))).map(bytes => bytes.length),
    [plain],
  )
  const greedy = await chain(signing(5), 'example', { next })
  await assert.rejects(greedy.sent(query('example.org.', 'TXT')), /gives 34 bytes for 29/)
})

test('collect: what the plugin tells, what others do, and what turns out on the way', async () => {
  const telling = plugin(scope => {
    scope.offer(METADATA, (asked, set) => set('example/type', () => `${asked.qtype}`))
    return {
      wrap: next => asked => {
        asked.metadata?.set('example/heard', () => asked.metadata?.get('other/name') ?? '')
        return next(asked)
      },
    }
  })
  const { handle, collect } = await chain(telling, 'example', { next: asked => replyTo(asked) })
  const asked = query('example.org.', 'MX')
  await handle(asked)
  assert.equal(asked.metadata, undefined)
  const metadata = collect(asked, { 'other/name': 'web' })
  await handle(asked)
  assert.deepEqual(
    metadata.labels().map(label => [label, metadata.get(label)]),
    [
      ['example/type', '15'],
      ['other/name', 'web'],
      ['example/heard', 'web'],
    ],
  )
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
