// DNS messages over plain sockets to a server on loopback.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { FrameReader, frame } from '../../src/wire/frames.ts'
import type { Cleanup } from './server-process.ts'

const WAIT_MS = 5000

/** Sends all datagrams from one socket, in order, and resolves to the first `count` answers. */
export async function askUdp(
  port: number,
  messages: readonly Uint8Array[],
  count = 1,
): Promise<Uint8Array[]> {
  const socket = createSocket('udp4')
  const answers: Uint8Array[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(
    () => reject(new Error(`${answers.length} of ${count} answers in ${WAIT_MS} ms`)),
    WAIT_MS,
  )
  socket.on('error', reject)
  socket.on('message', bytes => {
    answers.push(Uint8Array.from(bytes))
    if (answers.length === count) resolve()
  })
  socket.connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    for (const message of messages) socket.send(message)
    await promise
    return answers
  } finally {
    clearTimeout(timer)
    socket.close()
  }
}

/** Sends all bytes in one write over one connection and resolves to the first `count` answers. */
export async function askTcp(
  port: number,
  messages: readonly Uint8Array[],
  count = messages.length,
): Promise<Uint8Array[]> {
  const socket = connect(port, '127.0.0.1')
  const answers: Uint8Array[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (why: string): void =>
    reject(new Error(`${why}: ${answers.length} of ${count} answers`))
  const timer = setTimeout(() => fail(`${WAIT_MS} ms went by`), WAIT_MS)
  const reader = new FrameReader()
  socket.on('error', reject)
  socket.on('close', () => fail('the connection was closed'))
  socket.on('data', chunk => {
    answers.push(...reader.all(Uint8Array.from(chunk as Buffer)))
    if (answers.length >= count) resolve()
  })
  socket.write(Buffer.concat(messages.map(frame)))
  try {
    await promise
    return answers
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

/** Holds the port with a socket that shares it with nobody, for the time of the test. */
export async function holdUdp(t: Cleanup, port: number): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => void socket.close())
}
