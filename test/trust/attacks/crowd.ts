// Many clients that ask for one name at the same time, each from a port of its own.

import { query } from '../../support/messages.ts'
import { askOverUdp } from '../../support/one-shot.ts'
import { addressIn } from '../judge.ts'
import { addressOf } from '../names.ts'
import type { Attack } from './attack.ts'

export interface CrowdSetting {
  readonly port: number
  readonly name: string
  readonly clients: number
}

export const crowd: Attack<CrowdSetting> = async ({ port, name, clients }, { ready }) => {
  ready()
  const asked = Array.from({ length: clients }, (_, id) =>
    askOverUdp(port, query(name, 'A', { id }).bytes, 10_000),
  )
  const fates = await Promise.all(asked)
  const answered = fates.filter(
    fate => typeof fate !== 'string' && addressIn(fate) === addressOf(name),
  ).length
  return { answered, clients }
}
