// Questions that each have a socket of their own, as Istio's DNS proxy asks them: so a closed port
// is told apart from a question that nobody reads.

import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { FrameReader, frame } from '../../src/wire/frames.ts'

export type Fate = Uint8Array | 'refused' | 'reset' | 'closed' | 'lost'

/** Whom to ask, and from which address. */
export interface Place {
  readonly host: string
  /** Default is the kernel's choice. */
  readonly from?: string
}

const LOOPBACK: Place = { host: '127.0.0.1' }

/** A client gives up after so long. */
export const PATIENCE_MS = 5000

/** The reply; 'refused' by the kernel; or 'lost': nothing came. */
export const askOverUdp = (
  port: number,
  message: Uint8Array,
  patienceMs = PATIENCE_MS,
): Promise<Fate> => {
  const { promise, resolve } = Promise.withResolvers<Fate>()
  const socket = createSocket('udp4')
  const timer = setTimeout(resolve, patienceMs, 'lost')
  socket.on('message', bytes => resolve(new Uint8Array(bytes)))
  socket.on('error', () => resolve('refused'))
  socket.connect(port, '127.0.0.1', () => socket.send(message))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.close()
  })
}

/** The same over a connection of its own; 'reset' and 'closed' after it was made. */
export const askOverTcp = (
  port: number,
  message: Uint8Array,
  patienceMs = PATIENCE_MS,
  { host, from }: Place = LOOPBACK,
): Promise<Fate> => {
  const { promise, resolve } = Promise.withResolvers<Fate>()
  let isConnected = false
  const reader = new FrameReader()
  const timer = setTimeout(resolve, patienceMs, 'lost')
  const local = from === undefined ? {} : { localAddress: from }
  const socket = connect({ port, host, ...local }, () => {
    isConnected = true
    socket.write(frame(message))
  })
  socket.on('data', (chunk: Uint8Array) => {
    for (const reply of reader.all(chunk)) resolve(reply)
  })
  socket.on('error', () => resolve(isConnected ? 'reset' : 'refused'))
  socket.on('end', () => resolve('closed'))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}
