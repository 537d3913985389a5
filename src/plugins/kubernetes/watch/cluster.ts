// The model of a Kubernetes cluster on main. Sinks take objects from lists and watches. The data
// that DNS needs is written to the records, a little in each turn of the event loop. The model does
// not handle connections to the API server, and makes no answers.

import { fromHex } from '../../../base/text/byte-text.ts'
import type { Clock } from '../../../base/time/clock.ts'
import type { KubeObject } from '../../../kube/kube-object.ts'
import type { Sink } from '../../../kube/sink.ts'
import type { Logger } from '../../../log/logger.ts'
import { labelBytes } from '../records/record-keys.ts'
import { isBeingDeleted, trimNamespace, trimPod } from './objects/objects.ts'
import { PodFacts, podAddress } from './objects/pod-facts.ts'
import { type ObserveProgramming, ProgrammingLatency } from './programming-latency.ts'
import type { Publisher } from './publish/publisher.ts'
import { ServiceSet } from './service-set.ts'
import { WatchedObjects } from './watched-objects.ts'

export interface ClusterOptions {
  /** Namespaces that are exposed. Empty for all. */
  readonly namespaces: readonly string[]
  readonly endpointPodNames: boolean
  /** Whether there are zones of imported services. */
  readonly multicluster: boolean
  /** Whether EndpointSlices are used. */
  readonly endpoints: boolean
  /** Whether names and labels of pods are kept, for metadata on clients. */
  readonly hasPodFacts?: boolean | undefined
}

export interface ClusterParts {
  readonly options: ClusterOptions
  readonly publisher: Publisher
  readonly log: Logger
  readonly clock: Clock
  readonly observeProgramming?: ObserveProgramming
}

/**
 * Work of one turn of the event loop: 500 services, or 5,000 endpoints. A service that is begun is
 * finished.
 */
const TURN_WORK = 5000

export class Cluster {
  readonly services: Sink
  readonly slices: Sink
  readonly namespaces: Sink
  /** Only used with `pods verified`. */
  readonly pods: Sink
  readonly imports: Sink
  readonly importSlices: Sink
  readonly #publisher: Publisher
  readonly #sets: readonly ServiceSet[]
  /** Number of pods by namespace and address. Pods on the host's network share an address. */
  readonly #podCounts = new Map<string, number>()
  #turn: NodeJS.Immediate | undefined
  #isClosed = false
  #idlers: (() => void)[] = []

  constructor(parts: ClusterParts) {
    this.#publisher = parts.publisher
    const { multicluster, endpoints, namespaces } = parts.options
    const exposed = new Set(namespaces.map(name => name.toLowerCase()))
    const accepts = (namespace: string): boolean => exposed.size === 0 || exposed.has(namespace)
    const own = this.#newSet(parts, 'service', accepts, endpoints)
    const imported = this.#newSet(parts, 'import', name => multicluster && accepts(name), endpoints)
    this.#sets = [own, imported]
    this.services = own.services
    this.slices = own.slices
    this.imports = imported.services
    this.importSlices = imported.slices
    this.namespaces = this.#newNamespaces(accepts, parts.log)
    this.pods = this.#newPods(parts)
  }

  /**
   * Resolves when nothing waits to be written, except records for which there is no room. A list of
   * slices that is under way must end first.
   */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    return new Promise(resolve => void this.#idlers.push(resolve))
  }

  /** Nothing is written any more, so the map may be dropped. */
  close(): void {
    this.#isClosed = true
    clearImmediate(this.#turn)
    this.#wakeIdlers()
  }

  get #isIdle(): boolean {
    return this.#isClosed || !this.#sets.some(set => set.isDirty)
  }

  readonly #flush = (): void => {
    if (this.#isClosed) return
    this.#publisher.retry()
    if (this.#turn === undefined) this.#publish()
  }

  #publish(): void {
    let work = 0
    for (const set of this.#sets) work += set.publish(TURN_WORK - work)
    this.#turn = undefined
    if (this.#sets.some(set => set.hasWork)) this.#turn = setImmediate(() => this.#publish())
    if (this.#isIdle) this.#wakeIdlers()
  }

  #wakeIdlers(): void {
    const idlers = this.#idlers
    this.#idlers = []
    for (const resolve of idlers) resolve()
  }

  #newSet(
    { options, publisher, log, clock, observeProgramming }: ClusterParts,
    kind: 'service' | 'import',
    accepts: (namespace: string) => boolean,
    endpoints: boolean,
  ): ServiceSet {
    return new ServiceSet({
      kind,
      publisher,
      log,
      latency: new ProgrammingLatency(clock, observeProgramming),
      endpointPodNames: options.endpointPodNames,
      accepts,
      acceptsSlices: namespace => endpoints && accepts(namespace),
      flush: this.#flush,
    })
  }

  #newNamespaces(accepts: (namespace: string) => boolean, log: Logger): WatchedObjects {
    const changed = (id: string, _was: string | undefined, is: string | undefined): void => {
      const label = labelBytes(id)
      if (label !== undefined && !this.#isClosed)
        this.#publisher.setNamespace(label, is !== undefined)
    }
    return new WatchedObjects(
      {
        what: 'namespace',
        isNamespaced: false,
        isLabel: true,
        accepts,
        trim: trimNamespace,
        changed,
        flush: this.#flush,
      },
      log,
    )
  }

  /** Pods of all namespaces: a client is a pod even if its namespace is not exposed. */
  #newPods({ log, options: { hasPodFacts } }: ClusterParts): WatchedObjects {
    const facts = new PodFacts((address, value) => {
      if (!this.#isClosed) this.#publisher.setPodFacts(address, value)
    })
    const changed = (id: string, was: string | undefined, is: string | undefined): void => {
      const namespace = id.slice(0, id.indexOf('/'))
      const [old, now] = [was && podAddress(was), is && podAddress(is)]
      if (now !== undefined && now !== old) this.#countPods(namespace, now, 1)
      if (old !== undefined && now !== old) this.#countPods(namespace, old, -1)
      if (hasPodFacts) facts.changed(id, was, is)
    }
    const flush = this.#flush
    const kind = {
      what: 'pod',
      isNamespaced: true,
      isLabel: false,
      accepts: () => true,
      ignores: isBeingDeleted,
      trim: (object: KubeObject) => trimPod(object, hasPodFacts),
      changed,
      flush,
    }
    return new WatchedObjects(kind, log)
  }

  #countPods(namespace: string, addressHex: string, difference: 1 | -1): void {
    const key = `${namespace}/${addressHex}`
    const count = (this.#podCounts.get(key) ?? 0) + difference
    if (count === 0) this.#podCounts.delete(key)
    else this.#podCounts.set(key, count)
    const label = labelBytes(namespace)
    const isFirstOrLast = count === (difference === 1 ? 1 : 0)
    if (label !== undefined && isFirstOrLast && !this.#isClosed) {
      this.#publisher.setPod(label, fromHex(addressHex), count > 0)
    }
  }
}
