// The main half of forward: lists the upstreams, reads the TLS files, reserves shared words, probes
// upstreams that a shard reports.

import { LONGEST_TIMER_MS } from '../../base/time/timers.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { readTlsFiles } from '../../chain/tls-files.ts'
import { type Endpoint, isEncrypted } from '../../upstream/endpoint.ts'
import { HealthProbes } from '../../upstream/health-probes.ts'
import { HealthWords, healthWordCount } from '../../upstream/health-words.ts'
import { Prober, type ProberOptions } from '../../upstream/prober.ts'
import { type ClientMaterial, makeSecureContext } from '../../upstream/secure-context.ts'
import { socketsPerThread, threadSockets } from '../../upstream/socket-allowance.ts'
import { nameFromText } from '../../wire/name.ts'
import { declareProbeFailures, declareVectors, type ForwardVectors } from './metrics.ts'
import type { ForwardOptions } from './options.ts'
import { inspectUpstreams, listUpstreams } from './upstream-list.ts'

const PROBE_TIMEOUT_MS = 1000
/** `health_check 0` would otherwise probe a refusing upstream as fast as a processor can. */
const MINIMUM_PROBE_INTERVAL_MS = 10

const ROOT = Uint8Array.of(0)

/** What a shard needs of one `forward` beside its options. */
export interface InstanceShared {
  readonly upstreams: readonly Endpoint[]
  readonly tls: ClientMaterial
  /** Word offsets: health (healthWordCount words) and the turn of round_robin. */
  readonly healthWord: number
  readonly turnWord: number
  /** ControlScope.permits(), undefined without max_concurrent. */
  readonly permits: number | undefined
  readonly vectors: ForwardVectors
}

export interface ForwardShared {
  readonly instances: readonly InstanceShared[]
  /** Sockets that each shard may hold open to upstreams, over all its `forward`s. */
  readonly socketsPerShard: number
}

/** Host names are not asked for. */
export const inspect = async (
  options: readonly ForwardOptions[],
  scope: InspectScope,
): Promise<void> => {
  for (const one of options) {
    await inspectUpstreams(one, scope)
    await scope.attempt(() => readTlsFiles(one.tlsFiles, scope.settings.root))
  }
}

export const control = async (
  options: readonly ForwardOptions[],
  scope: ControlScope,
): Promise<ForwardShared> => {
  const instances: InstanceShared[] = []
  for (const one of options) instances.push(await controlInstance(one, scope))
  return { instances, socketsPerShard: socketsPerThread(scope.shards + 1) }
}

const controlInstance = async (
  options: ForwardOptions,
  scope: ControlScope,
): Promise<InstanceShared> => {
  const upstreams = await listUpstreams(options)
  warnOfProxy(upstreams, scope)
  const tls = readTlsFiles(options.tlsFiles, scope.settings.root)
  const shared: InstanceShared = {
    upstreams,
    tls,
    healthWord: scope.shared(healthWordCount(upstreams.length)),
    turnWord: scope.shared(1),
    permits: options.maxConcurrent > 0 ? scope.permits() : undefined,
    vectors: declareVectors(
      scope.metrics,
      upstreams.map(({ name }) => name),
    ),
  }
  const onFailure = declareProbeFailures(scope.metrics)
  if (options.maxFails > 0) watchHealth(options, shared, scope, onFailure)
  return shared
}

/** CoreDNS asks upstreams over HTTPS by a proxy if the environment says so. */
const warnOfProxy = (upstreams: readonly Endpoint[], { log }: ControlScope): void => {
  const { HTTPS_PROXY = '', https_proxy = '' } = process.env
  if (HTTPS_PROXY + https_proxy === '') return
  if (upstreams.some(({ protocol }) => protocol === 'https'))
    log.warning('HTTPS_PROXY is not used: upstreams over HTTPS are asked directly')
}

const watchHealth = (
  options: ForwardOptions,
  shared: InstanceShared,
  scope: ControlScope,
  onFailure: (to: string) => void,
): void => {
  let watch: { readonly prober: Prober; readonly probes: HealthProbes } | undefined
  scope.onStart(() => {
    const prober = new Prober(proberOptions(options, shared), threadSockets)
    const probes = new HealthProbes({
      words: new HealthWords(scope.words(), shared.healthWord),
      upstreams: shared.upstreams,
      intervalMs: Math.min(
        Math.max(options.healthCheckMs, MINIMUM_PROBE_INTERVAL_MS),
        LONGEST_TIMER_MS,
      ),
      probe: upstream => prober.probe(upstream),
      onFailure: upstream => onFailure(upstream.name),
    })
    probes.start()
    watch = { prober, probes }
  })
  scope.onRetire(async () => {
    const stopped = watch?.probes.stop()
    watch?.prober.close()
    await stopped
  })
}

const proberOptions = (options: ForwardOptions, shared: InstanceShared): ProberOptions => ({
  qname: nameFromText(options.healthCheckName) ?? ROOT,
  recursionDesired: options.healthCheckRecursion,
  forceTcp: options.forceTcp,
  secureContext: shared.upstreams.some(isEncrypted) ? makeSecureContext(shared.tls) : undefined,
  sourceAddress: options.sourceAddress,
  timeoutMs: PROBE_TIMEOUT_MS,
})
