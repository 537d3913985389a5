// PROXY headers at the beginning of real connections: whose they are then, and what is left of
// those without a whole one.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { joined, v1Header, v2Header } from '../../../test/support/proxy-headers.ts'
import { systemClock } from '../../base/time/clock.ts'
import { PLAIN_SERVING, type ProxyPolicy } from '../../chain/listening.ts'
import { ByteBudget, budgetWords, STREAM } from '../../memory/byte-budget.ts'
import { FrameReader, frame } from '../../wire/frames.ts'
import {
  CONNECTION_BYTES,
  DEFAULT_TCP_LIMITS,
  type OpenListener,
  type Receiver,
  type TcpLimits,
} from '../engine.ts'
import { ProxyJudge } from '../proxy/judge.ts'
import { TcpRoom } from '../tcp/room.ts'
import { openStream } from './listener.ts'

const LIMIT = { timeout: 20_000 }

interface World {
  readonly port: number
  readonly listener: OpenListener
  readonly room: TcpRoom
  /** Ends of the connection that each message came by, client first. */
  readonly asked: string[]
  readonly counted: string[]
  /** Bytes of the budget. */
  readonly used: () => number
}

interface Setting {
  readonly policy?: ProxyPolicy
  readonly limits?: Partial<TcpLimits>
  /** The listener's limit. */
  readonly maxConnections?: number
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Answers each message with itself. */
const open = async (t: TestContext, setting: Setting = {}): Promise<World> => {
  const { policy = 'use', limits, maxConnections = 0 } = setting
  const budget = new ByteBudget(new Int32Array(budgetWords(1)), 0, 1, 0, 1 << 24)
  const counts = { connected: () => {}, stalled: () => {}, cut: () => {}, handshake: () => {} }
  const room = new TcpRoom(100, budget, systemClock, counts)
  const asked: string[] = []
  const counted: string[] = []
  const receiver: Receiver = {
    fast: () => 0,
    batchSent: () => {},
    receive: (bytes, _, client, local, respond) => {
      asked.push(`${client.address} ${client.port} ${local.address} ${local.port}`)
      respond(bytes)
    },
    listener: { index: 0, label: 'dns://:53' },
    tcpLimits: { ...DEFAULT_TCP_LIMITS, ...limits },
    serving: { ...PLAIN_SERVING, limits: { maxConnections, maxStreams: 0 } },
    proxy: new ProxyJudge(
      { allow: [], isOpen: true, policy },
      { clock: systemClock, count: result => void counted.push(result), warn: () => {} },
    ),
  }
  const port = await freePort()
  const options = { room, canReusePort: false, onError: (text: string) => assert.fail(text) }
  const listener = await openStream({ address: '127.0.0.1', port }, receiver, options)
  t.after(() => listener.close(0))
  return { port, listener, room, asked, counted, used: () => budget.used(STREAM) }
}

interface Client {
  readonly socket: Socket
  readonly replies: Uint8Array[]
  readonly closed: Promise<unknown>
}

const dial = async (t: TestContext, port: number): Promise<Client> => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  t.after(() => void socket.destroy())
  socket.on('error', () => {})
  const replies: Uint8Array[] = []
  const reader = new FrameReader()
  socket.on('data', (chunk: Uint8Array) => replies.push(...reader.all(new Uint8Array(chunk))))
  socket.on('end', () => socket.end())
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  return { socket, replies, closed }
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await turnOfLoop()
}

const message = (length: number, first = 1): Uint8Array => new Uint8Array(length).fill(first)

const V1 = v1Header('PROXY TCP4 192.0.2.1 192.0.2.53 40000 53')
const V2 = v2Header({ protocol: 1 })
const V6 = v2Header({ protocol: 1, source: '2001:db8::1' })
const NAMED = '192.0.2.1 40000 192.0.2.53 53'

const ownEnds = ({ socket }: Client, port: number): string =>
  `127.0.0.1 ${socket.localPort} 127.0.0.1 ${port}`

const headers: readonly {
  readonly name: string
  readonly header: Uint8Array
  readonly policy?: ProxyPolicy
  /** '': those of the socket. */
  readonly ends: string
  readonly counted: string
}[] = [
  { name: 'version 1', header: V1, ends: NAMED, counted: 'used' },
  { name: 'version 2', header: V2, ends: NAMED, counted: 'used' },
  {
    name: 'IPv6 with further fields',
    header: v2Header({ protocol: 1, source: '2001:db8::1', fields: message(900) }),
    ends: '2001:db8::1 40000 2001:db8::53 53',
    counted: 'used',
  },
  {
    name: 'LOCAL',
    header: v2Header({ protocol: 1, command: 0 }),
    ends: '',
    counted: 'local',
  },
  { name: 'UNKNOWN', header: v1Header('PROXY UNKNOWN'), ends: '', counted: 'local' },
  { name: 'none', header: new Uint8Array(0), ends: '', counted: 'absent' },
  { name: 'one that is ignored', header: V2, policy: 'ignore', ends: '', counted: 'ignored' },
]
for (const { name, header, policy, ends, counted } of headers)
  for (const isSlow of [false, true])
    test(`header: ${name}${isSlow ? ', byte by byte' : ''}`, LIMIT, async t => {
      const world = await open(t, policy && { policy })
      const client = await dial(t, world.port)
      const bytes = joined(header, frame(message(20)), frame(message(300)))
      if (!isSlow) client.socket.write(bytes)
      else
        for (const byte of bytes) {
          client.socket.write(Uint8Array.of(byte))
          await turnOfLoop()
        }
      await until(() => client.replies.length === 2)
      assert.deepEqual(
        client.replies.map(({ length }) => length),
        [20, 300],
      )
      const expected = ends === '' ? ownEnds(client, world.port) : ends
      assert.deepEqual(world.asked, [expected, expected])
      assert.deepEqual(world.counted, [counted])
      assert.equal(world.room.connections, 1)
      assert.equal(world.used(), CONNECTION_BYTES)
      client.socket.end()
      await client.closed
      await until(() => world.room.connections === 0)
      assert.equal(world.used(), 0)
    })

test('header, query and end in one segment', LIMIT, async t => {
  const world = await open(t)
  const client = await dial(t, world.port)
  client.socket.end(joined(V1, frame(message(20))))
  await client.closed
  assert.equal(client.replies.length, 1)
  assert.deepEqual(world.asked, [NAMED])
})

test('a header alone, and a query later', LIMIT, async t => {
  const world = await open(t)
  const client = await dial(t, world.port)
  client.socket.write(V6)
  await until(() => world.counted.length === 1)
  client.socket.write(frame(message(20)))
  await until(() => client.replies.length === 1)
  assert.deepEqual(world.asked, ['2001:db8::1 40000 2001:db8::53 53'])
})

test('a second header is no header', LIMIT, async t => {
  const world = await open(t, { limits: { readMs: 100, idleMs: 100 } })
  const client = await dial(t, world.port)
  client.socket.write(joined(V2, V2, frame(message(20))))
  await client.closed
  assert.deepEqual(world.asked, [])
})

for (const { name, bytes, policy, counted } of [
  { name: 'a line that is none', bytes: v1Header('PROXY TCP4 bad'), counted: ['malformed'] },
  { name: 'a datagram’s', bytes: v2Header(), counted: ['malformed'] },
  { name: 'no end within 107 bytes', bytes: joined(V1.subarray(0, 6), message(101, 0x20)) },
  { name: 'what must send none', bytes: V2, policy: 'reject' as const, counted: ['refused'] },
])
  test(`closed at once, with nothing asked: ${name}`, LIMIT, async t => {
    const world = await open(t, policy && { policy })
    const client = await dial(t, world.port)
    client.socket.write(joined(bytes, frame(message(20))))
    await client.closed
    assert.deepEqual([world.asked, world.counted], [[], counted ?? ['malformed']])
    await until(() => world.room.connections === 0)
    assert.equal(world.used(), 0)
  })

test(
  'half a header holds its bytes, until the time for the first message is up',
  LIMIT,
  async t => {
    const world = await open(t, { limits: { readMs: 200 } })
    const client = await dial(t, world.port)
    client.socket.write(V2.subarray(0, 20))
    await until(() => world.used() === CONNECTION_BYTES + 20)
    await client.closed
    await until(() => world.used() === 0)
    assert.equal(world.room.connections, 0)
  },
)

test('half a header and the end', LIMIT, async t => {
  const world = await open(t)
  const client = await dial(t, world.port)
  client.socket.end(V1.subarray(0, 20))
  await client.closed
  await until(() => world.used() === 0)
})

test('the end of the listener waits for a query behind a header that has begun', LIMIT, async t => {
  const world = await open(t)
  const client = await dial(t, world.port)
  client.socket.write(V1.subarray(0, 20))
  await until(() => world.used() > CONNECTION_BYTES)
  const closed = world.listener.close(5000)
  client.socket.write(joined(V1.subarray(20), frame(message(20))))
  await client.closed
  assert.equal(client.replies.length, 1)
  await closed
  assert.equal(world.used(), 0)
})

test('the end of the listener does not wait for a header that does not come', LIMIT, async t => {
  const world = await open(t)
  const client = await dial(t, world.port)
  client.socket.write(V1.subarray(0, 20))
  await until(() => world.used() > CONNECTION_BYTES)
  await world.listener.close(5000)
  await client.closed
  assert.equal(world.used(), 0)
})

test('at the limit of the listener the one that has been idle longest goes', LIMIT, async t => {
  const world = await open(t, { maxConnections: 2 })
  const clients: Client[] = []
  for (let n = 0; n < 3; n++) {
    const client = await dial(t, world.port)
    clients.push(client)
    client.socket.write(joined(V1, frame(message(20))))
    await until(() => client.replies.length === 1)
  }
  await clients[0]?.closed
  await until(() => world.room.connections === 2)
  assert.deepEqual(
    clients.map(({ socket }) => socket.destroyed),
    [true, false, false],
  )
})
