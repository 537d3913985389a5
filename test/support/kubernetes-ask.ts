// One question to a server on loopback, by UDP or TCP and over IPv4 or IPv6. Never tries again.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { FrameReader, frame } from '../../src/wire/frames.ts'

const WAIT_MS = 8000

export interface Way {
  readonly transport: 'udp' | 'tcp'
  readonly family: 4 | 6
}

export const WAYS: readonly Way[] = [
  { transport: 'udp', family: 4 },
  { transport: 'udp', family: 6 },
  { transport: 'tcp', family: 4 },
  { transport: 'tcp', family: 6 },
]

export const askOneWay = async (
  port: number,
  message: Uint8Array,
  { transport, family }: Way,
): Promise<Uint8Array> => {
  const address = family === 4 ? '127.0.0.1' : '::1'
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const late = setTimeout(
    () => reject(new Error(`no answer by ${transport} from ${address} within ${WAIT_MS} ms`)),
    WAIT_MS,
  )
  const asked = transport === 'udp' ? askUdp : askTcp
  const close = await asked({ port, address, message, resolve, reject })
  try {
    return await promise
  } finally {
    clearTimeout(late)
    close()
  }
}

interface Exchange {
  readonly port: number
  readonly address: string
  readonly message: Uint8Array
  resolve(reply: Uint8Array): void
  reject(error: Error): void
}

const askUdp = async ({
  port,
  address,
  message,
  resolve,
  reject,
}: Exchange): Promise<() => void> => {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('error', reject)
  socket.on('message', bytes => resolve(Uint8Array.from(bytes)))
  socket.connect(port, address)
  await once(socket, 'connect')
  socket.send(message)
  return () => void socket.close()
}

const askTcp = async ({
  port,
  address,
  message,
  resolve,
  reject,
}: Exchange): Promise<() => void> => {
  const socket = connect(port, address)
  const reader = new FrameReader()
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('the connection was closed')))
  socket.on('data', chunk => {
    for (const reply of reader.all(Uint8Array.from(chunk as Buffer))) resolve(reply)
  })
  socket.write(frame(message))
  return () => void socket.destroy()
}
