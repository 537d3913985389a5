// local on the main thread: its counter.

import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { Vector } from '../../metrics/registrar.ts'
import type { LocalOptions } from './options.ts'

export const control = (_options: LocalOptions, scope: ControlScope): Vector =>
  scope.metrics
    .counter({
      name: 'coredns_local_localhost_requests_total',
      help: 'Counter of localhost.<domain> and <subdomain>.localhost requests.',
    })
    .vector({})
