// Hot path.
// The fast step of kubernetes: A and AAAA of services, and of names that do not exist, straight from the records in shared memory into the packet
// to be sent. Endpoint names, ports, pods, ExternalNames, other types, reverse and multicluster zones are the slow path's (serve.ts), and so
// is everything that would be passed on or cannot be said for certain. Same bytes as there.

import type { FastQuery } from '../../core/fast-query.ts'
import { FAST_RECORDS } from '../../core/fast-query.ts'
import { FAST_ANSWERED, FAST_NEXT, FAST_SLOW, type FastStep, type FastVerdict } from '../../core/fast-step.ts'
import { WireZones } from '../../core/wire-zones.ts'
import { fallsThrough } from '../../core/zones.ts'
import { isReverseZone } from '../../corefile/zones.ts'
import { RecordKey, type RecordsReader } from '../../records/reader.ts'
import {
  FLAG_AA,
  FLAG_CD,
  FLAG_QR,
  FLAG_RD,
  HEADER_SIZE,
  setAncount,
  setArcount,
  setFlags,
  setNscount,
  setQdcount,
  setU16,
  setU32,
} from '../../wire/header.ts'
import { nameFromText } from '../../wire/name.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN } from '../../wire/rcodes.ts'
import { CLASS_IN, TYPE_A, TYPE_AAAA, TYPE_SOA } from '../../wire/rrtypes.ts'
import type { KubernetesOptions } from './options.ts'
import { isComplete, KIND_NAMESPACE, KIND_SERVICE, NOTE_SERIAL } from './record-keys.ts'
import { RECORD_ADDRESSES, RECORD_PORTS, RECORD_V4, RECORD_V6, SERVICE_CLUSTER, SERVICE_EXTERNAL } from './service-record.ts'
import { SOA_HOST, SOA_MAILBOX, soaNumbers, soaTtlSeconds } from './zone-view.ts'

const MAX_LABELS = 128
/** Type, class, TTL and size of a record. */
const FIXED = 10
const SERIAL_OFFSET = 0

/** Undefined for zones that only the slow path can match. */
export const fastRecords = (options: KubernetesOptions, reader: RecordsReader): FastStep | undefined => {
  const zones = WireZones.fromText(options.zones)
  return zones && new FastRecords(options, reader, zones)
}

interface FastZone {
  readonly length: number
  /** Whether the fast path knows all that is asked of it. */
  readonly isPlain: boolean
  /** Whether names in it that do not exist may be another plugin's. */
  readonly mayFall: boolean
}

class FastRecords implements FastStep {
  readonly #reader: RecordsReader
  readonly #zones: WireZones
  readonly #facts: readonly FastZone[]
  readonly #ttlSeconds: number
  readonly #isZonal: boolean
  readonly #ignoresEmpty: boolean
  readonly #soaNumbers: Uint8Array
  readonly #key = new RecordKey()
  readonly #labels = new Uint8Array(MAX_LABELS)

  constructor(options: KubernetesOptions, reader: RecordsReader, zones: WireZones) {
    this.#reader = reader
    this.#zones = zones
    this.#facts = options.zones.map(zone => ({
      length: nameFromText(zone)?.length ?? 0,
      isPlain: isForwardOnly(zone) && !options.multiclusterZones.includes(zone),
      mayFall: mayFall(zone, options.fallthrough ?? []),
    }))
    this.#ttlSeconds = options.ttlSeconds
    this.#isZonal = options.zonal
    this.#ignoresEmpty = options.ignoreEmptyService
    this.#soaNumbers = soaNumbers(0, options.ttlSeconds)
  }

  ask(query: FastQuery): FastVerdict {
    const name = query.key.bytes
    const index = this.#zones.longest(name, query.nameLength)
    if (index < 0) return FAST_NEXT
    const zone = this.#facts[index]!
    const { qtype } = query
    if (!zone.isPlain || (qtype !== TYPE_A && qtype !== TYPE_AAAA)) return FAST_SLOW
    const labels = this.#labels
    const end = query.nameLength - zone.length
    let count = 0
    for (let at = 0; at < end; at += name[at]! + 1) labels[count++] = at
    if (count === 0) return this.#deny(query, zone, RCODE_NOERROR)
    const branch = labels[count - 1]!
    if (!isBranch(name, branch, 0x73, 0x76, 0x63)) {
      if (isBranch(name, branch, 0x70, 0x6f, 0x64)) return count === 1 ? this.#deny(query, zone, RCODE_NOERROR) : FAST_SLOW
      return count === 2 && isBranch(name, branch, 0x64, 0x6e, 0x73) ? FAST_SLOW : this.#deny(query, zone, RCODE_NXDOMAIN)
    }
    if (count === 1) return this.#deny(query, zone, RCODE_NOERROR)
    const namespace = labels[count - 2]!
    if (count > 5) return this.#isZonal ? FAST_SLOW : this.#deny(query, zone, RCODE_NXDOMAIN)
    if (this.#find(KIND_NAMESPACE, name, namespace, branch) === 0) return this.#deny(query, zone, RCODE_NXDOMAIN)
    if (count === 2) return this.#deny(query, zone, RCODE_NOERROR)
    const entry = this.#find(KIND_SERVICE, name, labels[count - 3]!, branch)
    if (entry === 0) return this.#deny(query, zone, RCODE_NXDOMAIN)
    return count === 3 ? this.#answer(query, zone, this.#reader.valueAt(entry)) : FAST_SLOW
  }

  #find(kind: number, name: Uint8Array, start: number, end: number): number {
    return this.#reader.find(kind, this.#key.set(name, start, end - start))
  }

  /** `record` is the offset of a service's record. */
  #answer(query: FastQuery, zone: FastZone, record: number): FastVerdict {
    const { bytes } = this.#reader
    const kind = bytes[record]!
    if (kind === SERVICE_EXTERNAL) return FAST_SLOW
    const v4 = u16(bytes, record + RECORD_V4)
    const v6 = u16(bytes, record + RECORD_V6)
    if (kind === SERVICE_CLUSTER) {
      if (this.#ignoresEmpty && bytes[record + 1] === 0) return this.#deny(query, zone, RCODE_NXDOMAIN)
      if (u16(bytes, record + RECORD_PORTS) === 0) return FAST_SLOW
    } else if (v4 + v6 === 0) return this.#deny(query, zone, RCODE_NXDOMAIN)
    const isV4 = query.qtype === TYPE_A
    const count = isV4 ? v4 : v6
    if (count === 0) return this.#deny(query, zone, RCODE_NOERROR)
    const from = record + RECORD_ADDRESSES + (isV4 ? 0 : v4 * 4)
    return this.#write(query, from, count, isV4 ? 4 : 16)
  }

  /** `count` address records, whose rdata lie one after the other at `from`. */
  #write(query: FastQuery, from: number, count: number, size: number): FastVerdict {
    const { nameLength, out, outAt, ttlOffsets } = query
    const length = query.questionEnd + count * (nameLength + FIXED + size)
    if (length > query.outRoom || count >= FAST_RECORDS) return FAST_SLOW
    const { bytes } = this.#reader
    const name = query.at + HEADER_SIZE
    let at = begin(query, RCODE_NOERROR, count, 0)
    let rdata = from
    for (let k = 0; k < count; k++) {
      for (let n = 0; n < nameLength; n++) out[at + n] = query.bytes[name + n]!
      at += nameLength
      ttlOffsets[k] = at + 4 - outAt
      at = fixed(out, at, query.qtype, this.#ttlSeconds, size)
      for (let n = 0; n < size; n++) out[at++] = bytes[rdata++]!
    }
    return end(query, count, length)
  }

  /** NODATA or NXDOMAIN, with the SOA of the zone. */
  #deny(query: FastQuery, zone: FastZone, rcode: number): FastVerdict {
    if (rcode === RCODE_NXDOMAIN && (zone.mayFall || !isComplete(this.#reader))) return FAST_SLOW
    const { out, outAt } = query
    const size = SOA_HOST.length + SOA_MAILBOX.length + 2 * zone.length + this.#soaNumbers.length
    const length = query.questionEnd + zone.length + FIXED + size
    if (length > query.outRoom) return FAST_SLOW
    let at = this.#zone(query, zone, begin(query, rcode, 0, 1))
    query.ttlOffsets[0] = at + 4 - outAt
    at = fixed(out, at, TYPE_SOA, soaTtlSeconds(this.#ttlSeconds), size)
    at = this.#zone(query, zone, copy(SOA_HOST, out, at))
    at = this.#zone(query, zone, copy(SOA_MAILBOX, out, at))
    copy(this.#soaNumbers, out, at)
    setU32(out, at + SERIAL_OFFSET, this.#reader.note(NOTE_SERIAL) >>> 0)
    return end(query, 1, length)
  }

  /** The zone in the query's case. */
  #zone(query: FastQuery, zone: FastZone, at: number): number {
    const { bytes, out } = query
    const from = query.at + HEADER_SIZE + query.nameLength - zone.length
    for (let k = 0; k < zone.length; k++) out[at + k] = bytes[from + k]!
    return at + zone.length
  }
}

/** Header and question; the place behind them in `out`. Id and question case are set once more by the server. */
const begin = (query: FastQuery, rcode: number, answers: number, authorities: number): number => {
  const { bytes, out, outAt, at } = query
  setFlags(out, outAt, FLAG_QR | FLAG_AA | (query.flags & (FLAG_RD | FLAG_CD)) | rcode)
  setQdcount(out, outAt, 1)
  setAncount(out, outAt, answers)
  setNscount(out, outAt, authorities)
  setArcount(out, outAt, 0)
  for (let k = HEADER_SIZE; k < query.questionEnd; k++) out[outAt + k] = bytes[at + k]!
  return outAt + query.questionEnd
}

const end = (query: FastQuery, records: number, length: number): FastVerdict => {
  query.ttlCount = records
  query.replyLength = length
  query.plainLength = length
  return FAST_ANSWERED
}

const fixed = (out: Uint8Array, at: number, type: number, ttlSeconds: number, size: number): number => {
  setU16(out, at, type)
  setU16(out, at + 2, CLASS_IN)
  setU32(out, at + 4, ttlSeconds)
  setU16(out, at + 8, size)
  return at + FIXED
}

const copy = (from: Uint8Array, out: Uint8Array, at: number): number => {
  for (let k = 0; k < from.length; k++) out[at + k] = from[k]!
  return at + from.length
}

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/** Whether the label at `at` has these three letters. */
const isBranch = (name: Uint8Array, at: number, a: number, b: number, c: number): boolean =>
  name[at] === 3 && name[at + 1] === a && name[at + 2] === b && name[at + 3] === c

/** No reverse name lies in the zone. */
const isForwardOnly = (zone: string): boolean =>
  zone !== '.' && zone !== 'arpa.' && zone !== 'in-addr.arpa.' && zone !== 'ip6.arpa.' && !isReverseZone(zone)

/** Whether `fallthrough` may concern names in the zone: one of its zones is above the zone, or in it. */
const mayFall = (zone: string, fall: readonly string[]): boolean =>
  fallsThrough(fall, zone) || fall.some(below => fallsThrough([zone], below))
