// Real sockets against one shard's listener with TLS: what clients do before, in and after a
// handshake, and what it then holds.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { type Certificates, makeCertificates, type Pair } from '../../../test/fakes/certificates.ts'
import { systemClock } from '../../base/time/clock.ts'
import type { Serving, TlsServing } from '../../chain/listening.ts'
import type { ConnectionFacts } from '../../chain/query/transport.ts'
import { ByteBudget, budgetWords, STREAM } from '../../memory/byte-budget.ts'
import type { HandshakeOutcome } from '../../metrics/shard-counts.ts'
import { FrameReader, frame } from '../../wire/frames.ts'
import {
  DEFAULT_TCP_LIMITS,
  type OpenListener,
  type Receiver,
  type TcpLimits,
  TLS_CONNECTION_BYTES,
} from '../engine.ts'
import { type CutReason, TcpRoom } from '../tcp/room.ts'
import { openStream } from './listener.ts'

const made = makeCertificates()
const LIMIT = { timeout: 20_000, skip: made === undefined && 'openssl is missing' }
const certificates = made as Certificates
const MIB = 1024 * 1024

const servingOf = (pair: Pair, more: Partial<TlsServing> = {}): TlsServing => ({
  identity: 'one',
  version: 1,
  material: { ...pair, ca: certificates.authority.cert },
  names: [],
  clientAuth: 'nocert',
  keylog: '',
  ticketKeys: new Uint8Array(48),
  ...more,
})

interface World {
  readonly room: TcpRoom
  readonly port: number
  readonly listener: OpenListener
  readonly cuts: CutReason[]
  readonly outcomes: HandshakeOutcome[]
  readonly told: string[]
  /** Of the messages that came. */
  readonly facts: (ConnectionFacts | undefined)[]
  serving: Serving
  readonly used: () => number
}

interface Setting {
  readonly limits?: Partial<TcpLimits>
  readonly tls?: Partial<TlsServing>
  readonly connections?: number
  readonly budgetBytes?: number
  /** Bytes of each answer; absent: it is the question. */
  readonly answerBytes?: number
}

const open = async (t: TestContext, setting: Setting = {}): Promise<World> => {
  const { limits, tls, connections = 100, budgetBytes = 64 * MIB, answerBytes } = setting
  const budget = new ByteBudget(new Int32Array(budgetWords(1)), 0, 1, 0, budgetBytes)
  const [cuts, outcomes, told] = [[], [], []] as [CutReason[], HandshakeOutcome[], string[]]
  const facts: World['facts'] = []
  const room = new TcpRoom(connections, budget, systemClock, {
    connected: () => {},
    stalled: () => {},
    cut: reason => void cuts.push(reason),
    handshake: outcome => void outcomes.push(outcome),
  })
  const world = {
    serving: {
      scheme: 'tls',
      tls: [servingOf(certificates.server, tls)],
      limits: { maxConnections: 0, maxStreams: 0 },
    } as Serving,
  }
  const receiver: Receiver = {
    fast: () => 0,
    batchSent: () => {},
    receive: (bytes, transport, _client, _local, respond, _query, by) => {
      assert.equal(transport, 'tls')
      facts.push(by?.facts)
      respond(answerBytes === undefined ? bytes : new Uint8Array(answerBytes))
    },
    listener: { index: 0, label: 'tls://:853' },
    tcpLimits: { ...DEFAULT_TCP_LIMITS, ...limits },
    get serving() {
      return world.serving
    },
  }
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const listener = await openStream({ address: '127.0.0.1', port }, receiver, {
    room,
    canReusePort: false,
    onError: text => assert.fail(text),
    onRefused: text => void told.push(text),
  })
  t.after(() => listener.close(0))
  const used = (): number => budget.used(STREAM)
  return Object.assign(world, { room, port, listener, cuts, outcomes, told, facts, used })
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await turnOfLoop()
}

const dial = async (t: TestContext, port: number): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

interface Client {
  readonly socket: TLSSocket
  readonly replies: Uint8Array[]
  readonly closed: Promise<unknown>
}

/** Resolves after the handshake. Rejects if there is none. */
const dialTls = async (
  t: TestContext,
  port: number,
  options: ConnectionOptions = {},
): Promise<Client> => {
  const socket = tlsConnect({
    port,
    host: '127.0.0.1',
    ca: certificates.authority.cert,
    ...options,
  })
  t.after(() => void socket.destroy())
  const replies: Uint8Array[] = []
  const reader = new FrameReader()
  socket.on('data', (chunk: Uint8Array) => replies.push(...reader.all(new Uint8Array(chunk))))
  const closed = new Promise(resolve => socket.once('close', resolve))
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return { socket, replies, closed }
}

const message = (length: number, first = 1): Uint8Array => new Uint8Array(length).fill(first)

/** The bytes of a ClientHello as a client of Node sends it. */
const clientHello = async (): Promise<Buffer> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = tlsConnect({ port, host: '127.0.0.1' })
  client.on('error', () => {})
  const [accepted] = (await once(server, 'connection')) as [Socket]
  const [hello] = (await once(accepted, 'data')) as [Buffer]
  accepted.destroy()
  client.destroy()
  server.close()
  return hello
}

test('queries over TLS are answered, and facts of the connection are known', LIMIT, async t => {
  const world = await open(t)
  const { socket, replies } = await dialTls(t, world.port, {
    ALPNProtocols: ['dot'],
    servername: 'dns.example.net',
    checkServerIdentity: () => undefined,
  })
  // Two in one record, and one over two records.
  socket.write(Buffer.concat([frame(message(40, 1)), frame(message(50, 2))]))
  const third = frame(message(60, 3))
  socket.write(third.subarray(0, 10))
  await until(() => replies.length === 2)
  socket.write(third.subarray(10))
  await until(() => replies.length === 3)
  assert.deepEqual(
    replies.map(({ length }) => length),
    [40, 50, 60],
  )
  assert.deepEqual(world.facts[0], { sni: 'dns.example.net', alpn: 'dot', path: undefined })
  assert.deepEqual(world.outcomes, ['full'])
  assert.equal(world.used(), TLS_CONNECTION_BYTES)
  socket.end()
  await until(() => world.room.connections === 0 && world.used() === 0)
})

const strangers: { name: string; bytes: Uint8Array }[] = [
  { name: 'HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n') },
  { name: 'a zero', bytes: Uint8Array.of(0) },
  { name: 'a record of version 2.0', bytes: Uint8Array.of(0x16, 2, 0, 0, 9) },
  { name: 'DNS in clear text', bytes: frame(message(30)) },
  { name: 'a ClientHello of 17 KiB', bytes: Uint8Array.of(0x16, 3, 1, 0x44, 0, 1) },
]
for (const { name, bytes } of strangers)
  test(`who sends ${name} to it is closed at once`, LIMIT, async t => {
    const { port, outcomes, room, used } = await open(t)
    const socket = await dial(t, port)
    const closed = once(socket, 'close')
    socket.resume()
    socket.write(bytes)
    await closed
    await until(() => room.connections === 0)
    assert.deepEqual([outcomes, used()], [['not_tls'], 0])
  })

test('a ClientHello in one-byte segments is answered', LIMIT, async t => {
  const { port, outcomes } = await open(t)
  const socket = await dial(t, port)
  const answered = once(socket, 'data')
  for (const byte of await clientHello()) {
    socket.write(Uint8Array.of(byte))
    await turnOfLoop()
  }
  const [answer] = (await answered) as [Buffer]
  assert.equal(answer[0], 0x16)
  assert.deepEqual(outcomes, [])
})

test('a ClientHello in two records is answered', LIMIT, async t => {
  const { port } = await open(t)
  const socket = await dial(t, port)
  const answered = once(socket, 'data')
  const hello = await clientHello()
  const body = hello.subarray(5)
  for (const part of [body.subarray(0, 100), body.subarray(100)])
    socket.write(Buffer.concat([Buffer.from([0x16, 3, 1, part.length >> 8, part.length]), part]))
  const [answer] = (await answered) as [Buffer]
  assert.equal(answer[0], 0x16)
})

const slow: { name: string; send: (hello: Buffer) => Uint8Array }[] = [
  { name: 'sends nothing', send: () => new Uint8Array(0) },
  { name: 'sends half a ClientHello', send: hello => hello.subarray(0, 90) },
  { name: 'does not go on after the first flight', send: hello => hello },
]
for (const { name, send } of slow)
  test(`who ${name} is cut in time`, LIMIT, async t => {
    const { port, outcomes, room, used } = await open(t, { limits: { readMs: 150 } })
    const socket = await dial(t, port)
    socket.write(send(await clientHello()))
    socket.resume()
    await once(socket, 'close')
    await until(() => room.connections === 0)
    assert.deepEqual([outcomes, used()], [['timeout'], 0])
  })

test(
  'who does not ask after the handshake is cut in the time for a first message',
  LIMIT,
  async t => {
    const { port, outcomes, room, used } = await open(t, { limits: { readMs: 150 } })
    const { closed } = await dialTls(t, port)
    await closed
    await until(() => room.connections === 0)
    assert.deepEqual([outcomes, used()], [['full'], 0])
  },
)

test('who leaves before, or in, a handshake leaves nothing behind', LIMIT, async t => {
  const { port, outcomes, room, used } = await open(t)
  const hello = await clientHello()
  for (const bytes of [hello.subarray(0, 3), hello]) {
    const socket = await dial(t, port)
    socket.end(bytes)
    socket.resume()
    await once(socket, 'close')
  }
  await until(() => room.connections === 0)
  assert.equal(used(), 0)
  assert.ok(outcomes.every(outcome => outcome === 'error'))
})

test('an answer comes although its client has ended its side', LIMIT, async t => {
  const { port } = await open(t)
  const { socket, replies, closed } = await dialTls(t, port, { allowHalfOpen: true } as object)
  socket.end(frame(message(40)))
  await closed
  assert.equal(replies.length, 1)
})

test('a frame of no bytes ends the connection', LIMIT, async t => {
  const { port, cuts } = await open(t)
  const { socket, closed } = await dialTls(t, port)
  socket.write(Uint8Array.of(0, 0))
  await closed
  assert.deepEqual(cuts, ['frames'])
})

test('a client that never reads is cut, and holds little until then', LIMIT, async t => {
  const world = await open(t, { limits: { writeMs: 300 }, answerBytes: 60_000 })
  const { socket } = await dialTls(t, world.port)
  socket.pause()
  for (let count = 0; count < 300; count++) socket.write(frame(message(30)))
  let most = 0
  await until(() => {
    most = Math.max(most, world.used())
    return world.room.connections === 0
  })
  assert.ok(most < TLS_CONNECTION_BYTES + 512 * 1024, `${most}`)
  assert.equal(world.used(), 0)
})

test('a renewed certificate is shown from then on; connections go on', LIMIT, async t => {
  const world = await open(t)
  const before = await dialTls(t, world.port)
  const material = { ...certificates.named, ca: certificates.authority.cert }
  world.serving = { ...world.serving, tls: [servingOf(material, { version: 2 })] }
  const after = await dialTls(t, world.port, { checkServerIdentity: () => undefined })
  assert.equal(before.socket.getPeerCertificate().subject.CN, 'server')
  assert.equal(after.socket.getPeerCertificate().subject.CN, 'named')
  for (const { socket, replies } of [before, after]) {
    socket.write(frame(message(40)))
    await until(() => replies.length === 1)
  }
})

test(
  'a client without the certificate that every one must have is told of as such',
  LIMIT,
  async t => {
    const { port, told, outcomes } = await open(t, { tls: { clientAuth: 'require' } })
    const { closed } = await dialTls(t, port)
    await closed
    await until(() => outcomes.length === 1)
    assert.deepEqual(outcomes, ['no_certificate'])
    assert.deepEqual(told, ['tls://:853: client 127.0.0.1 is refused: no certificate'])
  },
)

test('refused clients are told of, once a while', LIMIT, async t => {
  const { port, told, outcomes } = await open(t, { tls: { clientAuth: 'require_and_verify' } })
  for (let count = 0; count < 3; count++) {
    const { closed } = await dialTls(t, port)
    await closed
  }
  await until(() => outcomes.length === 3)
  assert.deepEqual(told, ['tls://:853: client 127.0.0.1 is refused: no certificate'])
  assert.deepEqual(outcomes, ['no_certificate', 'no_certificate', 'no_certificate'])
})

test('a full table closes what has been idle longest, half-open or not', LIMIT, async t => {
  const { port, cuts, room } = await open(t, { connections: 2 })
  const first = await dial(t, port)
  const closed = once(first, 'close')
  first.resume()
  await until(() => room.connections === 1)
  await dialTls(t, port)
  await dialTls(t, port)
  await closed
  assert.deepEqual(cuts, ['room'])
})

test('hundreds that never finish do not keep another one out', LIMIT, async t => {
  const world = await open(t, { connections: 1000, limits: { readMs: 10_000 } })
  const hello = await clientHello()
  const half = await Promise.all(Array.from({ length: 500 }, () => dial(t, world.port)))
  for (const [index, socket] of half.entries())
    socket.write(index % 2 ? hello : hello.subarray(0, 50))
  const { socket, replies } = await dialTls(t, world.port)
  socket.write(frame(message(40)))
  await until(() => replies.length === 1)
  assert.ok(world.used() <= 64 * MIB)
})

test('to close lets those who ask end, and cuts the others at once', LIMIT, async t => {
  const { port, listener, room } = await open(t)
  const half = await dial(t, port)
  half.resume()
  const cut = once(half, 'close')
  const asking = await dialTls(t, port)
  await until(() => room.connections === 2)
  asking.socket.write(frame(message(40)))
  const closing = listener.close(5000)
  await Promise.all([cut, asking.closed, closing])
  assert.equal(asking.replies.length, 1)
})

test('a client whose certificate nobody has signed is told of', LIMIT, async t => {
  const { port, told, outcomes } = await open(t, { tls: { clientAuth: 'require_and_verify' } })
  const { socket, closed } = await dialTls(t, port, certificates.otherAuthority)
  socket.write(frame(message(40)))
  await closed
  await until(() => outcomes.length === 1)
  assert.deepEqual(outcomes, ['refused_certificate'])
  assert.deepEqual(told, ['tls://:853: client 127.0.0.1 is refused: DEPTH_ZERO_SELF_SIGNED_CERT'])
})
