// Main half of reload: one loop for the process, even if several blocks have the directive; the
// last block's options are used.

import { random32 } from '../../base/entropy.ts'
import { LONGEST_TIMER_MS } from '../../base/time/timers.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import { makeCheck, type VersionInfo } from './check.ts'
import type { ReloadOptions } from './options.ts'

/**
 * The scope whose control half ran last: loads follow one another, so it is the last block of the
 * newest generation.
 */
let lastScope: ControlScope | undefined
/** Outlives generations: shown from the first changed Corefile on. */
const version: VersionInfo = { hash: undefined }

export const control = (options: ReloadOptions, scope: ControlScope): undefined => {
  lastScope = scope
  const failures = scope.metrics.counter({
    name: 'coredns_reload_failed_total',
    help: 'Counter of the number of failed reload attempts.',
  })
  const info = {
    name: 'coredns_reload_version_info',
    help: 'A metric with value 1 and the hash of the Corefile last seen.',
  }
  scope.metrics.gauge({ ...info, labelNames: ['hash', 'value'] }, () =>
    version.hash === undefined
      ? []
      : [{ labels: { hash: 'sha512', value: version.hash }, value: 1 }],
  )
  let timer: NodeJS.Timeout | undefined
  scope.onStart(() => {
    if (lastScope !== scope) return
    scope.log.info(`Running configuration SHA512 = ${scope.process.configHash}`)
    const check = makeCheck({
      process: scope.process,
      log: scope.log,
      version,
      onFailure: () => failures.add({}),
    })
    timer = setInterval(() => void check(), periodMs(options)).unref()
  })
  scope.onRetire(() => {
    clearInterval(timer)
    if (lastScope === scope) lastScope = undefined
  })
  return undefined
}

/** INTERVAL and a uniform draw from -JITTER/2 up to JITTER/2. */
export const periodMs = ({ intervalMs, jitterMs }: ReloadOptions): number => {
  const width = Math.floor(jitterMs)
  const jitter = Math.floor((random32() / 2 ** 32) * width) - width / 2
  return Math.min(intervalMs + jitter, LONGEST_TIMER_MS)
}
