// A zone as it is offered for transfers, with the records that queries get. The list of services is
// taken once, at the beginning. Each service is read when its turn comes, in its state at that
// time.

import { reverseNamesOf } from '../../base/ip.ts'
import type { RecordData } from '../../chain/answer/answer.ts'
import { ServerError } from '../../chain/errors.ts'
import type { ExternalItem } from '../../chain/offers/external-services.ts'
import { inParts, type TransferableZone } from '../../chain/offers/transferable-zones.ts'
import { isReverseZone } from '../../corefile/words/zones.ts'
import { isSubname, MAX_LABEL_SIZE, MAX_NAME_SIZE, nameToText } from '../../wire/name.ts'
import { rdataName } from '../../wire/rdata.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_PTR, TYPE_SRV } from '../../wire/rrtypes.ts'
import { isFirst, NO_PORT, srvData, weightOf } from './records.ts'
import { ExternalZone, type ZoneParts } from './zone.ts'

export class OfferedZone implements TransferableZone {
  readonly serial: number
  readonly #parts: ZoneParts
  readonly #primary: Uint8Array
  /** Holds addresses, and no services. */
  readonly #isReverse: boolean
  readonly #soa: RecordData

  /** `primary`: the zone that PTR records point into. */
  constructor(parts: ZoneParts, primary: Uint8Array) {
    this.serial = parts.services.serial(parts.isHeadless)
    this.#parts = parts
    this.#primary = primary
    this.#isReverse = isReverseZone(`.${nameToText(parts.zone)}`)
    this.#soa = new ExternalZone(parts).soa
  }

  soa(): readonly RecordData[] {
    return [this.#soa]
  }

  parts(): Iterable<readonly RecordData[]> {
    const { zone, services } = this.#parts
    return inParts(this.#records(), () => {
      if (services.isComplete) return
      throw new ServerError('ZONE_INCOMPLETE', `zone ${nameToText(zone)} lacks names at present`)
    })
  }

  *#records(): Generator<RecordData> {
    const { services, isHeadless } = this.#parts
    yield* new ExternalZone(this.#parts).nameServer
    for (const service of services.list(isHeadless)) {
      const namespace = service.subarray(1 + service[0]!)
      const request = { namespace, service, endpoint: undefined, port: '', protocol: '' }
      const items = services.find({ ...request, isHeadless }) ?? []
      const seen = new Set<string>()
      for (const record of this.#all(service, items))
        if (fits(record) && isFirst(seen, keyOf(record))) yield record
    }
  }

  *#all(service: Uint8Array, items: readonly ExternalItem[]): Generator<RecordData> {
    yield* this.#pointers(service, items)
    if (!this.#isReverse) yield* this.#service(service, items)
  }

  /** Endpoints have none. */
  *#pointers(service: Uint8Array, items: readonly ExternalItem[]): Generator<RecordData> {
    const { zone, ttlSeconds } = this.#parts
    const rdata = Buffer.concat([service, this.#primary])
    for (const { host, owner: labels } of items) {
      if ('name' in host || labels.length > service.length) continue
      const owner = reverseNamesOf(host.address)[0]!
      if (isSubname(owner, zone)) yield { owner, type: TYPE_PTR, ttlSeconds, rdata }
    }
  }

  *#service(service: Uint8Array, items: readonly ExternalItem[]): Generator<RecordData> {
    const name = this.#below(service)
    yield* this.#ofName(name, items)
    const endpoints = items.filter(({ owner }) => owner.length > service.length)
    for (const [owner, group] of Map.groupBy(endpoints, ({ owner }) => latin1(owner)))
      yield* this.#ofName(this.#below(Buffer.from(owner, 'latin1')), group)
    const named = items.filter(({ portName }) => portName !== '')
    for (const [, group] of Map.groupBy(
      named,
      ({ portName, protocol }) => `${portName} ${protocol}`,
    )) {
      const [{ portName, protocol } = { portName: '', protocol: '' }] = group
      const labels = [underscored(portName), underscored(protocol)]
      if (labels.every(label => label.length <= 1 + MAX_LABEL_SIZE))
        yield* this.#srv(Buffer.concat([...labels, name]), group)
    }
  }

  /**
   * A name with addresses has them and SRV records; one without is an alias for the first of its
   * hosts, beside which a zone must not have anything (RFC 1034 section 3.6.2).
   */
  *#ofName(owner: Uint8Array, items: readonly ExternalItem[]): Generator<RecordData> {
    const { ttlSeconds, services } = this.#parts
    let alias: Uint8Array | undefined
    let hasAddress = false
    for (const { host } of items)
      if ('address' in host) {
        const type = host.address.length === 4 ? TYPE_A : TYPE_AAAA
        yield { owner, type, ttlSeconds, rdata: host.address }
        hasAddress = true
      } else alias ??= host.name
    if (hasAddress || alias === undefined) yield* this.#srv(owner, items)
    else
      yield {
        owner,
        type: TYPE_CNAME,
        ttlSeconds: services.ttlSeconds,
        rdata: rdataName(alias),
      }
  }

  *#srv(owner: Uint8Array, items: readonly ExternalItem[]): Generator<RecordData> {
    const { zone, services } = this.#parts
    const weight = weightOf(items)
    for (const item of items)
      if (item.port !== NO_PORT) {
        const { ttlSeconds } = services
        yield { owner, type: TYPE_SRV, ttlSeconds, rdata: srvData(weight, item, zone) }
      }
  }

  #below(labels: Uint8Array): Uint8Array {
    return Buffer.concat([labels, this.#parts.zone])
  }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const keyOf = ({ owner, type, rdata }: RecordData): Uint8Array =>
  Buffer.concat([owner, Uint8Array.of(type), rdata])

/** With its length byte. */
const underscored = (text: string): Uint8Array => {
  const bytes = Buffer.from(`_${text}`)
  return Buffer.concat([Uint8Array.of(bytes.length), bytes])
}

/** Whether its names are names: labels below a long zone may be more than one holds. */
const fits = ({ owner, type, rdata }: RecordData): boolean =>
  owner.length <= MAX_NAME_SIZE && (type !== TYPE_SRV || rdata.length - 6 <= MAX_NAME_SIZE)
