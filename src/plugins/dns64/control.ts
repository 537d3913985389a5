// dns64 on the main thread: its counter.

import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { Vector } from '../../metrics/registrar.ts'
import type { Dns64Options } from './options.ts'

export const control = (_options: Dns64Options, scope: ControlScope): Vector =>
  scope.metrics
    .counter({
      name: 'coredns_dns64_requests_translated_total',
      help: 'Counter of DNS requests translated by dns64.',
      labelNames: ['server'],
    })
    .vector({}, { server: scope.block.listeners.map(({ label }) => label) })
