// Datagrams that no server may answer: replies (QR=1), and queries from ports of services that
// answer whatever they get.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { query } from '../../support/messages.ts'
import type { Attack } from './attack.ts'

const BURST = 200
const WAIT_MS = 1000

export interface UnaskedSetting {
  readonly port: number
  readonly name: string
  readonly count: number
  /** Port to send from; 0 for any. */
  readonly from: number
  readonly isResponse: boolean
}

export const unasked: Attack<UnaskedSetting> = async (
  { port, name, count, from, isResponse },
  { ready },
) => {
  const counts = { sent: 0, answered: 0, unbound: 0 }
  const socket = createSocket('udp4')
  socket.on('message', () => counts.answered++)
  try {
    // An address of its own: the low ports of 127.0.0.1 may be taken.
    socket.bind(from, '127.0.0.9')
    await once(socket, 'listening')
  } catch {
    // Low ports take root.
    return { ...counts, unbound: 1 }
  }
  ready()
  for (; counts.sent < count; counts.sent++) {
    const { bytes } = query(name, 'A', { id: counts.sent & 0xffff })
    if (isResponse) bytes[2]! |= 0x80
    socket.send(bytes, port, '127.0.0.1')
    if (counts.sent % BURST === BURST - 1) await pause(5)
  }
  await pause(WAIT_MS)
  socket.close()
  return counts
}
