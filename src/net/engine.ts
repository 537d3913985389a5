// The interface between the server and a receive engine. Engines are node:dgram (dgram/) and
// batches through FFI (mmsg/).

import { errnoText } from '../base/files/errno.ts'
import type { Scheme, Serving } from '../chain/listening.ts'
import type { FastQuery } from '../chain/query/fast-query.ts'
import type { ListenerRef, Peer } from '../chain/query/query.ts'
import { type ConnectionFacts, isDatagram, type Transport } from '../chain/query/transport.ts'
import { HEADER_SIZE } from '../wire/header.ts'
import type { ProxyJudge } from './proxy/judge.ts'

/** How UDP is received: in batches through FFI, or by node:dgram. */
export type EngineName = 'mmsg' | 'dgram'

/**
 * Longest query over UDP; CoreDNS takes no more than 512 bytes. What is longer is answered FORMERR.
 */
export const MAX_UDP_QUERY_BYTES = 4096

/**
 * The length of the message behind a PROXY header in a datagram of `length` bytes. A datagram that
 * is longer than a query may be has perhaps been cut off: so its message is, too.
 */
export const lengthBehind = (header: number, length: number): number => {
  const carried = length - header
  return length > MAX_UDP_QUERY_BYTES && carried >= HEADER_SIZE ? MAX_UDP_QUERY_BYTES + 1 : carried
}

/** Objects around a query that waits for an upstream, as measured. */
const WAITING_DATAGRAM_BYTES = 8 * 1024
/** The same for one that came over a connection, and has one of its own upstream. */
const WAITING_STREAM_BYTES = 16 * 1024

/**
 * The memory that a query in flight holds: the objects around it, its bytes, and a copy for an
 * upstream.
 */
export const underWayBytes = (length: number, transport: Transport): number =>
  (isDatagram(transport) ? WAITING_DATAGRAM_BYTES : WAITING_STREAM_BYTES) + 2 * length

/**
 * What an idle TCP connection holds of memory, as measured: sockets and timers of Node, and the
 * objects around them.
 */
export const CONNECTION_BYTES = 9 * 1024
/** The same with TLS: most of it are OpenSSL's and Node's buffers. */
export const TLS_CONNECTION_BYTES = 72 * 1024

/** A place to listen on. */
export interface ListenAddress {
  /**
   * Literal address, IPv6 without brackets and perhaps with %zone; '' for all addresses of the
   * machine.
   */
  readonly address: string
  readonly port: number
  /** Of a link-local address: the number of its interface when the configuration was loaded. */
  readonly scope?: number
  /** Absent: `dns`. Others listen on TCP only. */
  readonly scheme?: Scheme
}

/**
 * What tells the sockets of one place from those of another: the same text may mean another
 * interface by now, and listeners of several schemes may share it.
 */
export const placeOf = ({ address, port, scope = 0, scheme = 'dns' }: ListenAddress): string =>
  `${scheme} ${address} ${port} ${scope}`

/** Deadlines of TCP connections in milliseconds, and queries per connection (-1: no limit). */
export interface TcpLimits {
  readonly readMs: number
  readonly writeMs: number
  readonly idleMs: number
  readonly maxQueries: number
}

export const DEFAULT_TCP_LIMITS: TcpLimits = {
  readMs: 3000,
  writeMs: 5000,
  idleMs: 10_000,
  maxQueries: -1,
}

/**
 * Sends one whole message back, or nothing when `reply` is undefined. Called exactly once per
 * message, at any later time. `rejected`: what came is no query that the server takes, which the
 * transport tells its client in its own way (HTTPS, gRPC).
 */
export type Respond = (reply: Uint8Array | undefined, why?: 'rejected') => void

/** The connection that a message came by: one object for all of its messages. */
export interface Connection {
  /** Absent over plain TCP. */
  readonly facts?: ConnectionFacts | undefined
  /**
   * Sends an answer of several messages in their order: the first at once, each of the rest asked
   * for when there is room for it; `respond(undefined)` follows. What is asked for is charged and
   * bounded as any answer. Resolves once the last is on its way, or the client has left; `rest` is
   * returned then. Rejects with what `rest` throws, after ending the connection: an answer that
   * breaks off must not look whole. Absent where one question gets one message (HTTPS, gRPC).
   */
  stream?(first: Uint8Array, rest: AsyncIterable<Uint8Array>): Promise<void>
}

/** Takes messages, from listeners of any kind. Never throws. */
export interface Receiver {
  /**
   * Answers a UDP query where it lies: its place and that of the answer, client and time are set.
   * Returns the reply's length, 0 for a query that the fast path has no answer to: then `receive`
   * gets it. Nothing is counted in that case.
   */
  fast(query: FastQuery): number
  /**
   * The answers that `fast` gave in one batch have been sent, so many milliseconds after it was
   * received.
   */
  batchSent(elapsedMs: number): void
  /**
   * Takes one message; `bytes` belongs to the receiver from here on. `query` is what `fast` has
   * just had for the very same message; absent if it had none. `connection` is absent for
   * datagrams.
   */
  receive(
    bytes: Uint8Array,
    transport: Transport,
    client: Peer,
    local: Peer,
    respond: Respond,
    query?: FastQuery,
    connection?: Connection,
  ): void
  readonly listener: ListenerRef
  readonly tcpLimits: TcpLimits
  /** Of the generation that serves now, as the limits are. */
  readonly serving: Serving
  /** Reads PROXY headers; absent where none are expected. */
  readonly proxy?: ProxyJudge | undefined
  /** A request over HTTP is answered with this status; absent where nobody counts them. */
  httpAnswered?(status: number): void
}

export interface OpenListener {
  /** Where it listens; absent where main has opened the socket. */
  readonly port?: number | undefined
  /** Begins to receive; absent where that began with the opening. */
  start?(): void
  /**
   * Stops taking in; resolves once the sockets are closed. Replies to what was taken in are still
   * sent until then.
   */
  close(graceMs: number): Promise<void>
}

const MAPPED = '::ffff:'

/** A peer from what Node tells of a socket; IPv4-mapped IPv6 becomes IPv4, the zone is left out. */
export const peerOf = (address: string, port: number): Peer => {
  if (address.startsWith(MAPPED) && address.includes('.'))
    return { address: address.slice(MAPPED.length), port, family: 4 }
  const zone = address.indexOf('%')
  return {
    address: zone < 0 ? address : address.slice(0, zone),
    port,
    family: address.includes(':') ? 6 : 4,
  }
}

/** `:53`, `127.0.0.1:53`, `[::1]:53`: how CoreDNS writes a listen address. */
export const listenText = ({ address, port }: ListenAddress): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

const CALLS = { tcp: 'Listen: listen tcp', udp: 'ListenPacket: listen udp' }

/**
 * Why a place cannot be listened on, in CoreDNS's words; `cause` is what the system said, with
 * Node's `code`.
 */
export const listenError = (network: 'tcp' | 'udp', place: ListenAddress, cause: unknown): Error =>
  new Error(`${CALLS[network]} ${listenText(place)}: bind: ${errnoText(cause)}`, { cause })
