// The clients of a warm-up: what sends its questions over the loopback address. The answers are not
// looked at.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Libc } from '../../net/mmsg/libc.ts'
import { Outbound } from '../../net/mmsg/outbound.ts'
import { openAlone, sockaddrOf } from '../../net/mmsg/sockets.ts'
import { putFrame } from '../../wire/frames.ts'

export const LOOPBACK = '127.0.0.1'
const CONNECTED = { nameLength: 0, controlLength: 0, words: new Int32Array(8) }

export interface WarmUpClient {
  /** Sends the messages, in one go where that can be. */
  send(messages: readonly Uint8Array[]): void
  close(): void
}

/** Over UDP to that port; by libc if there is one. */
export const udpClient = async (port: number, libc: Libc | undefined): Promise<WarmUpClient> => {
  if (libc !== undefined) return batchClient(port, libc)
  const socket = createSocket('udp4')
  // What could not be sent is lost, as over any network.
  socket.on('error', () => {})
  socket.connect(port, LOOPBACK)
  await once(socket, 'connect')
  return {
    send: messages => {
      for (const message of messages) socket.send(message)
    },
    close: () => socket.close(),
  }
}

const batchClient = (port: number, libc: Libc): WarmUpClient => {
  const { fd } = openAlone(libc, { address: LOOPBACK, port: 0 })
  const to = sockaddrOf(libc, { address: LOOPBACK, port })
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

/** One question over a connection of its own, which ends with the answer. */
export const askOverTcp = (port: number, message: Uint8Array): Socket => {
  const socket = connect(port, LOOPBACK)
  const frame = new Uint8Array(2 + message.length)
  putFrame(frame, 0, message)
  // As above.
  socket.on('error', () => {})
  socket.on('data', () => socket.end())
  socket.write(frame)
  return socket
}
