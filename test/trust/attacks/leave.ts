// Clients over TCP that ask and are gone before anybody has looked.

import { connect } from 'node:net'
import { query } from '../../support/messages.ts'
import type { Attack } from './attack.ts'
import { framed } from './loads.ts'

const ABREAST = 20

export interface LeaveSetting {
  readonly port: number
  readonly name: string
  readonly clients: number
}

export const leave: Attack<LeaveSetting> = async ({ port, name, clients }, { signal, ready }) => {
  const counts = { clients: 0 }
  const frame = framed(query(name).bytes)
  const one = (): Promise<void> =>
    new Promise(resolve => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(frame, () => socket.resetAndDestroy())
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
    })
  const line = async (): Promise<void> => {
    while (counts.clients < clients && !signal.aborted) {
      counts.clients++
      await one()
    }
  }
  ready()
  await Promise.all(Array.from({ length: ABREAST }, line))
  return counts
}
