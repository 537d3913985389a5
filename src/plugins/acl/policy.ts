// Hot path. A policy of acl made ready to be asked, by either path.

import { CidrSet, type IpAddress, type IpPrefix, parseCidr } from '../../base/ip.ts'
import type { Action, Policy } from './options.ts'

export interface CompiledPolicy {
  readonly action: Action
  /** Undefined: all. */
  readonly types: ReadonlySet<number> | undefined
  readonly nets: CidrSet | undefined
}

export const compilePolicy = ({ action, types, nets }: Policy): CompiledPolicy => ({
  action,
  types: types && new Set(types),
  nets:
    nets &&
    new CidrSet(nets.map(parseCidr).filter((prefix): prefix is IpPrefix => prefix !== undefined)),
})

/** Whether the policy is about such a query. */
export const fits = ({ types, nets }: CompiledPolicy, address: IpAddress, qtype: number): boolean =>
  (types === undefined || types.has(qtype)) && (nets === undefined || nets.has(address))
