import assert from 'node:assert/strict'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import {
  answerTo,
  closedPort,
  type FakeUpstream,
  fakeUpstream,
  type Respond,
} from '../../test/fakes/fake-upstream.ts'
import { fakeClock, query } from '../../test/support/plugin-harness.ts'
import { makeEndpoint } from './endpoint.ts'
import { RelayedQuestion } from './relayed-question.ts'
import { SocketAllowance } from './socket-allowance.ts'
import { DialTimeout, type PoolOptions, StreamPool } from './stream-pool.ts'

const OPTIONS: PoolOptions = {
  expireMs: 10_000,
  maxAgeMs: 0,
  maxIdle: 0,
  secureContext: undefined,
  sourceAddress: '',
}

interface Setup {
  readonly upstream: FakeUpstream
  readonly clock: ReturnType<typeof fakeClock>
  readonly sockets: SocketAllowance
  readonly pool: StreamPool
}

async function setup(
  t: TestContext,
  options: Partial<PoolOptions> = {},
  respond: Respond = asked => asked.reply(),
): Promise<Setup> {
  const upstream = await fakeUpstream(respond)
  const clock = fakeClock()
  const sockets = new SocketAllowance(8)
  const pool = new StreamPool(upstream.endpoint, { ...OPTIONS, ...options }, sockets, clock)
  t.after(async () => {
    pool.close()
    await upstream.close()
  })
  return { upstream, clock, sockets, pool }
}

const relayed = (onIgnored = () => {}): RelayedQuestion => {
  const asked = query('example.org.', 'A')
  return new RelayedQuestion(asked.bytes, asked.question, { ignored: onIgnored })
}

test('connections that were given back are taken oldest first', async t => {
  const { pool } = await setup(t)
  const [first, second] = [await pool.open(2000), await pool.open(2000)]
  pool.give(first)
  pool.give(second)
  assert.deepEqual([pool.take(), pool.take(), pool.take()], [first, second, undefined])
})

test('one connection carries question after question', async t => {
  const { pool, upstream } = await setup(t)
  const connection = await pool.open(2000)
  for (let count = 0; count < 3; count++) await connection.exchange(relayed(), 2000)
  assert.deepEqual([upstream.asked.length, upstream.connections.length], [3, 1])
})

const ages = [
  { name: 'idle for as long as expire', options: {}, idleMs: 10_000, isTaken: true },
  { name: 'idle for longer than expire', options: {}, idleMs: 10_001, isTaken: false },
  { name: 'as old as max_age', options: { maxAgeMs: 5000 }, idleMs: 5000, isTaken: true },
  { name: 'older than max_age', options: { maxAgeMs: 5000 }, idleMs: 5001, isTaken: false },
]
for (const { name, options, idleMs, isTaken } of ages) {
  test(`a connection ${name} is ${isTaken ? 'used again' : 'closed instead of used'}`, async t => {
    const { pool, clock } = await setup(t, options)
    const connection = await pool.open(2000)
    pool.give(connection)
    clock.advance(idleMs)
    assert.equal(pool.take() === connection, isTaken)
    assert.equal(connection.isOpen, isTaken)
  })

  test(`the sweeper ${isTaken ? 'keeps' : 'closes'} a connection ${name}`, async t => {
    const { pool, clock } = await setup(t, options)
    pool.give(await pool.open(2000))
    clock.advance(idleMs)
    pool.sweep()
    assert.equal(pool.idleCount, isTaken ? 1 : 0)
  })
}

test('max_idle_conns closes what comes back beyond it', async t => {
  const { pool } = await setup(t, { maxIdle: 1 })
  const [first, second] = [await pool.open(2000), await pool.open(2000)]
  pool.give(first)
  pool.give(second)
  assert.deepEqual([first.isOpen, second.isOpen, pool.idleCount], [true, false, 1])
})

test('a connection that the peer closed while idle is not taken', async t => {
  const { pool, upstream } = await setup(t)
  const connection = await pool.open(2000)
  await connection.exchange(relayed(), 2000)
  pool.give(connection)
  const closed = once(upstream.connections[0]!, 'close')
  upstream.connections[0]!.end()
  await closed
  assert.equal(pool.take(), undefined)
})

test('bytes that nobody asked for end the connection', async t => {
  const { pool } = await setup(t, {}, asked => {
    const reply = answerTo(asked.bytes)
    asked.send(reply)
    asked.send(reply)
  })
  const connection = await pool.open(2000)
  await connection.exchange(relayed(), 2000)
  await assert.rejects(connection.exchange(relayed(), 2000), { kind: /closed|local/ })
})

/** Nobody else can write to a connection: there is nothing to wait for after any of these. */
const wrong: { readonly name: string; readonly change: (reply: Uint8Array) => Uint8Array }[] = [
  { name: 'under another id', change: reply => changed(reply, 0, 1) },
  { name: 'that is a query', change: reply => changed(reply, 2, 0x80) },
  { name: 'of another opcode', change: reply => changed(reply, 2, 0x20) },
  { name: 'to another question', change: reply => changed(reply, 13, 1) },
  { name: 'of five bytes', change: reply => reply.subarray(0, 5) },
  { name: 'cut inside a record', change: reply => reply.subarray(0, reply.length - 1) },
]
const changed = (bytes: Uint8Array, offset: number, mask: number): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy[offset]! ^= mask
  return copy
}

for (const { name, change } of wrong) {
  test(`a message ${name} fails the exchange at once, is counted, and closes the connection`, async t => {
    const { pool } = await setup(t, {}, asked => {
      asked.send(change(answerTo(asked.bytes, { answer: ['example.org. 300 IN A 192.0.2.1'] })))
    })
    const connection = await pool.open(2000)
    let ignored = 0
    await assert.rejects(
      connection.exchange(
        relayed(() => ignored++),
        60_000,
      ),
      {
        kind: 'malformed',
        message: /^read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: malformed reply$/,
      },
    )
    assert.equal(ignored, 1)
    assert.equal(connection.isOpen, false)
  })
}

test('a connection closed before the reply reads as EOF', async t => {
  const { pool } = await setup(t, {}, asked => asked.hangUp())
  await assert.rejects((await pool.open(2000)).exchange(relayed(), 2000), {
    kind: 'closed',
    message: /^EOF$|connection reset by peer$/,
  })
})

test('silence ends in a time-out that names both ends, and closes the connection', async t => {
  const { pool } = await setup(t, {}, () => undefined)
  const connection = await pool.open(2000)
  await assert.rejects(connection.exchange(relayed(), 20), {
    kind: 'timeout',
    message: /^read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: i\/o timeout$/,
  })
  assert.equal(connection.isOpen, false)
})

test('a refused dial reads as in Go and gives its place back', async () => {
  const port = await closedPort()
  const sockets = new SocketAllowance(1)
  const pool = new StreamPool(makeEndpoint('dns', '127.0.0.1', port), OPTIONS, sockets, fakeClock())
  const refused = { kind: 'io', message: `dial tcp 127.0.0.1:${port}: connect: connection refused` }
  await assert.rejects(pool.open(2000), refused)
  await assert.rejects(pool.open(2000), refused)
})

test('sockets over the limit are refused as a fault of our own', async t => {
  const { pool, sockets, upstream } = await setup(t)
  sockets.limit = 1
  await pool.open(2000)
  await assert.rejects(pool.open(2000), {
    kind: 'local',
    message: `dial tcp ${upstream.endpoint.name}: too many sockets to upstreams (1)`,
  })
})

test('a dial that takes too long ends in a time-out', async () => {
  // TEST-NET-1 swallows what is sent to it, or the machine has no route: both end the dial.
  const pool = new StreamPool(
    makeEndpoint('dns', '192.0.2.1', 53),
    OPTIONS,
    new SocketAllowance(1),
    fakeClock(),
  )
  await assert.rejects(pool.open(20), {
    message: /^dial tcp 192\.0\.2\.1:53: (i\/o timeout|connect: .+)$/,
  })
})

test('a closed pool closes its connections, used and idle, and keeps none that come back', async t => {
  const { pool } = await setup(t, {}, () => pool.close())
  const [used, idle] = [await pool.open(2000), await pool.open(2000)]
  pool.give(idle)
  await assert.rejects(used.exchange(relayed(), 60_000), { message: /operation was canceled$/ })
  pool.give(used)
  assert.deepEqual([used.isOpen, idle.isOpen, pool.idleCount], [false, false, 0])
})

test('the first dial may take 30 s: twice the average it starts from', () => {
  assert.equal(new DialTimeout().ms, 30_000)
})

test('each dial moves the average by a quarter of the difference', () => {
  const timeout = new DialTimeout()
  timeout.took(1000)
  assert.equal(timeout.ms, 2 * (15_000 - 3500))
})

test('quick dials bring it down to 1 s, slow ones up to 30 s, and no further', () => {
  const timeout = new DialTimeout()
  for (let dials = 0; dials < 30; dials++) timeout.took(1)
  assert.equal(timeout.ms, 1000)
  for (let dials = 0; dials < 30; dials++) timeout.took(60_000)
  assert.equal(timeout.ms, 30_000)
})
