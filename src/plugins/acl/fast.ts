// Hot path. The fast step of acl: lets queries through that the rules allow. Those that they block,
// filter or drop take the slow path.

import type { FastQuery } from '../../chain/query/fast-query.ts'
import {
  FAST_NEXT,
  FAST_SLOW,
  type FastStep,
  type FastVerdict,
} from '../../chain/stage/fast-step.ts'
import type { CounterRow } from '../../memory/counters.ts'
import type { Judge } from './policy.ts'

export class FastAcl implements FastStep {
  readonly #judge: Judge
  /** Word of the counter of allowed queries by ListenerRef.index. */
  readonly #allowed: readonly (number | undefined)[]
  readonly #row: CounterRow

  constructor(judge: Judge, allowed: readonly (number | undefined)[], row: CounterRow) {
    this.#judge = judge
    this.#allowed = allowed
    this.#row = row
  }

  ask(query: FastQuery): FastVerdict {
    const action = this.#judge.judge(query.name, query.address, query.qtype)
    return action === undefined || action === 'allow' ? FAST_NEXT : FAST_SLOW
  }

  done(query: FastQuery): void {
    const word = this.#allowed[query.listener.index]
    if (word !== undefined) this.#row.add(word)
  }
}
