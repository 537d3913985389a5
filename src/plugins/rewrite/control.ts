// rewrite on the main thread: its counter.

import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { Vector } from '../../metrics/registrar.ts'
import type { Rule } from './rule.ts'

export interface RewriteShared {
  readonly failures: Vector
}

export const control = (
  _rules: readonly Rule[],
  { block, metrics }: ControlScope,
): RewriteShared => ({
  failures: metrics
    .counter({
      name: 'shardns_rewrite_failures_total',
      help: 'Counter of queries answered SERVFAIL since a rule made what cannot be sent of them.',
      labelNames: ['server', 'view'],
    })
    .vector({ view: block.view }, { server: block.listeners.map(({ label }) => label) }),
})
