// Hot path. The search path of a client that is a pod, as in its resolv.conf: the services of its
// namespace, all services, the zone, and the search domains of this server's machine (CoreDNS:
// `autopath @kubernetes`).

import type { SearchPaths } from '../../../chain/offers/search-paths.ts'
import type { Asked } from '../../../chain/query/asked.ts'
import type { Query } from '../../../chain/query/query.ts'
import { RecordKey, type RecordsReader } from '../../../records/reader.ts'
import { foldName, nameFromText } from '../../../wire/name.ts'
import type { KubernetesOptions } from '../options.ts'
import { isSameItem } from '../records/label-list.ts'
import { KIND_POD, POD_LABELS } from '../records/record-keys.ts'
import { ServedZones } from './served-zones.ts'

const ROOT = Uint8Array.of(0)
const SVC = Uint8Array.of(3, 0x73, 0x76, 0x63)

export class PodSearchPaths implements SearchPaths {
  readonly plugin = 'kubernetes'
  readonly #reader: RecordsReader
  readonly #zones: ServedZones
  readonly #isWatched: boolean
  readonly #machine: readonly Uint8Array[]
  readonly #key = new RecordKey()

  /** `machine`: search domains of the machine, in presentation form. */
  constructor(options: KubernetesOptions, reader: RecordsReader, machine: readonly string[]) {
    this.#reader = reader
    this.#zones = new ServedZones(options)
    this.#isWatched = options.pods === 'verified'
    this.#machine = machine.flatMap(domain => {
      const wire = nameFromText(domain)
      return wire === undefined ? [] : [foldName(wire)]
    })
  }

  concerns({ name, address }: Asked): boolean {
    const zone = this.#zones.find(name)
    if (zone === undefined) return false
    // Where the last two labels before the zone begin.
    let namespace = -1
    let svc = -1
    for (let at = 0; at < name.length - zone.length; at += name.bytes[at]! + 1) {
      namespace = svc
      svc = at
    }
    if (namespace < 0 || !isSameItem(SVC, 0, name.bytes, svc, 1)) return false
    const own = this.#namespaceOf(address.bytes)
    return own >= 0 && isSameItem(this.#reader.bytes, own, name.bytes, namespace, POD_LABELS)
  }

  of(query: Query): readonly Uint8Array[] {
    const served = this.#zones.find(query.name)
    const own = served === undefined ? -1 : this.#namespaceOf(query.address.bytes)
    if (served === undefined || own < 0) return []
    const { bytes } = this.#reader
    const namespace = bytes.slice(own, own + 1 + bytes[own]!)
    const zone = query.question.folded.slice(-served.length)
    const services = Buffer.concat([SVC, zone])
    return [Buffer.concat([namespace, services]), services, zone, ...this.#machine, ROOT]
  }

  /**
   * Offset of the label of the first namespace that has a pod with the address. -1 if there is
   * none.
   */
  #namespaceOf(address: Uint8Array): number {
    if (!this.#isWatched || address.length === 0) return -1
    const entry = this.#reader.find(KIND_POD, this.#key.set(address, 0, address.length))
    return entry === 0 ? -1 : this.#reader.valueAt(entry)
  }
}
