// Questions over UDP from many addresses in turn, at a steady rate, each for a name of its own.

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { query } from '../../support/messages.ts'
import type { Attack } from './attack.ts'

const TICK_MS = 5

export interface SpraySetting {
  readonly port: number
  readonly host: string
  readonly from: readonly string[]
  readonly zone: string
  readonly perSecond: number
}

const open = async (
  { port, host }: SpraySetting,
  address: string,
  taken: () => void,
): Promise<Socket> => {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', taken)
  socket.on('error', () => undefined)
  socket.bind(0, address)
  await once(socket, 'listening')
  socket.connect(port, host)
  await once(socket, 'connect')
  return socket
}

export const spray: Attack<SpraySetting> = async (setting, { signal, ready }) => {
  const { from, zone, perSecond } = setting
  const counts = { sent: 0, answered: 0 }
  const taken = (): void => void counts.answered++
  const sockets = await Promise.all(from.map(address => open(setting, address, taken)))
  ready()
  let lastMs = performance.now()
  let due = 0
  while (!signal.aborted) {
    const nowMs = performance.now()
    // What a machine that stood still has missed is not made up for.
    due += (Math.min(nowMs - lastMs, 4 * TICK_MS) * perSecond) / 1000
    lastMs = nowMs
    for (; due >= 1; due--) {
      const n = counts.sent++
      const { bytes } = query(`s${n}.${zone}`, 'A', { id: n & 0xffff })
      sockets[n % sockets.length]!.send(bytes)
    }
    await pause(TICK_MS)
  }
  for (const socket of sockets) socket.close()
  return counts
}
