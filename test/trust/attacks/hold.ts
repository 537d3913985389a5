// Connections that are opened and kept: silent, or with a byte now and then. One that is closed is
// opened again.

import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Attack } from './attack.ts'

/** Opened at a time, so that no backlog overflows. */
const BATCH = 50
const BATCH_MS = 10
const REOPEN_MS = 500

export interface HoldSetting {
  readonly port: number
  readonly connections: number
  /** Written at once. */
  readonly first: string
  /** Written a byte at a time, over and over; '' for silence. */
  readonly trickle: string
  readonly everyMs: number
}

export const hold: Attack<HoldSetting> = async (
  { port, connections, first, trickle, everyMs },
  { signal, ready },
) => {
  const counts = { opened: 0, closed: 0, open: 0, most: 0 }
  const one = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let at = 0
    let timer: NodeJS.Timeout | undefined
    const socket = connect(port, '127.0.0.1', () => {
      counts.opened++
      counts.most = Math.max(counts.most, ++counts.open)
      if (first !== '') socket.write(first, 'latin1')
      if (trickle !== '')
        timer = setInterval(
          () => socket.write(trickle[at++ % trickle.length] ?? '', 'latin1'),
          everyMs,
        )
      socket.once('close', () => counts.open--)
    })
    socket.resume()
    socket.on('error', () => undefined)
    const stop = (): void => void socket.destroy()
    signal.addEventListener('abort', stop)
    socket.on('close', () => {
      clearInterval(timer)
      signal.removeEventListener('abort', stop)
      if (!signal.aborted) counts.closed++
      resolve()
    })
    return promise
  }
  const keepOpen = async (): Promise<void> => {
    while (!signal.aborted) {
      await one()
      if (!signal.aborted) await pause(REOPEN_MS)
    }
  }
  const all: Promise<void>[] = []
  for (let n = 0; n < connections && !signal.aborted; n++) {
    all.push(keepOpen())
    if (n % BATCH === BATCH - 1) await pause(BATCH_MS)
  }
  ready()
  await Promise.all(all)
  return counts
}
