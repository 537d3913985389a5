// The zones of a kubernetes directive, as offered for transfers. They have the records that CoreDNS
// transfers (plugin/kubernetes/xfr.go), each once, but no name that a query is denied.
//
// The names of services are listed once, at the beginning. Each service is read when its turn
// comes, in its state of then. A cluster changes all the time, so a transfer that started anew with
// each change would never end. A secondary whose serial is no longer the cluster's transfers again.

import { reverseNamesOf } from '../../../base/ip.ts'
import type { RecordData } from '../../../chain/answer/answer.ts'
import { ServerError } from '../../../chain/errors.ts'
import {
  inParts,
  type TransferableZone,
  type TransferableZones,
} from '../../../chain/offers/transferable-zones.ts'
import { isReverseZone } from '../../../corefile/words/zones.ts'
import type { RecordsReader } from '../../../records/reader.ts'
import {
  foldName,
  isSubname,
  MAX_LABEL_SIZE,
  MAX_NAME_SIZE,
  type NameView,
  nameToText,
} from '../../../wire/name.ts'
import { rdataName, rdataSrv } from '../../../wire/rdata.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_SRV } from '../../../wire/rrtypes.ts'
import type { KubernetesOptions } from '../options.ts'
import { isComplete, serialNote } from '../records/record-keys.ts'
import { SERVICE_CLUSTER, SERVICE_EXTERNAL } from '../records/service-record.ts'
import type { EndpointView, PortView, ServiceView } from '../records/service-view.ts'
import type { Answers } from './answers.ts'
import { type ClusterLookup, clusterLabel, inSvc } from './lookup.ts'
import type { Label } from './request.ts'
import { isForwardOnly, type ServedZones } from './served-zones.ts'
import { ZoneView } from './zone-view.ts'

const FULL_WEIGHT = 100

export interface OfferParts {
  readonly options: KubernetesOptions
  readonly zones: ServedZones
  readonly reader: RecordsReader
  readonly lookup: ClusterLookup
  readonly answers: Answers
}

export class OfferedZones implements TransferableZones {
  readonly #parts: OfferParts

  constructor(parts: OfferParts) {
    this.#parts = parts
  }

  zone(origin: NameView): TransferableZone | 'absent' | undefined {
    const { zones, reader } = this.#parts
    const zone = zones.find(origin)
    if (zone === undefined || zone.length !== origin.length) return undefined
    if (!isComplete(reader)) return 'absent'
    const name = foldName(origin.bytes.subarray(0, origin.length))
    return new OfferedZone(this.#parts, name, zone.isMulticluster)
  }
}

class OfferedZone implements TransferableZone {
  readonly serial: number
  readonly #parts: OfferParts
  readonly #zone: ZoneView
  readonly #isMulticluster: boolean
  readonly #ttlSeconds: number

  constructor(parts: OfferParts, name: Uint8Array, isMulticluster: boolean) {
    const { ttlSeconds } = parts.options
    this.serial = parts.reader.note(serialNote(isMulticluster)) >>> 0
    this.#parts = parts
    this.#zone = new ZoneView(name, ttlSeconds, this.serial)
    this.#isMulticluster = isMulticluster
    this.#ttlSeconds = ttlSeconds
  }

  soa(): readonly RecordData[] {
    return [this.#zone.soa]
  }

  parts(): Iterable<readonly RecordData[]> {
    return inParts(this.#records(), () => {
      if (isComplete(this.#parts.reader)) return
      const name = nameToText(this.#zone.name)
      throw new ServerError('ZONE_INCOMPLETE', `zone ${name} lacks names for want of memory`)
    })
  }

  *#records(): Generator<RecordData> {
    const { answers, lookup } = this.#parts
    const { name } = this.#zone
    const { answers: servers, additionals = [] } = answers.ns(this.#zone)
    yield* servers
    const others = new Set<string>()
    for (const record of additionals) if (isNew(others, record)) yield record
    const text = nameToText(name)
    if (!isForwardOnly(text)) yield* this.#pointers()
    // Names below a reverse zone are addresses.
    if (isReverseZone(`.${text}`)) return
    for (const service of lookup.services(this.#isMulticluster)) {
      const view = lookup.copyOf(service, this.#isMulticluster)
      if (view === undefined) continue
      // An address of a name server may be that of a service.
      const seen = new Set(others)
      for (const record of this.#service(service, view))
        if (fits(record) && isNew(seen, record)) yield record
    }
  }

  *#pointers(): Generator<RecordData> {
    const { answers, lookup } = this.#parts
    for (const address of lookup.addresses()) {
      const owner = reverseNamesOf(address)[0]!
      if (isSubname(owner, this.#zone.name)) yield* answers.pointers(owner, address)
    }
  }

  #service(service: Label, view: ServiceView): Iterable<RecordData> {
    if (view.kind === SERVICE_CLUSTER) return this.#cluster(service, view)
    if (view.kind !== SERVICE_EXTERNAL) return this.#headless(service, view)
    const { target } = view
    return target === undefined
      ? []
      : [this.#record(this.#below(service), TYPE_CNAME, rdataName(target))]
  }

  /**
   * SRV records are at the name of the service as well, for clients that know no port
   * (peer-finder).
   */
  *#cluster(service: Label, view: ServiceView): Generator<RecordData> {
    const owner = this.#below(service)
    const addresses = view.ownAddresses
    for (const address of addresses) yield this.#address(owner, address)
    if (addresses.length === 0) return
    for (const port of view.ports()) {
      if (port.number === 0) continue
      const rdata = rdataSrv(0, FULL_WEIGHT, port.number, owner)
      yield this.#record(owner, TYPE_SRV, rdata)
      yield* this.#portRecord(service, port, rdata)
    }
  }

  *#headless(service: Label, view: ServiceView): Generator<RecordData> {
    const owner = this.#below(service)
    let ports: readonly PortView[] = []
    let portsAt = -1
    for (const endpoint of view.endpoints()) {
      if (endpoint.portsAt !== portsAt) {
        portsAt = endpoint.portsAt
        ports = endpoint.ports
      }
      // A slice without ports is left out of answers to queries, too.
      if (ports.length === 0) continue
      const { address } = endpoint
      const target = this.#endpointName(service, endpoint)
      yield this.#address(owner, address)
      yield this.#address(target, address)
      const weight = Math.max(1, Math.floor(FULL_WEIGHT / endpoint.siblings))
      for (const port of ports)
        if (port.number !== 0)
          yield* this.#portRecord(service, port, rdataSrv(0, weight, port.number, target))
    }
  }

  #endpointName(service: Label, { label, cluster }: EndpointView): Uint8Array {
    return this.#below(Buffer.concat([label, clusterLabel(cluster), service]))
  }

  #portRecord(service: Label, { name, protocol }: PortView, rdata: Uint8Array): RecordData[] {
    const labels = [underscored(name), underscored(protocol)]
    if (name === '' || labels.some(({ length }) => length > 1 + MAX_LABEL_SIZE)) return []
    return [this.#record(this.#below(Buffer.concat([...labels, service])), TYPE_SRV, rdata)]
  }

  #below(labels: Uint8Array): Uint8Array {
    return this.#zone.below(inSvc(labels))
  }

  #address(owner: Uint8Array, address: Uint8Array): RecordData {
    return this.#record(owner, address.length === 4 ? TYPE_A : TYPE_AAAA, address)
  }

  #record(owner: Uint8Array, type: number, rdata: Uint8Array): RecordData {
    return { owner, type, ttlSeconds: this.#ttlSeconds, rdata }
  }
}

/** The label with its length byte and an underscore. */
const underscored = (text: string): Uint8Array => {
  const bytes = Buffer.from(`_${text}`)
  return Buffer.concat([Uint8Array.of(bytes.length), bytes])
}

/** Whether all names of the record are valid. Below a long zone a name may become too long. */
const fits = ({ owner, type, rdata }: RecordData): boolean =>
  owner.length <= MAX_NAME_SIZE && (type !== TYPE_SRV || rdata.length - 6 <= MAX_NAME_SIZE)

/** Whether the record is new to the set, to which it is added. */
const isNew = (seen: Set<string>, { owner, type, rdata }: RecordData): boolean => {
  const key = Buffer.concat([owner, Uint8Array.of(type >> 8, type), rdata]).toString('latin1')
  if (seen.has(key)) return false
  seen.add(key)
  return true
}
