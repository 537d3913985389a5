// A pool of connected sockets for queries to upstreams over UDP, offered by an engine with batches.
// Messages are sent together at the end of a turn of the event loop, and replies are received in
// batches. Without such an engine each exchange opens a socket of its own.

import type { Peer } from '../query/query.ts'

export interface UdpPoolEvents {
  /**
   * Whether one more socket may be opened. `isNeeded`: there is none yet; else it only adds another
   * source port. Each true is matched by one `closed`.
   */
  mayOpen(isNeeded: boolean): boolean
  closed(): void
  /** A datagram came to socket `serial`; owned by the receiver. */
  received(serial: number, bytes: Uint8Array): void
  /**
   * The network reports that the message of that id cannot reach the upstream; -1: it does not tell
   * which message of this socket. `code` as Node names it.
   */
  refused(serial: number, id: number, code: string): void
  /**
   * The socket is broken and receives nothing more. `code` as Node names it, `path` such as
   * `127.0.0.1:40000->127.0.0.1:53`.
   */
  failed(serial: number, code: string, path: string): void
}

export interface PooledSockets {
  /**
   * Chooses a socket for the next message, to be called for each. Throws an error with a `code`
   * when none can be opened. A number below 2^31, never used twice.
   */
  choose(): number
  /**
   * Queues a DNS message under that id on the socket that was just chosen. The bytes are copied,
   * and sent at the end of this turn. Its reply is waited for until `settled`.
   */
  send(message: Uint8Array, id: number): void
  /** One message's reply is no longer waited for. */
  settled(serial: number): void
  /**
   * Counts a datagram that answers no query. Returns how many there were on this socket beyond
   * those that may be late or repeated replies.
   */
  stranger(serial: number): number
  /** The local and remote address of a socket, for error texts. */
  path(serial: number): string
  /** Closes sockets that have not been used for a while. */
  sweep(): void
  close(): void
}

export interface UdpPool {
  /** False once the engine has ended: nothing is received any more. */
  readonly isOpen: boolean
  /** `sourceAddress` '' leaves the choice to the kernel. */
  open(remote: Peer, sourceAddress: string, events: UdpPoolEvents): PooledSockets
}
