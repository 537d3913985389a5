// Hot path. The rules of acl made ready to be asked, by either path.

import { CidrSet, type IpAddress, type IpPrefix, parseCidr } from '../../base/ip.ts'
import type { NameView } from '../../wire/name.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { Action, Policy, Rule } from './options.ts'

interface CompiledPolicy {
  readonly action: Action
  /** Undefined: all. */
  readonly types: ReadonlySet<number> | undefined
  readonly nets: CidrSet | undefined
}

interface CompiledRule {
  readonly zones: ZoneIndex
  /** Where its zones stand among those of all rules that are counted. */
  readonly positions: readonly number[]
  readonly policies: readonly CompiledPolicy[]
}

const compilePolicy = ({ action, types, nets }: Policy): CompiledPolicy => ({
  action,
  types: types && new Set(types),
  nets:
    nets &&
    new CidrSet(nets.map(parseCidr).filter((prefix): prefix is IpPrefix => prefix !== undefined)),
})

/** Whether the policy is about such a query. */
const fits = ({ types, nets }: CompiledPolicy, address: IpAddress, qtype: number): boolean =>
  (types === undefined || types.has(qtype)) && (nets === undefined || nets.has(address))

export class Judge {
  readonly #rules: readonly CompiledRule[]
  /** Position of the zone that the last verdict was given in. */
  zone = -1

  /** `zones` are those that are counted. */
  constructor(rules: readonly Rule[], zones: readonly string[]) {
    this.#rules = rules.map(rule => ({
      zones: ZoneIndex.fromText(rule.zones),
      positions: rule.zones.map(zone => zones.indexOf(zone)),
      policies: rule.policies.map(compilePolicy),
    }))
  }

  /**
   * The action of the first policy that fits, in the first rule that has one; undefined: none has.
   * A client without readable address meets `block`.
   */
  judge(name: NameView, address: IpAddress, qtype: number): Action | undefined {
    for (let k = 0; k < this.#rules.length; k++) {
      const { zones, positions, policies } = this.#rules[k]!
      const zone = zones.longest(name)
      if (zone < 0) continue
      this.zone = positions[zone]!
      if (address.bytes.length === 0) return 'block'
      for (let n = 0; n < policies.length; n++)
        if (fits(policies[n]!, address, qtype)) return policies[n]!.action
    }
    return undefined
  }
}
