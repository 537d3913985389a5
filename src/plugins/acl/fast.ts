// Hot path.
// The fast step of acl: lets through what the rules allow. What they block, filter or drop is the slow path's.

import type { FastQuery } from '../../core/fast-query.ts'
import { FAST_NEXT, FAST_SLOW, type FastStep, type FastVerdict } from '../../core/fast-step.ts'
import { CidrSet, type IpPrefix, parseCidr } from '../../core/ip.ts'
import { WireZones } from '../../core/wire-zones.ts'
import type { CounterRow } from '../../memory/counters.ts'
import type { Policy, Rule } from './options.ts'

interface FastPolicy {
  readonly isAllow: boolean
  /** Undefined: all. */
  readonly types: ReadonlySet<number> | undefined
  readonly nets: CidrSet | undefined
}

interface FastRule {
  readonly zones: WireZones
  readonly policies: readonly FastPolicy[]
}

const compilePolicy = ({ action, types, nets }: Policy): FastPolicy => ({
  isAllow: action === 'allow',
  types: types && new Set(types),
  nets: nets && new CidrSet(nets.map(parseCidr).filter((prefix): prefix is IpPrefix => prefix !== undefined)),
})

const fits = ({ types, nets }: FastPolicy, query: FastQuery): boolean =>
  (types === undefined || types.has(query.qtype)) && (nets === undefined || nets.has(query.address))

export class FastJudge implements FastStep {
  readonly #rules: readonly FastRule[]
  /** Word of the counter of allowed queries by ListenerRef.index. */
  readonly #allowed: readonly (number | undefined)[]
  readonly #row: CounterRow

  constructor(rules: readonly Rule[], allowed: readonly { readonly index: number; readonly word: number }[], row: CounterRow) {
    this.#rules = rules.map(rule => ({ zones: WireZones.fromText(rule.zones), policies: rule.policies.map(compilePolicy) }))
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
        if (fits(policy, query)) return policy.isAllow ? FAST_NEXT : FAST_SLOW
      }
    }
    return FAST_NEXT
  }

  done(query: FastQuery): void {
    const word = this.#allowed[query.listener.index]
    if (word !== undefined) this.#row.add(word)
  }
}
