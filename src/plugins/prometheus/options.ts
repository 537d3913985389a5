// `prometheus [ADDRESS] { runtime_metrics; tls FILE }`, once per server block.

import { argument, flag, words } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'
import { listenAddress } from '../../corefile/options/values.ts'

export interface PrometheusOptions {
  readonly address: string
  readonly runtimeMetrics: boolean
  /** A web configuration, as written; '' for none. */
  readonly tls: string
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
    tls: words('tls', 'FILE', {
      least: 1,
      most: 1,
      does: "serve over TLS, as Prometheus's web configuration in FILE says",
      start: () => '',
      read([file], before, directive) {
        if (before !== '') throw directive.err('tls block already specified')
        return file?.text ?? ''
      },
    }),
  },
  otherLine: (directive, known) =>
    directive.unknownOption(`unknown option: ${directive.val()}`, known),
})
