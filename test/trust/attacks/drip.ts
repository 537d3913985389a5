// Queries of 65,535 bytes in segments of one byte: the most work that a byte can make for whoever
// puts messages together.

import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Attack } from './attack.ts'
import { largeQuery } from './loads.ts'

export interface DripSetting {
  readonly port: number
  readonly connections: number
  readonly name: string
  /** Segments in all, over all connections. */
  readonly limit: number
}

const open = async (port: number): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  socket.resume()
  await new Promise<void>(resolve => {
    for (const event of ['connect', 'close']) socket.once(event, () => resolve())
  })
  return socket
}

export const drip: Attack<DripSetting> = async (
  { port, connections, name, limit },
  { signal, ready },
) => {
  const frame = largeQuery(name)
  const counts = { segments: 0, reopened: 0 }
  const lines = await Promise.all(
    Array.from({ length: connections }, async () => ({ socket: await open(port), at: 0 })),
  )
  ready()
  while (!signal.aborted && counts.segments < limit) {
    let isHeld = true
    for (const line of lines) {
      if (line.socket.destroyed) {
        line.socket = await open(port)
        line.at = 0
        counts.reopened++
      }
      // One that the server does not read any more keeps its turn.
      if (line.socket.writableLength > 0 || line.socket.destroyed) continue
      line.socket.write(frame.subarray(line.at, line.at + 1))
      line.at = (line.at + 1) % frame.length
      counts.segments++
      isHeld = false
    }
    await turn()
    if (isHeld) await new Promise(go => setTimeout(go, 1))
  }
  for (const { socket } of lines) socket.destroy()
  return counts
}
