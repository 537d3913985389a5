// Main half of health: route, probe loop, lameduck.

import { isIP } from '../../base/ip-text.ts'
import { wait } from '../../base/time/timers.ts'
import { assertBindable } from '../../chain/bindable.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { formatDuration } from '../../corefile/words/duration.ts'
import { splitHostPort } from '../../corefile/words/host-port.ts'
import { SLIM_TIME_BUCKETS } from '../../metrics/registrar.ts'
import type { HealthOptions } from './options.ts'
import { startProbing } from './probe.ts'

export const inspect = async ({ address }: HealthOptions, scope: InspectScope): Promise<void> => {
  const split = splitHostPort(address)
  // Names are not asked for.
  if ('error' in split || isIP(split.host) === 0) return
  await scope.attempt(() => assertBindable(split.host, address))
}

export const control = (options: HealthOptions, scope: ControlScope): undefined => {
  const { address, lameduckMs } = options
  scope.http({
    address,
    path: '/health',
    onBindFailure: 'fatal',
    respond: () => ({ status: 200, contentType: 'text/plain; charset=utf-8', body: 'OK' }),
  })
  const durations = scope.metrics.histogram({
    name: 'coredns_health_request_duration_seconds',
    help: 'Histogram of the time (in seconds) each request took.',
    buckets: SLIM_TIME_BUCKETS,
    unitsPerOne: 1e9,
  })
  const failures = scope.metrics.counter({
    name: 'coredns_health_request_failures_total',
    help: 'The number of times the health check failed.',
  })
  let stop = () => {}
  scope.onStart(() => {
    stop = startProbing(address, {
      log: scope.log,
      clock: scope.clock,
      onProbe(durationSeconds, hasFailed) {
        durations.observe({}, durationSeconds)
        if (hasFailed) failures.add({})
      },
    })
  })
  scope.onRetire(() => stop())
  if (lameduckMs > 0) {
    scope.onFinalShutdown(async () => {
      scope.log.info(`Going into lameduck mode for ${formatDuration(lameduckMs)}`)
      await wait(lameduckMs)
    }, lameduckMs)
  }
  return undefined
}
