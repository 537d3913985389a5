// One shard's listener of HTTP with what its connections share, and clients for it that send frames
// as no library would.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/base/time/clock.ts'
import type { Scheme, StreamServing } from '../../src/chain/listening.ts'
import { ByteBudget, budgetWords, STREAM } from '../../src/memory/byte-budget.ts'
import {
  DEFAULT_TCP_LIMITS,
  type OpenListener,
  type Receiver,
  type Respond,
  type TcpLimits,
} from '../../src/net/engine.ts'
import { openStream } from '../../src/net/stream/listener.ts'
import { type CutReason, TcpRoom } from '../../src/net/tcp/room.ts'

const MIB = 1024 * 1024

export interface HttpWorld {
  readonly room: TcpRoom
  readonly port: number
  readonly listener: OpenListener
  /** Messages that came to the receiver, and how to answer them. */
  readonly asked: { readonly bytes: Uint8Array; readonly respond: Respond }[]
  readonly cuts: CutReason[]
  readonly statuses: number[]
  readonly stalls: () => number
  /** Bytes that connections hold of the budget. */
  readonly used: () => number
}

export interface HttpSetting {
  readonly scheme?: Scheme
  readonly connections?: number
  readonly budgetBytes?: number
  readonly limits?: Partial<TcpLimits>
  readonly streams?: Partial<StreamServing>
  /** Absent: the query itself, at once. */
  readonly answer?: 'later' | ((bytes: Uint8Array, respond: Respond) => void)
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export const openHttp = async (t: TestContext, setting: HttpSetting = {}): Promise<HttpWorld> => {
  const { connections = 100, budgetBytes = 16 * MIB, limits, answer, scheme = 'https' } = setting
  const budget = new ByteBudget(new Int32Array(budgetWords(1)), 0, 1, 0, budgetBytes)
  const cuts: CutReason[] = []
  const statuses: number[] = []
  let stalls = 0
  const room = new TcpRoom(connections, budget, systemClock, {
    connected: () => {},
    stalled: () => void stalls++,
    cut: reason => void cuts.push(reason),
    handshake: () => {},
  })
  const asked: { bytes: Uint8Array; respond: Respond }[] = []
  const receiver: Receiver = {
    fast: () => 0,
    batchSent: () => {},
    receive: (bytes, _transport, _client, _local, respond) => {
      asked.push({ bytes, respond })
      if (answer === undefined) respond(bytes)
      else if (answer !== 'later') answer(bytes, respond)
    },
    listener: { index: 0, label: `${scheme}://:443` },
    tcpLimits: { ...DEFAULT_TCP_LIMITS, ...limits },
    serving: { scheme, tls: [], limits: { maxConnections: 0, maxStreams: 0, ...setting.streams } },
    httpAnswered: status => void statuses.push(status),
  }
  const port = await freePort()
  const options = { room, canReusePort: false, onError: (text: string) => assert.fail(text) }
  const listener = await openStream({ address: '127.0.0.1', port }, receiver, options)
  t.after(() => listener.close(0))
  const used = (): number => budget.used(STREAM)
  return { room, port, listener, asked, cuts, statuses, stalls: () => stalls, used }
}

/** A frame of HTTP/2, RFC 9113 section 4.1. */
export const http2Frame = (
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  http2Frame(4, 0, 0),
])

/** Static-table and literal fields of a request for `path`, RFC 7541. */
export const requestFields = (method: 'GET' | 'POST', path: string): Buffer =>
  Buffer.concat([
    Buffer.from([method === 'GET' ? 0x82 : 0x83, 0x86, 0x04, path.length]),
    Buffer.from(path),
    Buffer.from([0x41, 0x01, 0x78]),
  ])

export interface RawClient {
  readonly socket: Socket
  /** Error code of the server's GOAWAY; undefined before it comes. */
  readonly goaway: () => number | undefined
  /** What has come, as text of single bytes. */
  readonly text: () => string
  readonly closed: Promise<unknown>
}

export const dialRaw = async (t: TestContext, port: number): Promise<RawClient> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => void socket.destroy())
  socket.on('error', () => {})
  let got = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk])
  })
  const closed = new Promise(resolve => socket.once('close', resolve))
  await once(socket, 'connect')
  return { socket, goaway: () => goawayIn(got), text: () => got.toString('latin1'), closed }
}

const goawayIn = (bytes: Buffer): number | undefined => {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
    if (bytes[at + 3] === 7 && at + 17 <= bytes.length) return bytes.readUInt32BE(at + 13)
  return undefined
}

/** Sends as fast as the server takes it, until all is sent or the server has closed. */
export const pour = async (
  { socket }: RawClient,
  make: (index: number) => Uint8Array,
  count: number,
): Promise<number> => {
  const atOnce = 200
  let sent = 0
  while (sent < count && !socket.destroyed) {
    const parts: Uint8Array[] = []
    for (let k = 0; k < atOnce && sent < count; k++) parts.push(make(sent++))
    const isTaken = socket.write(Buffer.concat(parts))
    if (isTaken) await new Promise(resolve => setImmediate(resolve))
    else
      await new Promise<void>(resolve => {
        socket.once('drain', resolve).once('close', resolve)
      })
  }
  return sent
}
