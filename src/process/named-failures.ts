// What runs long after a control half has: gauges at a scrape, routes at a request. Their failures
// have the name of the plugin, and are one plugin's.

import { messageOf } from '../chain/errors.ts'
import type { HttpRoute } from '../chain/plugin/control-scope.ts'
import type { Logger } from '../log/logger.ts'
import type { MetricRegistrar } from '../metrics/registrar.ts'
import { checkAnswer, gaugeValues } from './scope-checks.ts'

/** What a gauge fails with does not keep the others from being shown, and is logged. */
export const namedMetrics = (metrics: MetricRegistrar, log: Logger): MetricRegistrar => ({
  counter: options => metrics.counter(options),
  histogram: options => metrics.histogram(options),
  gauge(options, collect) {
    if (typeof collect !== 'function') throw new TypeError('gauge takes a function')
    metrics.gauge(options, () => {
      try {
        return gaugeValues(options.labelNames ?? [], collect)
      } catch (error) {
        log.error(`gauge ${options.name} fails: ${messageOf(error)}`)
        return []
      }
    })
  },
  measureProcess: () => metrics.measureProcess(),
  showRuntime: () => metrics.showRuntime(),
  expose: () => metrics.expose(),
})

/** The route, with the plugin's name on what it fails with. */
export const namedRoute = (name: string, route: HttpRoute): HttpRoute => ({
  ...route,
  async respond(request) {
    try {
      return checkAnswer(await route.respond(request))
    } catch (error) {
      throw new Error(`plugin/${name}: ${messageOf(error)}`, { cause: error })
    }
  },
})
