// Asks our own health endpoint once a second, so that an overloaded process shows in metrics and
// log.

import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../chain/errors.ts'
import { formatDuration } from '../../corefile/duration.ts'
import { splitHostPort } from '../../corefile/host-port.ts'
import type { Logger } from '../../log/logger.ts'

const INTERVAL_MS = 1000
const TIMEOUT_MS = 3000
const SLOW_MS = 1000

export interface ProbeSetup {
  readonly log: Logger
  readonly clock: Clock
  onProbe(durationSeconds: number, hasFailed: boolean): void
}

/** Probes `http://ADDRESS/health` each second, never two at a time. Returns what stops it. */
export const startProbing = (address: string, setup: ProbeSetup): (() => void) => {
  const stopped = new AbortController()
  let isBusy = false
  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    void probeOnce(address, setup, stopped.signal).finally(() => {
      isBusy = false
    })
  }, INTERVAL_MS).unref()
  return () => {
    clearInterval(timer)
    stopped.abort()
  }
}

/** One probe: measures, counts, warns. Never rejects; says nothing if `signal` ended it. */
export const probeOnce = async (
  address: string,
  setup: ProbeSetup,
  signal: AbortSignal,
): Promise<void> => {
  const url = `http://${address}/health`
  const startMs = setup.clock.ms()
  const failure = await askOwnHealth(address, signal)
  if (signal.aborted) return
  const tookMs = setup.clock.ms() - startMs
  setup.onProbe(tookMs / 1000, failure !== undefined)
  if (failure !== undefined)
    setup.log.warning(`Local health request to "${url}" failed: ${failure}`)
  else if (tookMs > SLOW_MS)
    setup.log.warning(
      `Local health request to "${url}" took more than 1s: ${formatDuration(tookMs)}`,
    )
}

/** Undefined if any HTTP answer came, else what went wrong. */
const askOwnHealth = (address: string, signal: AbortSignal): Promise<string | undefined> => {
  const { host, port } = splitHostPort(address) as { host: string; port: string }
  const deadline = AbortSignal.timeout(TIMEOUT_MS)
  // Here and not at the top: shards load this file and never probe. An `import` of node:http would
  // load WebSocket and fetch as well (15 MiB).
  const { request } = process.getBuiltinModule('node:http')
  return new Promise(resolve => {
    const asked = request({
      host: isAllAddresses(host) ? '127.0.0.1' : host,
      port,
      path: '/health',
      agent: false,
      signal: AbortSignal.any([signal, deadline]),
    })
    asked.on('response', response => {
      response.resume()
      resolve(undefined)
    })
    asked.on('error', error =>
      resolve(deadline.aborted ? `no answer within ${TIMEOUT_MS / 1000}s` : messageOf(error)),
    )
    asked.end()
  })
}

const isAllAddresses = (host: string): boolean => host === '' || host === '0.0.0.0' || host === '::'
