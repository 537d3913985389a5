// How many requests of DNS over HTTPS were answered with each status: by shards, per listener.

import type { CounterRow } from '../memory/counters.ts'
import type { MetricRegistrar, Vector } from './registrar.ts'

const STATUSES = [200, 400, 404, 408, 500, 503] as const
/** For any other. */
const BAD_REQUEST = STATUSES.indexOf(400)

/** Reserves the series of one listener, on main. */
export const declareHttpStatuses = (metrics: MetricRegistrar, server: string): Vector =>
  metrics
    .counter({
      name: 'coredns_dns_https_responses_total',
      help: 'Counter of DoH responses per server and http status code.',
      labelNames: ['server', 'status'],
    })
    .vector({ server }, { status: STATUSES.map(String) })

export const countHttpStatus = (row: CounterRow, { base, step }: Vector, status: number): void => {
  const index = (STATUSES as readonly number[]).indexOf(status)
  row.add(base + step * (index < 0 ? BAD_REQUEST : index))
}
