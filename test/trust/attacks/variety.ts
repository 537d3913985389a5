// Questions of many kinds over UDP, so many at a time: of names that the server has itself, that
// are cached, that are asked for once, and that do not exist.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { query } from '../../support/messages.ts'
import type { Attack } from './attack.ts'

/** Without an answer for so long, what is under way counts as lost. */
const STALL_MS = 1000

export interface VarietySetting {
  readonly port: number
  readonly window: number
  readonly limit: number
  /** Asked in turn; `#` in a name becomes a number that no other question has. */
  readonly names: readonly string[]
}

export const variety: Attack<VarietySetting> = async (
  { port, window, limit, names },
  { signal, ready },
) => {
  const counts = { sent: 0, answered: 0, lost: 0 }
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const done = Promise.withResolvers<void>()
  let inFlight = 0
  let hasMoved = false
  const fill = (): void => {
    for (; inFlight < window && counts.sent < limit && !signal.aborted; inFlight++) {
      const n = counts.sent++
      const name = names[n % names.length]!.replace('#', String(n))
      socket.send(query(name, n % 3 === 0 ? 'AAAA' : 'A', { id: n & 0xffff }).bytes)
    }
    if (inFlight === 0) done.resolve()
  }
  socket.on('message', () => {
    hasMoved = true
    counts.answered++
    // What had been given up comes after all.
    if (inFlight === 0) counts.lost--
    else inFlight--
    fill()
  })
  const look = setInterval(() => {
    if (!hasMoved) {
      counts.lost += inFlight
      inFlight = 0
      fill()
    }
    hasMoved = false
  }, STALL_MS)
  ready()
  fill()
  await done.promise
  clearInterval(look)
  socket.close()
  return counts
}
