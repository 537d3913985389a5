// acl on the main thread: its counters.

import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { Vector } from '../../metrics/registrar.ts'
import type { Rule } from './options.ts'

export interface AclShared {
  /** All zones of the rules, each once: the second dimension of the vectors. */
  readonly zones: readonly string[]
  readonly block: Vector
  readonly filter: Vector
  readonly drop: Vector
  /** Without zones. */
  readonly allowed: Vector
}

export const control = (rules: readonly Rule[], scope: ControlScope): AclShared => {
  const zones = [...new Set(rules.flatMap(rule => rule.zones))]
  const server = scope.block.listeners.map(listener => listener.label)
  const { view } = scope.block
  const denied = (verb: string): Vector =>
    scope.metrics
      .counter({
        name: `coredns_acl_${verb}_requests_total`,
        help: `Counter of DNS requests being ${verb}.`,
        labelNames: ['server', 'zone', 'view'],
      })
      .vector({ view }, { server, zone: zones })
  const allowed = scope.metrics
    .counter({
      name: 'coredns_acl_allowed_requests_total',
      help: 'Counter of DNS requests being allowed.',
      labelNames: ['server', 'view'],
    })
    .vector({ view }, { server })
  return {
    zones,
    block: denied('blocked'),
    filter: denied('filtered'),
    drop: denied('dropped'),
    allowed,
  }
}
