// `prometheus [ADDRESS] { runtime_metrics; tls FILE }`, once per server block.

import { argument, flag, withoutEffect } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'
import { listenAddress } from '../../corefile/options/values.ts'

export interface PrometheusOptions {
  readonly address: string
  readonly runtimeMetrics: boolean
}

export const options: OptionTable<PrometheusOptions> = optionTable('once', {
  rows: {
    address: argument('ADDRESS', listenAddress, {
      default: 'localhost:9153',
      does: 'where /metrics is served; all addresses without a host',
    }),
    runtimeMetrics: flag('runtime_metrics', {
      surplus: 'refused-first',
      does: 'show more of the runtime: garbage collections, spaces of the heap, the event loop',
    }),
  },
  others: [
    withoutEffect('tls', 'FILE', {
      support: 'refused',
      surplus: 'next-line',
      most: 0,
      does: 'serve metrics over TLS',
      meet(_, directive) {
        throw directive.err(
          'tls is not supported for metrics yet: put a TLS proxy in front of the endpoint',
        )
      },
    }),
  ],
  otherLine: (directive, known) =>
    directive.unknownOption(`unknown option: ${directive.val()}`, known),
})
