// Services of one kind (the cluster's own, or imported ones) with their EndpointSlices. Knows which
// have changed, and makes the parts of their records. Nothing is published while slices are listed,
// so that no record mixes old slices and new ones.

import type { KubeObject } from '../../../kube/kube-object.ts'
import type { Sink } from '../../../kube/sink.ts'
import type { Logger } from '../../../log/logger.ts'
import { labelsBytes } from '../records/record-keys.ts'
import { endpointsIn, SERVICE_EXTERNAL } from '../records/service-record.ts'
import { trimSlice } from './objects/endpoint-slices.ts'
import { trimImport, trimService } from './objects/objects.ts'
import { readService, type ServiceText } from './objects/service-text.ts'
import { groupOfSlice, serviceOfSlice } from './objects/slice-text.ts'
import type { ProgrammingLatency } from './programming-latency.ts'
import type { PublishedParts, Publisher } from './publish/publisher.ts'
import { WatchedObjects } from './watched-objects.ts'

const SERVICE_WORK = 10

export interface ServiceSetParts {
  readonly kind: 'service' | 'import'
  readonly publisher: Publisher
  readonly log: Logger
  readonly latency: ProgrammingLatency
  readonly endpointPodNames: boolean
  /** Whether objects of that namespace are used. */
  accepts(namespace: string): boolean
  acceptsSlices(namespace: string): boolean
  /** Publishes all changed services, in turns. */
  flush(): void
}

export class ServiceSet {
  readonly #parts: ServiceSetParts
  readonly #services: WatchedObjects
  readonly #slices: WatchedObjects
  /** Ids of slices by the id of their service. */
  readonly #slicesOf = new Map<string, Set<string>>()
  /** Ids of services whose records may be outdated. */
  readonly #dirty = new Set<string>()

  constructor(parts: ServiceSetParts) {
    this.#parts = parts
    const { kind, log, accepts, acceptsSlices, flush, endpointPodNames } = parts
    const isImported = kind === 'import'
    this.#services = new WatchedObjects(
      {
        what: isImported ? 'service import' : 'service',
        isNamespaced: true,
        isLabel: true,
        accepts,
        trim: isImported ? trimImport : trimService,
        changed: id => void this.#dirty.add(id),
        flush,
      },
      log,
    )
    this.#slices = new WatchedObjects(
      {
        what: 'endpoint slice',
        isNamespaced: true,
        isLabel: false,
        accepts: acceptsSlices,
        trim: object => trimSlice(object, { endpointPodNames, isImported }),
        changed: (id, was, is, object) => this.#sliceChanged(id, was, is, object),
        listEnded: flush,
        flush,
      },
      log,
    )
  }

  get services(): Sink {
    return this.#services
  }
  get slices(): Sink {
    return this.#slices
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0
  }
  /** Whether a service can be published now. */
  get hasWork(): boolean {
    return this.#dirty.size > 0 && !this.#slices.isListing
  }

  /**
   * Publishes services until that much work is done. An endpoint counts as 1, a service as
   * SERVICE_WORK and its endpoints. Returns the work done.
   */
  publish(limit: number): number {
    let work = 0
    if (!this.hasWork) return work
    for (const id of this.#dirty) {
      if (work >= limit) break
      this.#dirty.delete(id)
      work += SERVICE_WORK + this.#publishOne(id)
    }
    return work
  }

  /** Returns the number of endpoints of the service. */
  #publishOne(id: string): number {
    const { kind, publisher, latency } = this.#parts
    const slash = id.indexOf('/')
    const labels = labelsBytes(id.slice(slash + 1), id.slice(0, slash))
    if (labels === undefined) return 0
    let service: ServiceText | undefined
    let endpoints = 0
    const outcome = publisher.publish(kind, labels, () => {
      service = this.#serviceOf(id)
      const parts = service && this.#partsOf(id, service)
      endpoints = parts?.groups.reduce((sum, group) => sum + endpointsIn(group), 0) ?? 0
      return parts
    })
    latency.end(id, outcome === 'changed' ? service : undefined)
    return endpoints
  }

  #serviceOf(id: string): ServiceText | undefined {
    const text = this.#services.get(id)
    return text === undefined ? undefined : readService(text)
  }

  /**
   * Slices are used in the order of their names. So the same objects make the same record, whatever
   * the order of their arrival.
   */
  #partsOf(id: string, service: ServiceText): PublishedParts {
    const { kind, addresses, ports, target, hosts } = service
    const slices = kind === SERVICE_EXTERNAL ? [] : [...(this.#slicesOf.get(id) ?? [])].sort()
    const groups = slices.flatMap(slice => {
      const text = this.#slices.get(slice)
      return text === undefined ? [] : [groupOfSlice(text)]
    })
    return { kind, clusterAddresses: addresses, ports, groups, target, hosts }
  }

  #sliceChanged(
    id: string,
    was: string | undefined,
    is: string | undefined,
    object: KubeObject | undefined,
  ): void {
    const namespace = id.slice(0, id.indexOf('/'))
    const before = was === undefined ? '' : `${namespace}/${serviceOfSlice(was)}`
    const after = is === undefined ? '' : `${namespace}/${serviceOfSlice(is)}`
    if (before !== after) this.#regroup(id, before, after)
    if (before !== '' && before !== after) this.#endpointsChanged(before, object)
    if (after !== '') this.#endpointsChanged(after, object)
  }

  #endpointsChanged(service: string, object: KubeObject | undefined): void {
    this.#dirty.add(service)
    if (object !== undefined && this.#parts.kind === 'service')
      this.#parts.latency.begin(service, object)
  }

  /** Moves a slice from one service to another; '' is none. */
  #regroup(slice: string, from: string, to: string): void {
    const left = this.#slicesOf.get(from)
    left?.delete(slice)
    if (left?.size === 0) this.#slicesOf.delete(from)
    if (to === '') return
    const joined = this.#slicesOf.get(to)
    if (joined === undefined) this.#slicesOf.set(to, new Set([slice]))
    else joined.add(slice)
  }
}
