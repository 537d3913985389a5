// New clients over TCP, one after the other, each with one question: are they answered?

import { setTimeout as pause } from 'node:timers/promises'
import { query } from '../../support/messages.ts'
import { askOverTcp, PATIENCE_MS, type Place } from '../../support/one-shot.ts'
import { addressIn } from '../judge.ts'
import { addressOf } from '../names.ts'
import type { Attack } from './attack.ts'

export interface FreshSetting {
  readonly port: number
  readonly name: string
  readonly clients: number
  readonly everyMs: number
  /** Default is loopback. */
  readonly place?: Place
}

export const fresh: Attack<FreshSetting> = async (
  { port, name, clients, everyMs, place },
  { signal, ready },
) => {
  const counts = { asked: 0, answered: 0, wrong: 0, closed: 0, lost: 0 }
  ready()
  for (let n = 0; n < clients && !signal.aborted; n++) {
    counts.asked++
    const fate = await askOverTcp(port, query(name, 'A', { id: n }).bytes, PATIENCE_MS, place)
    if (fate === 'lost') counts.lost++
    else if (typeof fate === 'string') counts.closed++
    else if (addressIn(fate) === addressOf(name)) counts.answered++
    else counts.wrong++
    await pause(everyMs)
  }
  return counts
}
