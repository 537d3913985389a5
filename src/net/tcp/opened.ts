// What a listener hands to a kind of connection once it is open: after the PROXY header and the
// TLS handshake, where there are any. The kind (frames, HTTP) reads and writes from then on.

import type { Socket } from 'node:net'
import type { Scheme } from '../../chain/listening.ts'
import type { Peer } from '../../chain/query/query.ts'
import type { ConnectionFacts } from '../../chain/query/transport.ts'
import type { Receiver } from '../engine.ts'
import type { ClientShare } from './client-shares.ts'
import type { TableEntry, TcpRoom } from './room.ts'

export interface Opened {
  readonly scheme: Scheme
  /** A net.Socket or a TLSSocket, paused. Half-open: its client's end does not end it. */
  readonly socket: Socket
  /**
   * Where its bytes go from now on. `chunk` is lent: what is kept is copied. False pauses the
   * socket.
   */
  onBytes(take: (chunk: Uint8Array) => boolean): void
  /** Of the PROXY header, if one was used; else of the socket. */
  readonly remote: Peer
  readonly local: Peer
  /** Of `remote`. The connection gives it back when it closes. */
  readonly client: ClientShare
  readonly facts: ConnectionFacts | undefined
  /** What it holds of the budget while it is idle. */
  readonly fixedBytes: number
  /** Clock.ms() when it was accepted: the time for the first message runs since then. */
  readonly acceptedMs: number
}

export interface StreamConnection extends TableEntry {
  /** Resolves once it is gone. */
  readonly closed: Promise<void>
  /** Answers what has come, then closes. */
  end(): void
}

/**
 * Begins to read. The caller lets it into the room: as a newcomer (`admit`), or in the place of
 * what held it until it was open (`replace`).
 */
export type Open = (opened: Opened, receiver: Receiver, room: TcpRoom) => StreamConnection

/** How the connections of a scheme are served. */
export interface Kind {
  /** Of TLS (RFC 7301), the preferred one first; without TLS these mean nothing. */
  readonly alpn: readonly string[]
  readonly open: Open
}
