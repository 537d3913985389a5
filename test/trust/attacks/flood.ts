// Connections that write as fast as they are let, and read the answers or do not. One that is
// closed is opened again.

import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Attack } from './attack.ts'
import { type Load, sourceOf } from './loads.ts'

const REOPEN_MS = 100

export interface FloodSetting {
  readonly port: number
  readonly connections: number
  readonly load: Load
  readonly reads: boolean
  /** Pause before a connection that was cut is opened again; default 100 ms. */
  readonly reopenMs?: number
  /** Default is loopback. */
  readonly host?: string
  /** Addresses that the connections are opened from in turn; default is the kernel's choice. */
  readonly from?: readonly string[]
}

export const flood: Attack<FloodSetting> = async (
  { port, connections, load, reads, host = '127.0.0.1', from = [], reopenMs = REOPEN_MS },
  { signal, ready },
) => {
  const source = sourceOf(load)
  const counts = { frames: 0, readBytes: 0, opened: 0, cut: 0 }
  const fill = (socket: Socket): void => {
    while (!signal.aborted && !socket.destroyed && socket.write(source.next()))
      counts.frames += source.perChunk
  }
  const one = (n: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const local = from.length === 0 ? {} : { localAddress: from[n % from.length]! }
    const socket = connect({ port, host, ...local }, () => {
      counts.opened++
      fill(socket)
    })
    if (reads) socket.on('data', chunk => void (counts.readBytes += chunk.length))
    else socket.pause()
    socket.on('drain', () => fill(socket))
    socket.on('error', () => counts.cut++)
    const stop = (): void => void socket.destroy()
    signal.addEventListener('abort', stop)
    socket.on('close', () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    return promise
  }
  const keepOpen = async (_: unknown, n: number): Promise<void> => {
    while (!signal.aborted) {
      await one(n)
      if (!signal.aborted) await pause(reopenMs)
    }
  }
  const all = Array.from({ length: connections }, keepOpen)
  ready()
  await Promise.all(all)
  return counts
}
