// kubernetes on the main thread: follows the cluster that the options name, or keeps following it
// over a reload, waits for its first sync up to a limit, and tells caches which names change.

import { networkInterfaces } from 'node:os'
import { readTextFile } from '../../base/files/text-file.ts'
import { parseIp, withoutZone } from '../../base/ip.ts'
import { wait } from '../../base/time/timers.ts'
import { EXTERNAL_CHANGES, type ExternalChange } from '../../chain/offers/external-services.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { connect, type KubeWorld, SERVICE_ACCOUNT_FOLDER } from '../../kube/config/target.ts'
import type { RecordsRef } from '../../records/layout.ts'
import { readSearchDomains } from '../../upstream/addresses.ts'
import type { KubernetesOptions } from './options.ts'
import { declareApiMetrics } from './watch/api-metrics.ts'
import { ClusterSource, type SourceChange, sourceIdentity } from './watch/cluster-source.ts'
import { markChanges } from './watch/publish/invalidation-marks.ts'

/** Where tests lay out what a pod has. */
const FOLDER_VARIABLE = 'SHARDNS_SERVICE_ACCOUNT_DIR'
const WAITING_LINE_MS = 500

const RESOLV_CONF = '/etc/resolv.conf'
/** Of the machine: a query is asked once for each. */
const MOST_DOMAINS = 100

export interface KubernetesShared {
  readonly records: RecordsRef
  /** Addresses that the server answers at, without loopback ones: 4 or 16 bytes each. */
  readonly ownAddresses: readonly Uint8Array[]
  /** What the machine searches, for pods that have its search list behind their own. */
  readonly searchDomains: readonly string[]
}

export const control = async (
  options: KubernetesOptions,
  scope: ControlScope,
): Promise<KubernetesShared> => {
  warnOfPods(options, scope)
  const { log, clock, process: server } = scope
  const world = worldOf(server.userAgent)
  const { collectGarbage } = server
  const hasPodFacts = asksForPods(options, scope)
  const parts = { log, clock, world, collectGarbage, hasPodFacts }
  const source = scope.keep(
    sourceIdentity(options, hasPodFacts),
    resources => new ClusterSource(options, resources, parts),
  )
  const ownAddresses = addressesOf(scope.settings.bindAddresses ?? interfaceAddresses())
  const metrics = declareApiMetrics(scope.metrics)
  source.metrics ??= metrics
  // No shard has answered yet, and none will before the wait is over.
  let isAwaited = server.isFirstLoad
  const unfollow = source.follow(change => {
    if (!isAwaited) markChanges(scope.changes, options, ownAddresses, change)
  })
  scope.onRetire(unfollow)
  scope.offer(EXTERNAL_CHANGES, follower =>
    source.follow(change => {
      for (const told of outsideOf(change, ownAddresses)) follower(told)
    }),
  )
  scope.onStart(() => {
    source.metrics = metrics
    // What caches hold was answered by the configuration of before, if there was one.
    if (!server.isFirstLoad) scope.changes.markWhole()
  })
  if (scope.block.directives.includes('ready'))
    server.readiness.add('kubernetes', () => source.isSynced)
  await source.connect()
  const waited = waitFor(source, options.startupTimeoutMs, scope).then(() => {
    isAwaited = false
  })
  scope.hold(waited, options.startupTimeoutMs)
  return { records: source.records, ownAddresses, searchDomains: searchDomainsFor(scope) }
}

/** Names and labels of pods take much room: they are for metadata alone. */
const asksForPods = ({ pods }: KubernetesOptions, { block }: ControlScope): boolean =>
  pods === 'verified' && block.directives.includes('metadata')

/** The meaning of a change for external names. */
const outsideOf = (
  change: SourceChange,
  ownAddresses: readonly Uint8Array[],
): readonly ExternalChange[] => {
  switch (change.kind) {
    // Endpoints of headless services have names there.
    case 'service':
      return [{ kind: 'service', labels: change.labels }]
    // Maybe of the services of this server.
    case 'outside-service':
      return [{ kind: 'service', labels: change.labels }, { kind: 'name-servers' }]
    case 'outside':
      return [{ kind: 'address', address: change.address }]
    case 'address':
      return ownAddresses.some(own => Buffer.compare(own, change.address) === 0)
        ? [{ kind: 'name-servers' }]
        : []
    default:
      return []
  }
}

/** Read for *autopath* alone, as in CoreDNS; a file that is not there has none. */
const searchDomainsFor = ({ block }: ControlScope): readonly string[] => {
  if (!block.directives.includes('autopath')) return []
  try {
    return readSearchDomains(readTextFile(RESOLV_CONF)).slice(0, MOST_DOMAINS)
  } catch {
    return []
  }
}

const worldOf = (userAgent: string): KubeWorld => ({
  env: process.env,
  serviceAccountFolder: process.env[FOLDER_VARIABLE] ?? SERVICE_ACCOUNT_FOLDER,
  userAgent,
})

/** The commonest slip with *autopath*, which would do nothing in silence. */
const warnOfPods = (
  { pods }: KubernetesOptions,
  { block, log }: Pick<InspectScope, 'block' | 'log'>,
): void => {
  if (pods !== 'verified' && block.directives.includes('autopath'))
    log.warning("without 'pods verified' autopath @kubernetes has no effect")
}

/** Credentials of the pod are not checked here, only files that the Corefile names. */
export const inspect = async (options: KubernetesOptions, scope: InspectScope): Promise<void> => {
  warnOfPods(options, scope)
  const { endpoint, tls, kubeconfig } = options
  if (endpoint === undefined && kubeconfig === undefined) return
  const connection = await connect({ endpoint, tls, kubeconfig }, worldOf(''))
  connection.close()
}

/** As CoreDNS: other zones are not kept waiting for an API server that is away. */
const waitFor = async (
  source: ClusterSource,
  timeoutMs: number,
  { log }: ControlScope,
): Promise<void> => {
  if (source.isSynced) return
  const given = new AbortController()
  const ticker = setInterval(
    () => log.info('waiting for Kubernetes API before starting server'),
    WAITING_LINE_MS,
  )
  await Promise.race([source.synced, wait(timeoutMs, given.signal)])
  given.abort()
  clearInterval(ticker)
  if (!source.isSynced) log.warning('starting server with unsynced Kubernetes API')
}

const interfaceAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap(addresses =>
    (addresses ?? []).map(({ address }) => address),
  )

/** Those that others can reach. */
const addressesOf = (texts: readonly string[]): Uint8Array[] =>
  texts.flatMap(text => {
    const address = parseIp(withoutZone(text))
    return address === undefined || isLoopback(address.bytes) ? [] : [address.bytes]
  })

const isLoopback = (bytes: Uint8Array): boolean =>
  bytes.length === 4
    ? bytes[0] === 127
    : bytes[15] === 1 && bytes.subarray(0, 15).every(byte => byte === 0)
