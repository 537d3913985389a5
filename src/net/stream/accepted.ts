// A connection as the system has accepted it, read into the shard's one buffer.

import { Socket } from 'node:net'
import { CONNECTION_BYTES, peerOf, type Receiver } from '../engine.ts'
import type { Opened } from '../tcp/opened.ts'
import type { TcpRoom } from '../tcp/room.ts'

/**
 * Of a net.Socket: Node's own object for the connection, which every version that is maintained
 * has.
 */
interface WithHandle {
  _handle: object | null
}

/**
 * Takes over a connection that was accepted paused. Undefined if the client has left already: there
 * is no address to answer or to log.
 */
export const takeOver = (
  accepted: Socket,
  { serving }: Receiver,
  room: TcpRoom,
): Opened | undefined => {
  const { remoteAddress, remotePort, localAddress, localPort } = accepted
  if (remoteAddress === undefined || localAddress === undefined) {
    accepted.destroy()
    return undefined
  }
  const remote = peerOf(remoteAddress, remotePort ?? 0)
  let take = (_chunk: Uint8Array): boolean => false
  return {
    scheme: serving.scheme,
    socket: readInto(room.readBuffer, accepted, chunk => take(chunk)),
    onBytes: to => {
      take = to
    },
    remote,
    local: peerOf(localAddress, localPort ?? 0),
    client: room.clients.join(remote),
    facts: undefined,
    fixedBytes: CONNECTION_BYTES,
    acceptedMs: room.clock.ms(),
  }
}

/**
 * The same connection, whose bytes come in `buffer`, which all connections of the shard share: no
 * read allocates, and what is paused has nothing in Node's own queues. Only a socket's constructor
 * takes such a buffer, and a server makes its sockets itself.
 */
const readInto = (
  buffer: Uint8Array,
  accepted: Socket,
  take: (chunk: Uint8Array) => boolean,
): Socket => {
  const from = accepted as unknown as WithHandle
  const handle = from._handle
  from._handle = null
  accepted.destroy()
  const callback = (bytes: number): boolean => take(buffer.subarray(0, bytes))
  // Half-open: a client that has sent its last query still gets its answers.
  const options = {
    handle,
    allowHalfOpen: true,
    pauseOnCreate: true,
    onread: { buffer, callback },
  }
  return new Socket(options as ConstructorParameters<typeof Socket>[0])
}
