// Answers of several messages, by stages made for the purpose: over real TCP connections, and over
// connections in memory where only the order of things counts.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { systemClock } from '../src/base/clock.ts'
import { after } from '../src/chain/after.ts'
import { answer } from '../src/chain/answer.ts'
import { edit } from '../src/chain/edit.ts'
import { ServerError } from '../src/chain/errors.ts'
import { type Handler, inFront, noNext, type Stage } from '../src/chain/handler.ts'
import { observe } from '../src/chain/observe.ts'
import type { Peer, Query } from '../src/chain/query.ts'
import { type Reply, SILENCE } from '../src/chain/reply.ts'
import { eachMessage, messagesOf } from '../src/chain/stream.ts'
import type { Transport } from '../src/chain/transport.ts'
import { ByteBudget, budgetWords, STREAM } from '../src/memory/byte-budget.ts'
import { CONNECTION_BYTES, type Connection, DEFAULT_TCP_LIMITS } from '../src/net/engine.ts'
import { openTcp } from '../src/net/tcp/listener.ts'
import { TcpRoom } from '../src/net/tcp/room.ts'
import { cache } from '../src/plugins/cache/index.ts'
import { compose } from '../src/shard/answer/chain.ts'
import type { StreamLimits } from '../src/shard/answer/stream.ts'
import { ShardGeneration, type ShardParts } from '../src/shard/generation.ts'
import { Binding, type BindingParts } from '../src/shard/listener.ts'
import type { GenerationMessage } from '../src/shard/messages.ts'
import { FrameReader, frame } from '../src/wire/frames.ts'
import { chain, fakeClock, fakeLogger, query, show } from './support/plugin-harness.ts'
import { noFault, shardWith } from './support/stage-shard.ts'

const LIMIT = { timeout: 30_000 }
const MIB = 1024 * 1024
const CLIENT: Peer = { address: '192.0.2.53', port: 40_000, family: 4 }
const LOCAL: Peer = { address: '192.0.2.1', port: 53, family: 4 }

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await turnOfLoop()
}

/** Message `number` with so many bytes of records besides. */
const message = (query: Query, number: number, bytes = 0): Reply => {
  const txt = { owner: query.question.wire, type: 16, ttlSeconds: 3600 + number }
  const records = [{ ...txt, rdata: Uint8Array.of(1, 65) }]
  for (let left = bytes; left > 0; left -= 60_000)
    records.push({ ...txt, rdata: new Uint8Array(Math.min(left, 60_000)) })
  return answer(query, { answers: records })
}

/** What becomes of a stage's streams. */
interface Fate {
  asked: number
  open: number
}

type Script = (query: Query, fate: Fate) => AsyncIterable<Reply> | undefined

/** `wrap` answers with number 99. */
const streamingStage = (script: Script): { stage: Stage; fate: Fate } => {
  const fate: Fate = { asked: 0, open: 0 }
  async function* watched(messages: AsyncIterable<Reply>) {
    fate.open++
    try {
      yield* messages
    } finally {
      fate.open--
    }
  }
  const stage: Stage = {
    wrap: () => query => message(query, 99),
    stream(query) {
      const messages = script(query, fate)
      return messages && watched(messages)
    },
  }
  return { stage, fate }
}

/** So many messages, each of so many bytes. */
const many = (count: number, bytes = 0): Script =>
  async function* (query, fate) {
    for (let n = 0; n < count; n++) {
      fate.asked++
      yield message(query, n, bytes)
    }
  }

interface Setting {
  readonly generation?: ShardGeneration
  readonly streamLimits?: StreamLimits
}

const world = (stages: readonly Stage[], setting: Setting = {}) => {
  const logged: string[] = []
  let panics = 0
  const { dispatcher, at, path } = shardWith(
    compose(
      stages.map((stage, index) => ({ name: `stage${index}`, stage })),
      noFault,
    ),
    {
      clock: fakeClock(),
      log: fakeLogger(logged),
      seed: [1, 2],
      zones: ['.'],
      ...setting,
      countPanic: () => void panics++,
    },
  )
  const served = {
    ...at,
    message: { index: 0, label: '', tcpLimits: DEFAULT_TCP_LIMITS, address: '', port: 53 },
  }
  const receiver = new Binding(served, {
    dispatcher,
    fastPath: path,
    counts: { worked: () => {} },
  } as unknown as BindingParts)
  return { receiver, logged, panics: () => panics }
}

type World = ReturnType<typeof world>

/** What a client over a connection in memory gets; `isCut`: it broke off. */
interface Got {
  readonly messages: Uint8Array[]
  isCut: boolean
}

interface Asking {
  readonly transport?: Transport
  /** Without: one question gets one message. */
  readonly canStream?: boolean
  /** The client leaves once it has so many messages. */
  readonly leavesAfter?: number
}

const ask = async ({ receiver }: World, asked: Query, asking: Asking = {}): Promise<Got> => {
  const { transport = 'tcp', canStream = true, leavesAfter = Number.POSITIVE_INFINITY } = asking
  const got: Got = { messages: [], isCut: false }
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
  const stream: Connection['stream'] = async (first, rest) => {
    got.messages.push(first)
    try {
      for await (const bytes of rest) {
        got.messages.push(bytes)
        if (got.messages.length >= leavesAfter) return
      }
    } catch (error) {
      got.isCut = true
      throw error
    }
  }
  receiver.receive(
    asked.bytes.slice(),
    transport,
    CLIENT,
    LOCAL,
    resolve,
    undefined,
    canStream ? { stream } : {},
  )
  const reply = await promise
  if (reply !== undefined) got.messages.push(reply)
  return got
}

/** Of each message, the number that the stage gave it. */
const numbers = (messages: readonly Uint8Array[]): number[] =>
  messages.map(bytes => Number(show(bytes).answer[0]?.split(' ')[1]) - 3600)

const axfr = query('example.org.', 'AXFR')

const whoStreams: readonly {
  rule: string
  asked?: Query
  asking?: Asking
  script?: Script
  expected: readonly number[]
}[] = [
  { rule: 'AXFR over TCP', expected: [0, 1, 2] },
  { rule: 'IXFR over TLS', asked: query('example.org.', 'IXFR'), expected: [0, 1, 2] },
  { rule: 'one message', script: many(1), expected: [0] },
  { rule: 'over UDP the handler answers', asking: { transport: 'udp' }, expected: [99] },
  {
    rule: 'where a question gets one message the handler answers',
    asking: { transport: 'https', canStream: false },
    expected: [99],
  },
  { rule: 'another question', asked: query('example.org.', 'TXT'), expected: [99] },
  { rule: 'a stage that has no stream for it', script: () => undefined, expected: [99] },
]
for (const { rule, asked = axfr, asking, script = many(3), expected } of whoStreams) {
  test(`who streams: ${rule}`, async () => {
    const { stage, fate } = streamingStage(script)
    const got = await ask(world([stage]), asked, {
      ...asking,
      canStream: asking?.canStream ?? asking?.transport !== 'udp',
    })
    assert.deepEqual(numbers(got.messages), expected)
    await until(() => fate.open === 0)
  })
}

test('each message has the id, the question and an OPT for its client', async () => {
  const { stage } = streamingStage(many(3))
  const asked = query('eXample.org.', 'AXFR', { id: 77, udpSize: 4096 })
  const { messages } = await ask(world([stage]), asked)
  assert.deepEqual(
    messages.map(show).map(({ id, question, edns }) => [id, question, edns?.udpSize]),
    Array(3).fill([77, 'eXample.org. IN AXFR', 4096]),
  )
})

test('stages in front see one reply, the first message; what edits it keeps the others', async () => {
  const seen: number[] = []
  const watches: Stage = {
    wrap: observe({
      onReply: (_query, reply) => void seen.push(...numbers([reply.bytes])),
      onFailure: () => assert.fail('failed'),
    }),
  }
  const edits: Stage = {
    wrap: next => query => after(next(query), reply => edit(reply, { ttl: 3605 })),
  }
  const { stage } = streamingStage(many(3))
  const { messages } = await ask(world([watches, edits, stage]), axfr)
  assert.deepEqual([seen, numbers(messages)], [[5], [5, 1, 2]])
})

test('a stage in front can change every message, and one behind can be its source', async () => {
  const changes: Stage = {
    wrap: next => query =>
      after(next(query), reply => eachMessage(reply, one => edit(one, { ttl: s => s + 10 }))),
  }
  const { stage, fate } = streamingStage(many(3))
  assert.deepEqual(numbers((await ask(world([changes, stage]), axfr)).messages), [10, 11, 12])
  const wraps: Stage = {
    wrap: next => next,
    async *stream(query, next) {
      yield message(query, 50)
      yield* messagesOf(await next(query))
    },
  }
  assert.deepEqual(numbers((await ask(world([wraps, stage]), axfr)).messages), [50, 0, 1, 2])
  assert.equal(fate.open, 0)
})

test('cache lets the messages pass as they are, and shares them with nobody', async () => {
  const { stage, fate } = streamingStage(many(3))
  const { handle } = await chain(cache, 'cache', { next: inFront(stage, noNext('test')) })
  const { receiver, ...rest } = world([{ wrap: () => handle }])
  for (let n = 0; n < 2; n++)
    assert.deepEqual(
      (await Promise.all([1, 2].map(() => ask({ receiver, ...rest }, axfr)))).map(got =>
        numbers(got.messages),
      ),
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    )
  assert.deepEqual(fate, { asked: 12, open: 0 })
})

test('every message passes the stages that see it leave, with the same query', async () => {
  const queries = new Set<Query>()
  const signs: Stage = {
    wrap: next => next,
    reserves: 1,
    leaving(query, bytes) {
      queries.add(query)
      return Uint8Array.of(...bytes, 7)
    },
  }
  const { stage } = streamingStage(many(3))
  const { messages } = await ask(world([signs, stage]), axfr)
  assert.deepEqual(
    messages.map(bytes => bytes.at(-1)),
    [7, 7, 7],
  )
  assert.equal(queries.size, 1)
})

test('the client leaves: the stage is told', async () => {
  const { stage, fate } = streamingStage(many(1000))
  const { messages } = await ask(world([stage]), axfr, { leavesAfter: 3 })
  assert.equal(messages.length, 3)
  await until(() => fate.open === 0)
  assert.ok(fate.asked < 6, `${fate.asked} asked for`)
})

const boom = async function* (query: Query, count: number, error: () => unknown) {
  for (let n = 0; n < count; n++) yield message(query, n)
  const thrown = error()
  if (thrown !== undefined) throw thrown
}

const failures: readonly {
  rule: string
  script: Script
  /** Before it broke off; undefined: the answer is SERVFAIL. */
  expected: readonly number[] | undefined
  panics: number
  log: RegExp
}[] = [
  {
    rule: 'a failure after some messages breaks off',
    script: query => boom(query, 2, () => new ServerError('DISK', 'cannot read')),
    expected: [0, 1],
    panics: 0,
    log: /plugin\/stage0: stream of example\.org\. AXFR broken off: cannot read/,
  },
  {
    rule: 'so does a defect, which is a panic',
    script: query => boom(query, 2, () => new TypeError('broken')),
    expected: [0, 1],
    panics: 1,
    log: /Recovered from panic .*plugin\/stage0: broken/,
  },
  {
    rule: 'a failure before the first message is an answer',
    script: query => boom(query, 0, () => new TypeError('broken')),
    expected: undefined,
    panics: 1,
    log: /plugin\/stage0: broken/,
  },
  {
    rule: 'no message at all is a defect',
    script: query => boom(query, 0, () => undefined),
    expected: undefined,
    panics: 1,
    log: /plugin\/stage0: a stream without messages/,
  },
  {
    rule: 'silence has no place between messages',
    async *script(query) {
      yield message(query, 0)
      yield SILENCE
    },
    expected: [0],
    panics: 1,
    log: /plugin\/stage0: .*silence, or does not fit/,
  },
  {
    rule: 'a message that does not fit would lose records',
    async *script(query) {
      yield message(query, 0)
      yield message(query, 1, 70_000)
    },
    expected: [0],
    panics: 1,
    log: /plugin\/stage0: .*silence, or does not fit/,
  },
]
for (const { rule, script, expected, panics, log } of failures) {
  test(`failing streams: ${rule}`, async () => {
    const { stage, fate } = streamingStage(script)
    const one = world([stage])
    const got = await ask(one, axfr)
    if (expected === undefined) assert.deepEqual(got.messages.map(show)[0]?.rcode, 'SERVFAIL')
    else assert.deepEqual(numbers(got.messages), expected)
    assert.equal(got.isCut, expected !== undefined)
    assert.equal(one.panics(), panics)
    await until(() => one.logged.length > 0)
    assert.match(one.logged.join('\n'), log)
    await until(() => fate.open === 0)
  })
}

const endless: Script = async function* (query, fate) {
  for (;;) {
    fate.asked++
    yield message(query, 0, 1000)
  }
}
const bounds: readonly { rule: string; streamLimits: StreamLimits; most: number }[] = [
  { rule: 'messages', streamLimits: { messages: 20, bytes: MIB }, most: 21 },
  { rule: 'bytes', streamLimits: { messages: 1000, bytes: 10_000 }, most: 11 },
]
for (const { rule, streamLimits, most } of bounds) {
  test(`a stream without an end is broken off: ${rule}`, async () => {
    const { stage, fate } = streamingStage(endless)
    const one = world([stage], { streamLimits })
    const got = await ask(one, axfr)
    assert.equal(got.isCut, true)
    assert.ok(got.messages.length <= most, `${got.messages.length} messages`)
    assert.match(one.logged.join('\n'), /broken off: more than/)
    await until(() => fate.open === 0)
  })
}

test('a stream without an end leaves others their turns', async () => {
  const { stage } = streamingStage(endless)
  const one = world([stage], { streamLimits: { messages: 2000, bytes: 100 * MIB } })
  const stream = ask(one, axfr)
  let isOver = false
  void stream.then(() => (isOver = true))
  for (let n = 0; n < 100; n++) await turnOfLoop()
  assert.equal(isOver, false)
  await stream
})

for (const [rule, first] of [
  ['the first message', 0],
  ['a later one', 2],
] as const) {
  test(`a stage whose next message never comes: ${rule}`, async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { stage, fate } = streamingStage(async function* (query, fate) {
      for (let n = 0; n < first; n++) yield message(query, n)
      fate.asked++
      await new Promise(() => {})
    })
    const one = world([stage])
    const stream = ask(one, axfr)
    await until(() => fate.asked === 1)
    t.mock.timers.tick(5000)
    const got = await stream
    assert.equal(got.isCut, first > 0)
    assert.deepEqual(got.messages.length, Math.max(1, first))
  })
}

test('a stage that begins stream after stream for one question is stopped, and all are ended', async () => {
  const { stage, fate } = streamingStage(many(3))
  const greedy: Stage = {
    wrap: next => async query => {
      for (;;) await next(query)
    },
  }
  const one = world([greedy, stage])
  const { messages } = await ask(one, axfr)
  assert.equal(show(messages[0]!).rcode, 'SERVFAIL')
  assert.match(one.logged.join('\n'), /more than 8 streams/)
  await until(() => fate.open === 0)
  assert.equal(fate.asked, 8)
})

test('a reply that a stage in front puts in the place of a stream ends the stream', async () => {
  const { stage, fate } = streamingStage(many(3))
  const refuses: Stage = {
    wrap: next => query => after(next(query), () => answer(query, { rcode: 5 })),
  }
  const { messages } = await ask(world([refuses, stage]), axfr)
  assert.deepEqual(
    messages.map(bytes => show(bytes).rcode),
    ['REFUSED'],
  )
  await until(() => fate.open === 0)
})

test('a message that brings others of its own is a defect: they would be lost', async () => {
  const { stage } = streamingStage(many(3))
  const forgets: Stage = {
    wrap: next => next,
    async *stream(query: Query, next: Handler) {
      yield message(query, 0)
      yield await next(query)
    },
  }
  const one = world([forgets, stage])
  const got = await ask(one, axfr)
  assert.deepEqual([got.isCut, numbers(got.messages)], [true, [0]])
  assert.match(one.logged.join('\n'), /brings others/)
})

const generation = (): Promise<ShardGeneration> =>
  ShardGeneration.load(
    {
      id: 1,
      listeners: [],
      blocks: [],
      words: new SharedArrayBuffer(64),
      sharedWords: 0,
      rowWords: 16,
      panics: 0,
    } as unknown as GenerationMessage,
    { shard: 0, clock: systemClock } as unknown as ShardParts,
  )

/** A stream that gives its next message when told to. */
const held = (count: number) => {
  let tell = (): void => {}
  const { stage, fate } = streamingStage(async function* (query, fate) {
    for (let n = 0; n < count; n++) {
      yield message(query, n)
      fate.asked++
      await new Promise<void>(resolve => {
        tell = resolve
      })
    }
  })
  return { stage, fate, tell: () => tell() }
}

test('a configuration that is replaced waits for its streams within its grace', async () => {
  const { stage, fate, tell } = held(2)
  const its = await generation()
  const stream = ask(world([stage], { generation: its }), axfr)
  await until(() => fate.asked === 1)
  let isRetired = false
  const retiring = its.retire(60_000).then(() => (isRetired = true))
  for (let n = 0; n < 20; n++) await turnOfLoop()
  assert.equal(isRetired, false)
  tell()
  await until(() => fate.asked === 2)
  tell()
  const got = await stream
  await retiring
  assert.deepEqual([got.isCut, numbers(got.messages)], [false, [0, 1]])
})

test('a stream that outlasts the grace is broken off', async () => {
  const { stage, fate, tell } = held(10)
  const its = await generation()
  const one = world([stage], { generation: its })
  const stream = ask(one, axfr)
  await until(() => fate.asked === 1)
  await its.retire(0)
  tell()
  const got = await stream
  assert.equal(got.isCut, true)
  assert.ok(fate.asked <= 2)
  assert.match(one.logged.join('\n'), /its configuration has ended/)
  await until(() => fate.open === 0)
})

interface Tcp {
  readonly port: number
  readonly room: TcpRoom
  /** Bytes of the budget that are held, beside those of the connections themselves. */
  used(): number
}

const overTcp = async (
  t: TestContext,
  { receiver }: World,
  budgetBytes = 16 * MIB,
): Promise<Tcp> => {
  const budget = new ByteBudget(new Int32Array(budgetWords(1)), 0, 1, 0, budgetBytes)
  const counts = { connected: () => {}, stalled: () => {}, cut: () => {} }
  const room = new TcpRoom(100, budget, systemClock, counts)
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const options = { room, canReusePort: false, onError: (text: string) => assert.fail(text) }
  const listener = await openTcp({ address: '127.0.0.1', port }, receiver, options)
  t.after(() => listener.close(0))
  return { port, room, used: () => budget.used(STREAM) - room.connections * CONNECTION_BYTES }
}

const dial = async (t: TestContext, { port }: Tcp) => {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => void socket.destroy())
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  const messages: Uint8Array[] = []
  const reader = new FrameReader()
  const read = (): void =>
    void socket.on('data', (chunk: Uint8Array) =>
      messages.push(...reader.all(new Uint8Array(chunk))),
    )
  return { socket, messages, read, closed }
}

test(
  'TCP: large messages arrive whole and in order, and other questions are answered between',
  LIMIT,
  async t => {
    const { stage, fate } = streamingStage(many(90, 50_000))
    const tcp = await overTcp(t, world([stage]))
    const client = await dial(t, tcp)
    client.read()
    client.socket.write(frame(axfr.bytes))
    await until(() => fate.asked > 0)
    client.socket.write(frame(query('example.org.', 'TXT').bytes))
    await until(() => client.messages.length === 91)
    const got = numbers(client.messages)
    assert.deepEqual(
      got.filter(number => number !== 99),
      Array.from({ length: 90 }, (_, n) => n),
    )
    await until(() => tcp.used() === 0)
  },
)

test(
  'TCP: of a client that does not read no more is asked for than fits, until it reads',
  LIMIT,
  async t => {
    const { stage, fate } = streamingStage(many(1000, 60_000))
    const tcp = await overTcp(t, world([stage]))
    const client = await dial(t, tcp)
    client.socket.pause()
    client.socket.write(frame(axfr.bytes))
    let most = 0
    for (let before = -1; before !== fate.asked || tcp.used() < 64 * 1024; ) {
      before = fate.asked
      for (let n = 0; n < 50; n++) {
        await turnOfLoop()
        most = Math.max(most, tcp.used())
      }
    }
    assert.ok(fate.asked < 1000, `${fate.asked} asked for`)
    // What was unsent, one message more, and the buffer of 128 KiB that it lies in.
    assert.ok(most < 512 * 1024, `${most} bytes`)
    client.read()
    client.socket.resume()
    await until(() => client.messages.length === 1000)
    assert.deepEqual(numbers(client.messages.slice(-1)), [999])
    await until(() => tcp.used() === 0)
  },
)

test('TCP: a client that leaves while it does not read', LIMIT, async t => {
  const { stage, fate } = streamingStage(endless)
  const tcp = await overTcp(t, world([stage]))
  const client = await dial(t, tcp)
  client.socket.pause()
  client.socket.write(frame(axfr.bytes))
  await until(() => tcp.used() > 64 * 1024)
  client.socket.resetAndDestroy()
  await until(() => fate.open === 0 && tcp.room.connections === 0)
  assert.equal(tcp.used(), 0)
})

test('TCP: a stream that breaks off ends the connection', LIMIT, async t => {
  const { stage } = streamingStage(query => boom(query, 2, () => new ServerError('DISK', 'bad')))
  const tcp = await overTcp(t, world([stage]))
  const client = await dial(t, tcp)
  client.read()
  client.socket.write(frame(axfr.bytes))
  await client.closed
  assert.ok(client.messages.length <= 2)
  await until(() => tcp.room.connections === 0)
})

test('TCP: the streams of one connection are sent one after the other', LIMIT, async t => {
  const { stage, fate } = streamingStage(many(20, 30_000))
  const tcp = await overTcp(t, world([stage]), 2 * MIB)
  const client = await dial(t, tcp)
  client.read()
  const ids = [1, 2, 3, 4]
  client.socket.end(
    Buffer.concat(ids.map(id => frame(query('example.org.', 'AXFR', { id }).bytes))),
  )
  await until(() => client.messages.length === 80)
  await client.closed
  for (const id of ids)
    assert.deepEqual(
      numbers(client.messages.filter(bytes => show(bytes).id === id)),
      Array.from({ length: 20 }, (_, n) => n),
    )
  assert.equal(fate.open, 0)
  await until(() => tcp.used() === 0 && tcp.room.connections === 0)
})

test('TCP: many clients that do not read are held to the budget', LIMIT, async t => {
  const { stage, fate } = streamingStage(endless)
  const tcp = await overTcp(t, world([stage]), MIB)
  const clients = await Promise.all(Array.from({ length: 12 }, () => dial(t, tcp)))
  for (const { socket } of clients) {
    socket.pause()
    for (let id = 1; id <= 5; id++) socket.write(frame(query('example.org.', 'AXFR', { id }).bytes))
  }
  let most = 0
  for (let before = -1; before !== fate.asked; ) {
    before = fate.asked
    for (let n = 0; n < 200; n++) {
      await turnOfLoop()
      most = Math.max(most, tcp.used())
    }
  }
  assert.ok(most < 2 * MIB, `${most} bytes`)
  for (const { socket } of clients) socket.destroy()
  await until(() => tcp.room.connections === 0 && fate.open === 0)
  assert.equal(tcp.used(), 0)
})
