// DNS servers on loopback that answer as a test tells them: UDP and TCP (or TLS) on one port.

import { spawnSync } from 'node:child_process'
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Transport } from '../../src/chain/query/query.ts'
import { Query } from '../../src/chain/query/query.ts'
import { type Endpoint, makeEndpoint } from '../../src/upstream/endpoint.ts'
import { FrameReader, frame } from '../../src/wire/frames.ts'
import { readQuestion } from '../../src/wire/question.ts'
import { type ReplyOptions, replyBytes } from '../support/messages.ts'
import { quietPort } from '../support/quiet-port.ts'

export interface Asked {
  readonly bytes: Uint8Array
  readonly transport: Transport
  /** Port that the question came from. */
  readonly port: number
  /** Sends one message back. */
  send(message: Uint8Array): void
  /** Sends a reply to the question. */
  reply(options?: ReplyOptions): void
  /** TCP: ends the connection. */
  hangUp(): void
}

export type Respond = (asked: Asked) => void

export interface FakeUpstream {
  readonly port: number
  readonly endpoint: Endpoint
  /** What came, in order. */
  readonly asked: Asked[]
  /** TCP connections accepted so far. */
  readonly connections: Socket[]
  /** Answers from here on. */
  respond: Respond
  close(): Promise<void>
}

const ATTEMPTS = 5

/** Listens on `address` (default 127.0.0.1). With `tls`, TCP speaks TLS. */
export async function fakeUpstream(
  respond: Respond,
  options: { readonly tls?: Certificate; readonly address?: string; readonly port?: number } = {},
): Promise<FakeUpstream> {
  const { address = '127.0.0.1', tls } = options
  const { stream, udp } = await listenOnOnePort(tls, address, options.port ?? 0)
  const { port } = stream.address() as AddressInfo
  const upstream: FakeUpstream = {
    port,
    endpoint: makeEndpoint(tls === undefined ? 'dns' : 'tls', address, port),
    asked: [],
    connections: [],
    respond,
    close: async () => {
      for (const connection of upstream.connections) connection.destroy()
      stream.close()
      udp.close()
      await once(udp, 'close')
    },
  }
  const take = (asked: Asked): void => {
    upstream.asked.push(asked)
    upstream.respond(asked)
  }
  udp.on('message', (bytes, from) => take(overUdp(udp, bytes, from)))
  stream.on('connection', (socket: Socket) => upstream.connections.push(socket))
  stream.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    const reader = new FrameReader()
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Uint8Array) => {
      for (const message of reader.all(chunk)) take(overStream(socket, message))
    })
  })
  return upstream
}

/** A port on loopback that nothing listens on, and nothing will for the time of a test. */
export async function closedPort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      const upstream = await fakeUpstream(() => undefined, { port: quietPort() })
      await upstream.close()
      return upstream.port
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}

/**
 * A port that is free for TCP may be taken for UDP: then another one is tried, unless `port` asks
 * for that one. Leaves nothing open when it fails.
 */
async function listenOnOnePort(
  tls: Certificate | undefined,
  address: string,
  port: number,
): Promise<{ readonly stream: Server; readonly udp: UdpSocket }> {
  for (let attempt = 1; ; attempt++) {
    const stream = tls === undefined ? createServer() : createTlsServer(tlsOptions(tls))
    const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    try {
      stream.listen(port, address)
      await once(stream, 'listening')
      udp.bind((stream.address() as AddressInfo).port, address)
      await once(udp, 'listening')
      return { stream, udp }
    } catch (error) {
      stream.close()
      udp.close()
      if (port !== 0 || attempt === ATTEMPTS) throw error
    }
  }
}

const overUdp = (udp: UdpSocket, bytes: Uint8Array, from: RemoteInfo): Asked => {
  const send = (message: Uint8Array): void => udp.send(message, from.port, from.address)
  const asked = Uint8Array.from(bytes)
  return {
    bytes: asked,
    transport: 'udp',
    port: from.port,
    send,
    reply: options => send(answerTo(asked, options)),
    hangUp: () => undefined,
  }
}

const overStream = (socket: Socket, bytes: Uint8Array): Asked => {
  const send = (message: Uint8Array): void => void socket.write(frame(message))
  return {
    bytes,
    transport: 'tcp',
    port: socket.remotePort ?? 0,
    send,
    reply: options => send(answerTo(bytes, options)),
    hangUp: () => socket.destroy(),
  }
}

/** A well-formed reply to a query message. */
export function answerTo(bytes: Uint8Array, options?: ReplyOptions): Uint8Array {
  const question = readQuestion(bytes)
  if (question === undefined) throw new Error('not a query')
  const peer = { address: '192.0.2.53', port: 40000, family: 4 } as const
  const listener = { index: 0, label: 'dns://:53' }
  const parts = {
    bytes,
    question,
    edns: undefined,
    transport: 'udp',
    client: peer,
    local: peer,
    listener,
    receivedMs: 0,
  } as const
  return replyBytes(new Query(parts), options)
}

export interface Certificate {
  readonly cert: string
  readonly key: string
  /** A server with this refuses clients that show no certificate signed by it. */
  readonly clientAuthority?: string
}

const tlsOptions = ({ cert, key, clientAuthority }: Certificate): TlsOptions =>
  clientAuthority === undefined
    ? { cert, key }
    : { cert, key, ca: clientAuthority, requestCert: true, rejectUnauthorized: true }

/**
 * A throwaway self-signed certificate for dns.example.net and 127.0.0.1; undefined where there is
 * no openssl.
 */
export function makeCertificate(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-tls-'))
  try {
    const names = 'subjectAltName=DNS:dns.example.net,IP:127.0.0.1'
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
    const made = spawnSync('openssl', [
      'req',
      '-x509',
      ...curve,
      ...files,
      '-subj',
      '/CN=dns.example.net',
      '-addext',
      names,
      '-days',
      '2',
    ])
    if (made.status !== 0) return undefined
    return {
      cert: readFileSync(join(folder, 'cert.pem'), 'utf8'),
      key: readFileSync(join(folder, 'key.pem'), 'utf8'),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
