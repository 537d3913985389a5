// The clients of a warm-up: what sends its questions over the loopback address. The answers are not
// looked at.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6 } from 'node:net'
import type { ListenAddress } from '../../net/engine.ts'
import { localAddresses } from '../../net/local-addresses.ts'
import { C } from '../../net/mmsg/abi.ts'
import type { Libc } from '../../net/mmsg/libc.ts'
import { Outbound } from '../../net/mmsg/outbound.ts'
import { openAlone, sockaddrOf } from '../../net/mmsg/sockets.ts'
import { putFrame } from '../../wire/frames.ts'

const LOOPBACKS = ['127.0.0.1', '::1']
const CONNECTED = { nameLength: 0, controlLength: 0, words: new Int32Array(8) }

/** The loopback address of the machine; undefined if it has none that is up. */
export const loopbackAddress = (): string | undefined => {
  const present = localAddresses()
  return LOOPBACKS.find(address => present.includes(address))
}

export interface WarmUpClient {
  /** Sends the messages, in one go where that can be. */
  send(messages: readonly Uint8Array[]): void
  close(): void
}

/** Over UDP to that place; by libc if there is one. */
export const udpClient = async (
  { address, port }: ListenAddress,
  libc: Libc | undefined,
): Promise<WarmUpClient> => {
  if (libc !== undefined) return batchClient({ address, port }, libc)
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  // What could not be sent is lost, as over any network.
  socket.on('error', () => {})
  socket.connect(port, address)
  await once(socket, 'connect')
  return {
    send: messages => {
      for (const message of messages) socket.send(message)
    },
    close: () => socket.close(),
  }
}

const batchClient = (place: ListenAddress, libc: Libc): WarmUpClient => {
  const { fd } = openAlone(libc, { address: place.address, port: 0 })
  const to = sockaddrOf(libc, place)
  libc.connect(fd, to, to.length)
  const outbound = new Outbound(libc, { full: () => {}, refused: () => {} }, { isConnected: true })
  return {
    send: messages => {
      for (const message of messages) outbound.put(fd, message, CONNECTED)
      outbound.flush()
    },
    close: () => libc.close(fd),
  }
}

/** Over TCP, on a connection of its own; several messages at once come in one piece. */
export const tcpClient = (place: ListenAddress, libc: Libc | undefined): WarmUpClient => {
  if (libc !== undefined) return streamClient(place, libc)
  const socket = connect(place.port, place.address)
  // As above.
  socket.on('error', () => {}).resume()
  return {
    send: messages => void socket.write(framesOf(messages)),
    close: () => void socket.destroy(),
  }
}

/** The kernel connects over the loopback address at once. Replies stay where they arrive. */
const streamClient = (place: ListenAddress, libc: Libc): WarmUpClient => {
  const to = sockaddrOf(libc, place)
  const family = isIPv6(place.address) ? C.AF_INET6 : C.AF_INET
  const fd = libc.socket(family, C.SOCK_STREAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC, 0)
  libc.connect(fd, to, to.length)
  const outbound = new Outbound(libc, { full: () => {}, refused: () => {} }, { isConnected: true })
  return {
    send: messages => {
      outbound.put(fd, framesOf(messages), CONNECTED)
      outbound.flush()
    },
    close: () => libc.close(fd),
  }
}

const LENGTH_BYTES = 2

const framesOf = (messages: readonly Uint8Array[]): Uint8Array => {
  const size = messages.reduce((sum, message) => sum + LENGTH_BYTES + message.length, 0)
  const frames = new Uint8Array(size)
  let at = 0
  for (const message of messages) at = putFrame(frames, at, message)
  return frames
}
