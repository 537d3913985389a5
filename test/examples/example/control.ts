// The main half of example: its counter.

import type { ControlScope } from '../../../src/chain/plugin/control-scope.ts'
import type { Vector } from '../../../src/metrics/registrar.ts'
import type { ExampleOptions } from './options.ts'

export interface ExampleShared {
  readonly answers: Vector
}

export const control = (_options: ExampleOptions, scope: ControlScope): ExampleShared => {
  const family = scope.metrics.counter({
    name: 'coredns_example_answers_total',
    help: 'Counter of answers made.',
    labelNames: ['server'],
  })
  const servers = scope.block.listeners.map(({ label }) => label)
  return { answers: family.vector({}, { server: servers }) }
}
