// What an engine with batches offers to those who ask upstreams over UDP: connected sockets from a
// pool, whose messages are sent together at the end of a turn of the event loop and whose replies
// come in batches. Where no engine offers it, each exchange has a socket of its own.

import type { Peer } from './query.ts'

export interface UdpPoolEvents {
  /**
   * Whether one more socket may be opened, which is needed or only for the sake of its port; each
   * true is matched by one `closed`.
   */
  mayOpen(isNeeded: boolean): boolean
  closed(): void
  /** A datagram came to socket `serial`; owned by the receiver. */
  received(serial: number, bytes: Uint8Array): void
  /**
   * The network says that the message of that id cannot reach the upstream; -1: it does not say
   * which one of this socket. `code` as Node has it.
   */
  refused(serial: number, id: number, code: string): void
  /**
   * The socket is broken, and no more comes from it: `code` as Node has it, `path` such as
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
   * Queues a DNS message under that id on the socket that was just chosen; it is sent with the end
   * of this turn. Copied. Its reply is now waited for.
   */
  send(message: Uint8Array, id: number): void
  /** One message's reply is no longer waited for. */
  settled(serial: number): void
  /**
   * Notes a datagram that answered nothing: how many more there were on this socket than replies
   * that may have come late or twice.
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
