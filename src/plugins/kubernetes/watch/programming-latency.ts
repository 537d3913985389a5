// Measures how long a change of endpoints took from its cause to the records. The time of the
// cause, which the EndpointSlice tells, is kept until the service is written. Lists are not
// measured, since their objects may be old.

import type { Clock } from '../../../base/time/clock.ts'
import type { KubeObject } from '../../../kube/kube-object.ts'
import { MetadataBytes } from '../../../kube/protobuf/object-bytes.ts'
import { SERVICE_CLUSTER, SERVICE_HEADLESS } from '../records/service-record.ts'
import { partOf, textPart } from './objects/json-parts.ts'
import type { ServiceText } from './objects/service-text.ts'

export type ObserveProgramming = (
  kind: 'cluster_ip' | 'headless_with_selector',
  seconds: number,
) => void

const CAUSE_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time'
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i
/** Limit of causes of one service between two flushes. */
const CAUSES_LIMIT = 100

export class ProgrammingLatency {
  readonly #clock: Clock
  readonly #observe: ObserveProgramming | undefined
  /** Wall-clock times in milliseconds, by service. */
  readonly #causes = new Map<string, number[]>()

  constructor(clock: Clock, observe: ObserveProgramming | undefined) {
    this.#clock = clock
    this.#observe = observe
  }

  /** A slice of the service has changed by a watch. */
  begin(service: string, slice: KubeObject): void {
    if (this.#observe === undefined) return
    const { metadata } = slice
    const text =
      metadata instanceof MetadataBytes
        ? metadata.annotation(CAUSE_ANNOTATION)
        : textPart(partOf(metadata, 'annotations'), CAUSE_ANNOTATION)
    const causeMs = RFC3339.test(text) ? Date.parse(text) : Number.NaN
    if (Number.isNaN(causeMs)) return
    const causes = this.#causes.get(service)
    if (causes === undefined) this.#causes.set(service, [causeMs])
    else if (causes.length < CAUSES_LIMIT) causes.push(causeMs)
  }

  /**
   * The service has been published. `written` is what shards can read now. Only services with a
   * selector are measured, since a controller maintains their endpoints.
   */
  end(service: string, written: ServiceText | undefined): void {
    const causes = this.#causes.get(service)
    if (causes === undefined) return
    this.#causes.delete(service)
    if (written === undefined || !written.hasSelector || this.#observe === undefined) return
    if (written.kind !== SERVICE_CLUSTER && written.kind !== SERVICE_HEADLESS) return
    const kind = written.kind === SERVICE_CLUSTER ? 'cluster_ip' : 'headless_with_selector'
    for (const causeMs of causes)
      this.#observe(kind, Math.max(0, (this.#clock.wallMs() - causeMs) / 1000))
  }
}
