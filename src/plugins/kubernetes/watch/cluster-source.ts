// One cluster: connection, watches, model and records. It is kept over reloads while a Corefile
// asks for the same cluster in the same way. So a reload lists nothing again and loses nothing.

import type { Clock } from '../../../base/time/clock.ts'
import { systemTimers, type Timers } from '../../../base/time/timers.ts'
import type { Kept, Resources } from '../../../chain/plugin/control-scope.ts'
import { connect, type KubeWorld } from '../../../kube/config/target.ts'
import type { KubeConnection } from '../../../kube/connection.ts'
import { FailureBoard } from '../../../kube/failure.ts'
import type { Resource } from '../../../kube/get.ts'
import { Limiter } from '../../../kube/limiter.ts'
import { ObjectBytes } from '../../../kube/protobuf/object-bytes.ts'
import { Reflector, systemRandom } from '../../../kube/reflector.ts'
import type { Sink } from '../../../kube/sink.ts'
import type { Logger } from '../../../log/logger.ts'
import type { RecordsRef } from '../../../records/layout.ts'
import type { RecordsMap } from '../../../records/map.ts'
import type { KubernetesOptions } from '../options.ts'
import { NOTE_SYNCED } from '../records/record-keys.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { Cluster } from './cluster.ts'
import { type Change, Publisher } from './publish/publisher.ts'

/** `synced` comes once, when the first lists are complete. */
export type SourceChange = Change | { readonly kind: 'synced' }

export interface SourceParts {
  readonly log: Logger
  readonly clock: Clock
  readonly world: KubeWorld
  /** Whether names and labels of pods are kept. */
  readonly hasPodFacts?: boolean
  readonly collectGarbage?: () => void
  readonly timers?: Timers
  readonly random?: () => number
}

/** Leaves out pods that have ended: other pods may have their addresses now. */
const LIVE_PODS = 'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown'
const LOOK_MS = 1000
/**
 * When so much of the records is gone, main's heap holds as much that is of no use: it is collected
 * once no more goes.
 */
const GONE_SHARE = 0.25
const LEAST_GONE = 1000
/**
 * The garbage of one object, counted in changes of records, and the amount after which it is
 * collected. That is a few times in a large first list, and every few minutes while watching.
 */
const JSON_GARBAGE = 10
const PROTOBUF_GARBAGE = 2
const COLLECTED_GARBAGE = 20_000
const IMPORTED_SLICES = 'multicluster.kubernetes.io/service-name'

/** The options that determine the cluster and which of its data are kept. */
export const sourceIdentity = (options: KubernetesOptions, hasPodFacts = false): string => {
  const {
    zones,
    primaryZone,
    ttlSeconds,
    fallthrough,
    ignoreEmptyService,
    zonal,
    startupTimeoutMs,
    ...rest
  } = options
  return JSON.stringify({
    ...rest,
    pods: options.pods === 'verified',
    multiclusterZones: options.multiclusterZones.length > 0,
    hasPodFacts,
  })
}

export class ClusterSource implements Kept {
  /**
   * Resolves when everything is listed and written. Never resolves if the source is disposed of
   * before.
   */
  readonly synced: Promise<void>
  /** Where to count. The generation that serves sets it. */
  metrics: ApiMetrics | undefined
  readonly #options: KubernetesOptions
  readonly #parts: SourceParts
  readonly #map: RecordsMap
  readonly #cluster: Cluster
  readonly #followers = new Set<(change: SourceChange) => void>()
  readonly #firstSync = Promise.withResolvers<void>()
  #connected: Promise<void> | undefined
  #connection: KubeConnection | undefined
  #reflectors: readonly Reflector[] = []
  #isDisposed = false
  #garbage = 0
  /** Records at the last look, and the most that there were since main's heap was collected. */
  #entries = 0
  #mostEntries = 0
  readonly #look: NodeJS.Timeout

  constructor(options: KubernetesOptions, resources: Resources, parts: SourceParts) {
    this.#options = options
    this.#parts = parts
    this.#map = resources.newRecords()
    this.synced = this.#firstSync.promise
    const publisher = new Publisher(this.#map, parts.clock, parts.log)
    publisher.onChanged = change => this.#tell(change)
    const { namespaces, endpointPodNames, multiclusterZones, endpoints } = options
    this.#cluster = new Cluster({
      options: {
        namespaces,
        endpointPodNames,
        multicluster: multiclusterZones.length > 0,
        endpoints,
        hasPodFacts: parts.hasPodFacts,
      },
      publisher,
      log: parts.log,
      clock: parts.clock,
      observeProgramming: (kind, seconds) => this.metrics?.programming(kind, seconds),
    })
    this.#look = setInterval(() => {
      // Tries records that did not fit again, even if nothing else happens.
      if (publisher.isIncomplete) this.#cluster.services.flush()
      this.#collectGone()
    }, LOOK_MS).unref()
  }

  get records(): RecordsRef {
    return this.#map.ref
  }

  get isSynced(): boolean {
    return this.#map.note(NOTE_SYNCED) === 1
  }

  /** Calls `follower` after each change that shards can see. Returns a function that ends this. */
  follow(follower: (change: SourceChange) => void): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  /**
   * Reads credentials and begins to list. Only the first call does so. Rejects if the credentials
   * cannot be read.
   */
  connect(): Promise<void> {
    this.#connected ??= this.#connect()
    return this.#connected
  }

  dispose(): void {
    this.#isDisposed = true
    clearInterval(this.#look)
    this.#followers.clear()
    this.#cluster.close()
    this.#map.drop()
    for (const reflector of this.#reflectors) void reflector.stop()
    this.#connection?.close()
  }

  async #connect(): Promise<void> {
    const { endpoint, tls, kubeconfig, apiserverQps, apiserverBurst, apiserverMaxInflight } =
      this.#options
    const { world, log, timers = systemTimers, random = systemRandom } = this.#parts
    const connection = await connect({ endpoint, tls, kubeconfig }, world)
    if (this.#isDisposed) return connection.close()
    this.#connection = connection
    // What only the start needed, before the first lists come.
    this.#parts.collectGarbage?.()
    const limiter = new Limiter({
      qps: apiserverQps,
      burst: apiserverBurst,
      maxInflight: apiserverMaxInflight,
      timers,
    })
    const failures = new FailureBoard()
    this.#reflectors = this.#watched().map(
      ({ resource, sink }) =>
        new Reflector({
          connection,
          resource,
          sink: this.#collecting(sink),
          log,
          timers,
          random,
          limiter,
          failures,
          observe: (_verb, code, seconds) => this.metrics?.request(connection.host, code, seconds),
          observeWait: seconds => this.metrics?.waited(connection.host, seconds),
        }),
    )
    for (const reflector of this.#reflectors) reflector.start()
    void this.#finish()
  }

  async #finish(): Promise<void> {
    await Promise.all(this.#reflectors.map(reflector => reflector.synced))
    await this.#cluster.idle()
    if (this.#isDisposed) return
    this.#map.setNote(NOTE_SYNCED, 1)
    this.#mostEntries = this.#map.entries
    this.#tell({ kind: 'synced' })
    this.#firstSync.resolve()
  }

  #watched(): { readonly resource: Resource; readonly sink: Sink }[] {
    const { labels, namespaceLabels, endpoints, pods, multiclusterZones } = this.#options
    const selected = labels === undefined ? {} : { labelSelector: labels.text }
    const selectedNamespaces =
      namespaceLabels === undefined ? {} : { labelSelector: namespaceLabels.text }
    const cluster = this.#cluster
    // Imports are a custom resource, and the API server gives those in JSON only.
    const hasProtobuf = true
    const slices = '/apis/discovery.k8s.io/v1/endpointslices'
    const imports = '/apis/multicluster.x-k8s.io/v1alpha1/serviceimports'
    const watched: { readonly resource: Resource; readonly sink: Sink }[] = [
      {
        resource: {
          name: 'namespaces',
          path: '/api/v1/namespaces',
          hasProtobuf,
          ...selectedNamespaces,
        },
        sink: cluster.namespaces,
      },
      {
        resource: { name: 'services', path: '/api/v1/services', hasProtobuf, ...selected },
        sink: cluster.services,
      },
    ]
    if (endpoints)
      watched.push({
        resource: { name: 'endpointslices', path: slices, hasProtobuf, ...selected },
        sink: cluster.slices,
      })
    if (pods === 'verified') {
      const resource = {
        name: 'pods',
        path: '/api/v1/pods',
        hasProtobuf,
        ...selected,
        fieldSelector: LIVE_PODS,
      }
      watched.push({ resource, sink: cluster.pods })
    }
    if (multiclusterZones.length === 0) return watched
    watched.push({
      resource: { name: 'serviceimports', path: imports, ...selectedNamespaces },
      sink: cluster.imports,
    })
    if (!endpoints) return watched
    const resource = {
      name: 'endpointslices',
      path: slices,
      hasProtobuf,
      labelSelector: IMPORTED_SLICES,
    }
    return [...watched, { resource, sink: cluster.importSlices }]
  }

  #collecting(sink: Sink): Sink {
    return {
      listBegins: () => sink.listBegins(),
      put: object => {
        sink.put(object)
        this.#madeGarbage(object instanceof ObjectBytes ? PROTOBUF_GARBAGE : JSON_GARBAGE)
      },
      remove: object => sink.remove(object),
      listEnds: () => sink.listEnds(),
      flush: () => sink.flush(),
    }
  }

  /** A list and its records leave many times more garbage than is kept of them. */
  #madeGarbage(amount: number): void {
    this.#garbage += amount
    if (this.#garbage < COLLECTED_GARBAGE) return
    this.#garbage = 0
    this.#parts.collectGarbage?.()
  }

  #collectGone(): void {
    const { entries } = this.#map
    const isStill = entries === this.#entries
    this.#entries = entries
    this.#mostEntries = Math.max(this.#mostEntries, entries)
    const gone = this.#mostEntries - entries
    if (!isStill || gone < Math.max(LEAST_GONE, GONE_SHARE * this.#mostEntries)) return
    this.#mostEntries = entries
    this.#garbage = 0
    this.#parts.collectGarbage?.()
  }

  #tell(change: SourceChange): void {
    this.#madeGarbage(1)
    for (const follower of this.#followers) follower(change)
  }
}
