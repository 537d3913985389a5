// A worker thread that keeps a UDP server on loopback busy: a window of datagrams in flight, until
// it is told to stop or has sent its limit.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Cleanup } from './server-process.ts'

/** Without a reply for so long, what is in flight counts as lost. */
const STALL_MS = 500

interface PumpSetting {
  readonly port: number
  readonly message: Uint8Array
  readonly window: number
  readonly limit: number
}

export interface Pumped {
  readonly sent: number
  readonly received: number
}

export interface Pump {
  /** Whether it has ended, by itself or not. */
  readonly hasEnded: boolean
  stop(): Promise<Pumped>
}

/** Pumps one message to 127.0.0.1, as often as `limit`. */
export function startPump(t: Cleanup, setting: PumpSetting): Pump {
  const worker = new Worker(new URL(import.meta.url), { workerData: setting })
  const pump = { hasEnded: false }
  const ended = once(worker, 'message').then(([counts]) => {
    pump.hasEnded = true
    return counts as Pumped
  })
  t.after(async () => void (await worker.terminate()))
  const stop = (): Promise<Pumped> => {
    worker.postMessage('stop')
    return ended
  }
  return Object.assign(pump, { stop })
}

const run = async ({ port, message, window, limit }: PumpSetting): Promise<void> => {
  const socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const stopped = once(parentPort!, 'message')
  const counts = { sent: 0, received: 0 }
  const done = Promise.withResolvers<void>()
  let inFlight = 0
  let hasMoved = false
  let isStopping = false
  const fill = (): void => {
    for (; inFlight < window && counts.sent < limit && !isStopping; inFlight++, counts.sent++)
      socket.send(message)
    if (inFlight === 0) done.resolve()
  }
  socket.on('message', () => {
    counts.received++
    inFlight--
    hasMoved = true
    fill()
  })
  const stall = setInterval(() => {
    if (!hasMoved) inFlight = 0
    hasMoved = false
    fill()
  }, STALL_MS)
  void stopped.then(() => {
    isStopping = true
    fill()
  })
  fill()
  await done.promise
  clearInterval(stall)
  socket.close()
  parentPort!.postMessage(counts)
}

if (!isMainThread && parentPort !== null && 'window' in (workerData as object))
  await run(workerData as PumpSetting)
