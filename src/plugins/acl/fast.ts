// Hot path. The fast step of acl: lets through what the rules allow. What they block, filter or
// drop is the slow path's.

import type { FastQuery } from '../../chain/fast-query.ts'
import { FAST_NEXT, FAST_SLOW, type FastStep, type FastVerdict } from '../../chain/fast-step.ts'
import type { CounterRow } from '../../memory/counters.ts'
import { WireZones } from '../../wire/zone-index.ts'
import type { Rule } from './options.ts'
import { type CompiledPolicy, compilePolicy, fits } from './policy.ts'

interface FastRule {
  readonly zones: WireZones
  readonly policies: readonly CompiledPolicy[]
}

/**
 * A listener of the block, by ListenerRef.index, with the word of its counter of allowed queries.
 */
interface AllowedCounter {
  readonly index: number
  readonly word: number
}

/** Undefined if a rule has a zone that only the slow path can match. */
export const fast = (
  rules: readonly Rule[],
  allowed: readonly AllowedCounter[],
  row: CounterRow,
): FastJudge | undefined => {
  const compiled: FastRule[] = []
  for (const rule of rules) {
    const zones = WireZones.fromText(rule.zones)
    if (zones === undefined) return undefined
    compiled.push({ zones, policies: rule.policies.map(compilePolicy) })
  }
  return new FastJudge(compiled, allowed, row)
}

class FastJudge implements FastStep {
  readonly #rules: readonly FastRule[]
  /** Word of the counter of allowed queries by ListenerRef.index. */
  readonly #allowed: readonly (number | undefined)[]
  readonly #row: CounterRow

  constructor(rules: readonly FastRule[], allowed: readonly AllowedCounter[], row: CounterRow) {
    this.#rules = rules
    const words: number[] = []
    for (const { index, word } of allowed) words[index] = word
    this.#allowed = Array.from(words)
    this.#row = row
  }

  ask(query: FastQuery): FastVerdict {
    for (let k = 0; k < this.#rules.length; k++) {
      const rule = this.#rules[k]!
      if (rule.zones.longest(query.key.bytes, query.nameLength) < 0) continue
      for (let n = 0; n < rule.policies.length; n++) {
        const policy = rule.policies[n]!
        if (fits(policy, query.address, query.qtype))
          return policy.action === 'allow' ? FAST_NEXT : FAST_SLOW
      }
    }
    return FAST_NEXT
  }

  done(query: FastQuery): void {
    const word = this.#allowed[query.listener.index]
    if (word !== undefined) this.#row.add(word)
  }
}
