// Questions over TCP at a steady rate, on one connection after the other; names of their own in a
// zone. For answers that only TCP can carry.

import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { FrameReader } from '../../../src/wire/frames.ts'
import { query } from '../../support/messages.ts'
import type { Attack } from './attack.ts'
import { framed } from './loads.ts'

const LAST_WAIT_MS = 6000

export interface StreamQuestionsSetting {
  readonly port: number
  readonly zone: string
  readonly perSecond: number
  readonly limit: number
}

export const streamQuestions: Attack<StreamQuestionsSetting> = async (
  { port, zone, perSecond, limit },
  { signal, ready },
) => {
  const counts = { asked: 0, answered: 0, failed: 0 }
  const open = (): Socket => {
    const reader = new FrameReader()
    const made = connect(port, '127.0.0.1')
    made.on('error', () => undefined)
    made.on('data', chunk => {
      for (const message of reader.all(Uint8Array.from(chunk as Buffer))) {
        if ((message[3]! & 15) === 0) counts.answered++
        else counts.failed++
      }
    })
    return made
  }
  let socket = open()
  ready()
  for (; counts.asked < limit && !signal.aborted; counts.asked++) {
    if (socket.destroyed || socket.readableEnded) socket = open()
    socket.write(
      framed(query(`b${counts.asked}.${zone}`, 'A', { id: counts.asked & 0xffff }).bytes),
    )
    await pause(1000 / perSecond)
  }
  const untilMs = performance.now() + LAST_WAIT_MS
  while (counts.answered + counts.failed < counts.asked && performance.now() < untilMs)
    await pause(20)
  socket.destroy()
  return counts
}
