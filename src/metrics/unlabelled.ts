// Metrics without labels that exist from the start whether or not their plugin is configured, as in
// CoreDNS, so that alert rules find them.

import { type MetricRegistrar, SLIM_TIME_BUCKETS } from './registrar.ts'

const COUNTERS: Readonly<Record<string, string>> = {
  coredns_panics_total: 'A metrics that counts the number of panics.',
  coredns_health_request_failures_total: 'The number of times the health check failed.',
  coredns_reload_failed_total: 'Counter of the number of failed reload attempts.',
  coredns_forward_healthcheck_broken_total:
    'Counter of the number of complete failures of the healthchecks.',
  coredns_forward_max_concurrent_rejects_total:
    'Counter of the number of queries rejected because the concurrent queries were at maximum.',
}

/** Declares them on the process's own registrar. */
export const declareUnlabelled = (metrics: MetricRegistrar): void => {
  for (const [name, help] of Object.entries(COUNTERS)) metrics.counter({ name, help })
  metrics.histogram({
    name: 'coredns_health_request_duration_seconds',
    help: 'Histogram of the time (in seconds) each request took.',
    buckets: SLIM_TIME_BUCKETS,
    unitsPerOne: 1e9,
  })
}
