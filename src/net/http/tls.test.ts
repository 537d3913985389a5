// HTTP over sockets that a TLS server hands over: the version is what the handshake agreed on.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectH2 } from 'node:http2'
import { request } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect as connectTls, createServer as createTls } from 'node:tls'
import { type Certificates, makeCertificates } from '../../../test/fakes/certificates.ts'
import { http2Frame, PREFACE } from '../../../test/support/http-world.ts'
import { systemClock } from '../../base/time/clock.ts'
import { ByteBudget, budgetWords } from '../../memory/byte-budget.ts'
import { DEFAULT_TCP_LIMITS, peerOf, type Receiver, TLS_CONNECTION_BYTES } from '../engine.ts'
import { GRPC } from '../grpc/codec.ts'
import { DOH } from '../https/doh.ts'
import { type CutReason, TcpRoom } from '../tcp/room.ts'
import type { HttpCodec } from './exchange.ts'
import { httpKind } from './kind.ts'

const certificates = makeCertificates()
const skip = certificates === undefined && 'no openssl here'
const LIMIT = { timeout: 20_000, skip }
const TEXT = Buffer.alloc(30, 7).toString('base64url')

interface World {
  readonly port: number
  readonly room: TcpRoom
  readonly cuts: CutReason[]
  readonly alpn: (string | undefined)[]
}

const open = async (t: TestContext, codec: HttpCodec): Promise<World> => {
  const { server } = certificates as Certificates
  const budget = new ByteBudget(new Int32Array(budgetWords(1)), 0, 1, 0, 16 * 1024 * 1024)
  const cuts: CutReason[] = []
  const alpn: (string | undefined)[] = []
  const counts = {
    connected: () => {},
    stalled: () => {},
    cut: (why: CutReason) => void cuts.push(why),
    handshake: () => {},
  }
  const room = new TcpRoom(100, budget, systemClock, counts)
  const receiver: Receiver = {
    fast: () => 0,
    batchSent: () => {},
    receive: (bytes, _transport, _client, _local, respond, _query, connection) => {
      alpn.push(connection?.facts?.alpn)
      respond(bytes)
    },
    listener: { index: 0, label: 'https://:443' },
    tcpLimits: DEFAULT_TCP_LIMITS,
    serving: {
      scheme: codec.transport,
      tls: [],
      limits: { maxConnections: 0, maxStreams: 0 },
    },
  }
  const kind = httpKind(codec)
  const shaking = createTls({ ...server, ALPNProtocols: [...kind.alpn] }, socket => {
    const remote = peerOf('127.0.0.1', 1000)
    const opened = {
      scheme: codec.transport,
      socket,
      onBytes: () => assert.fail('TLS has its own way to read'),
      remote,
      local: remote,
      client: room.clients.join(remote),
      facts: { alpn: socket.alpnProtocol || undefined },
      fixedBytes: TLS_CONNECTION_BYTES,
      acceptedMs: systemClock.ms(),
    }
    room.admit(kind.open(opened, receiver, room))
  })
  const listening = createServer({ pauseOnConnect: true }, socket =>
    shaking.emit('connection', socket),
  ).listen(0, '127.0.0.1')
  t.after(() => void listening.close())
  await once(listening, 'listening')
  return { port: (listening.address() as AddressInfo).port, room, cuts, alpn }
}

test('https: HTTP/2 where it was agreed on', LIMIT, async t => {
  const { port, room, alpn } = await open(t, DOH)
  const session = connectH2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  t.after(() => session.destroy())
  for (let n = 0; n < 3; n++) {
    const stream = session.request({ ':path': `/dns-query?dns=${TEXT}` })
    stream.resume()
    const [head] = await once(stream, 'response')
    assert.equal(head[':status'], 200)
    await once(stream, 'close')
  }
  assert.deepEqual(alpn, ['h2', 'h2', 'h2'])
  assert.equal(room.connections, 1)
  session.close()
  while (room.connections > 0) await new Promise(resolve => setImmediate(resolve))
})

for (const ALPNProtocols of [['http/1.1'], []])
  test(
    `https: HTTP/1.1 for a client that offers ${ALPNProtocols[0] ?? 'nothing'}`,
    LIMIT,
    async t => {
      const { port, alpn } = await open(t, DOH)
      const offering = {
        port,
        host: '127.0.0.1',
        path: `/dns-query?dns=${TEXT}`,
        rejectUnauthorized: false,
        ALPNProtocols,
        agent: false as const,
      }
      const asked = request(offering)
      asked.end()
      const [response] = await once(asked, 'response')
      assert.equal(response.statusCode, 200)
      response.resume()
      await once(response, 'end')
      assert.deepEqual(alpn, [ALPNProtocols[0]])
    },
  )

test('grpc: a client that has not agreed on HTTP/2 is not served', LIMIT, async t => {
  const { port, room } = await open(t, GRPC)
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'close')
  while (room.connections > 0) await new Promise(resolve => setImmediate(resolve))
})

test('https: a flood of frames ends the connection here, too', LIMIT, async t => {
  const { port, cuts } = await open(t, DOH)
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  })
  t.after(() => void socket.destroy())
  socket.on('error', () => {})
  socket.resume()
  const closed = new Promise(resolve => socket.once('close', resolve))
  await once(socket, 'secureConnect')
  const frames = Buffer.concat(
    Array.from({ length: 20_000 }, () => http2Frame(8, 0, 0, Buffer.from([0, 0, 0, 1]))),
  )
  socket.write(PREFACE)
  socket.write(frames)
  await closed
  assert.deepEqual(cuts, ['flood'])
})
