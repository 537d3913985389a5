// Hot path. The fast step of kubernetes: A and AAAA of services and their endpoints, and of names
// that do not exist, straight from the records in shared memory into the packet to be sent. The
// slow path (serve.ts) answers ports, pods, ExternalNames, other types, reverse and multicluster
// zones, queries that go on to the next plugin, and all uncertain cases. Both give the same bytes.

import type { FastQuery } from '../../../chain/query/fast-query.ts'
import { FAST_RECORDS } from '../../../chain/query/fast-query.ts'
import {
  beginAnswer,
  copyTo,
  endAnswer,
  RECORD_FIXED_SIZE,
  RECORD_TTL_OFFSET,
  writeFixed,
} from '../../../chain/stage/fast-answer.ts'
import {
  FAST_NEXT,
  FAST_SLOW,
  type FastStep,
  type FastVerdict,
} from '../../../chain/stage/fast-step.ts'
import { RecordKey, type RecordsReader } from '../../../records/reader.ts'
import { HEADER_SIZE, setU32 } from '../../../wire/header.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN } from '../../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_SOA } from '../../../wire/rrtypes.ts'
import type { KubernetesOptions } from '../options.ts'
import { EndpointWalk } from '../records/endpoint-walk.ts'
import { isComplete, KIND_NAMESPACE, KIND_SERVICE, NOTE_SERIAL } from '../records/record-keys.ts'
import {
  FLAG_READY,
  RECORD_ADDRESSES,
  RECORD_FLAGS,
  RECORD_PORTS,
  RECORD_V4,
  RECORD_V6,
  SERVICE_CLUSTER,
  SERVICE_EXTERNAL,
} from '../records/service-record.ts'
import type { ServedZone, ServedZones } from './served-zones.ts'
import { SOA_HOST, SOA_MAILBOX, soaNumbers, soaTtlSeconds } from './zone-view.ts'

const MAX_LABELS = 128

export class FastRecords implements FastStep {
  readonly #reader: RecordsReader
  readonly #zones: ServedZones
  readonly #ttlSeconds: number
  readonly #isZonal: boolean
  readonly #ignoresEmpty: boolean
  readonly #soaNumbers: Uint8Array
  readonly #key = new RecordKey()
  readonly #labels = new Uint8Array(MAX_LABELS)
  readonly #walk = new EndpointWalk()

  constructor(options: KubernetesOptions, reader: RecordsReader, zones: ServedZones) {
    this.#reader = reader
    this.#zones = zones
    this.#ttlSeconds = options.ttlSeconds
    this.#isZonal = options.zonal
    this.#ignoresEmpty = options.ignoreEmptyService
    this.#soaNumbers = soaNumbers(0, options.ttlSeconds)
  }

  ask(query: FastQuery): FastVerdict {
    const zone = this.#zones.asked
    if (zone === undefined) return FAST_NEXT
    const { qtype } = query
    const name = query.name.bytes
    if (!zone.isPlain || (qtype !== TYPE_A && qtype !== TYPE_AAAA)) return FAST_SLOW
    const labels = this.#labels
    const end = query.name.length - zone.length
    let count = 0
    for (let at = 0; at < end; at += name[at]! + 1) labels[count++] = at
    if (count === 0) return this.#deny(query, zone, RCODE_NOERROR)
    const branch = labels[count - 1]!
    if (!isBranch(name, branch, 0x73, 0x76, 0x63)) {
      if (isBranch(name, branch, 0x70, 0x6f, 0x64))
        return count === 1 ? this.#deny(query, zone, RCODE_NOERROR) : FAST_SLOW
      return count === 2 && isBranch(name, branch, 0x64, 0x6e, 0x73)
        ? FAST_SLOW
        : this.#deny(query, zone, RCODE_NXDOMAIN)
    }
    if (count === 1) return this.#deny(query, zone, RCODE_NOERROR)
    const namespace = labels[count - 2]!
    if (count > 5) return this.#isZonal ? FAST_SLOW : this.#deny(query, zone, RCODE_NXDOMAIN)
    if (this.#find(KIND_NAMESPACE, name, namespace, branch) === 0)
      return this.#deny(query, zone, RCODE_NXDOMAIN)
    if (count === 2) return this.#deny(query, zone, RCODE_NOERROR)
    const entry = this.#find(KIND_SERVICE, name, labels[count - 3]!, branch)
    if (entry === 0) return this.#deny(query, zone, RCODE_NXDOMAIN)
    if (count === 3) return this.#answer(query, zone, this.#reader.valueAt(entry))
    return count === 4 ? this.#answerEndpoint(query, zone, entry) : FAST_SLOW
  }

  #find(kind: number, name: Uint8Array, start: number, end: number): number {
    return this.#reader.find(kind, this.#key.set(name, start, end - start))
  }

  /** `record` is the offset of a service's record. */
  #answer(query: FastQuery, zone: ServedZone, record: number): FastVerdict {
    const { bytes } = this.#reader
    const kind = bytes[record]!
    if (kind === SERVICE_EXTERNAL) return FAST_SLOW
    const v4 = u16(bytes, record + RECORD_V4)
    const v6 = u16(bytes, record + RECORD_V6)
    if (kind === SERVICE_CLUSTER) {
      if (this.#ignoresEmpty && (bytes[record + RECORD_FLAGS]! & FLAG_READY) === 0)
        return this.#deny(query, zone, RCODE_NXDOMAIN)
      if (u16(bytes, record + RECORD_PORTS) === 0) return FAST_SLOW
    } else if (v4 + v6 === 0) return this.#deny(query, zone, RCODE_NXDOMAIN)
    const isV4 = query.qtype === TYPE_A
    const count = isV4 ? v4 : v6
    if (count === 0) return this.#deny(query, zone, RCODE_NOERROR)
    const from = record + RECORD_ADDRESSES + (isV4 ? 0 : v4 * 4)
    return this.#write(query, from, count, isV4 ? 4 : 16)
  }

  /** Answers for an endpoint of the service. The first label of the name is the endpoint's. */
  #answerEndpoint(query: FastQuery, zone: ServedZone, entry: number): FastVerdict {
    const reader = this.#reader
    const { bytes } = reader
    const record = reader.valueAt(entry)
    if (bytes[record] === SERVICE_EXTERNAL) return this.#deny(query, zone, RCODE_NXDOMAIN)
    const walk = this.#walk
    const size = query.qtype === TYPE_A ? 4 : 16
    let exists = false
    let found = 0
    walk.start(bytes, record, reader.valueBytes(entry))
    while (walk.next()) {
      const address = walk.at + 1
      const addressSize = bytes[walk.at]!
      if (walk.portCount === 0 || !isSameLabel(query.name.bytes, bytes, address + addressSize))
        continue
      exists = true
      if (addressSize !== size) continue
      // A second address: it may equal the first, and is not adjacent to it. The slow path handles
      // that.
      if (found !== 0) return FAST_SLOW
      found = address
    }
    if (found !== 0) return this.#write(query, found, 1, size)
    return this.#deny(query, zone, exists ? RCODE_NOERROR : RCODE_NXDOMAIN)
  }

  /** Writes `count` address records. Their rdata are adjacent, from `from` on. */
  #write(query: FastQuery, from: number, count: number, size: number): FastVerdict {
    const { out, outAt, ttlOffsets } = query
    const nameLength = query.name.length
    const length = query.questionEnd + count * (nameLength + RECORD_FIXED_SIZE + size)
    if (length > query.outRoom || count >= FAST_RECORDS) return FAST_SLOW
    const { bytes } = this.#reader
    const name = query.at + HEADER_SIZE
    let at = beginAnswer(query, RCODE_NOERROR, count, 0)
    for (let k = 0; k < count; k++) {
      at = copyTo(out, at, query.bytes, name, nameLength)
      ttlOffsets[k] = at + RECORD_TTL_OFFSET - outAt
      at = writeFixed(out, at, query.qtype, this.#ttlSeconds, size)
      at = copyTo(out, at, bytes, from + k * size, size)
    }
    return endAnswer(query, count, length)
  }

  /** Writes NODATA or NXDOMAIN, with the SOA of the zone. */
  #deny(query: FastQuery, zone: ServedZone, rcode: number): FastVerdict {
    if (rcode === RCODE_NXDOMAIN && (zone.mayFall || !isComplete(this.#reader))) return FAST_SLOW
    const { out, outAt } = query
    const size = SOA_HOST.length + SOA_MAILBOX.length + 2 * zone.length + this.#soaNumbers.length
    const length = query.questionEnd + zone.length + RECORD_FIXED_SIZE + size
    if (length > query.outRoom) return FAST_SLOW
    let at = zoneTo(query, zone, beginAnswer(query, rcode, 0, 1))
    query.ttlOffsets[0] = at + RECORD_TTL_OFFSET - outAt
    at = writeFixed(out, at, TYPE_SOA, soaTtlSeconds(this.#ttlSeconds), size)
    at = zoneTo(query, zone, copyTo(out, at, SOA_HOST, 0, SOA_HOST.length))
    at = zoneTo(query, zone, copyTo(out, at, SOA_MAILBOX, 0, SOA_MAILBOX.length))
    copyTo(out, at, this.#soaNumbers, 0, this.#soaNumbers.length)
    // The serial is the first of these numbers.
    setU32(out, at, this.#reader.note(NOTE_SERIAL) >>> 0)
    return endAnswer(query, 1, length)
  }
}

/** Writes the zone in the query's case. */
const zoneTo = (
  { bytes, at: queryAt, name, out }: FastQuery,
  { length }: ServedZone,
  at: number,
): number => copyTo(out, at, bytes, queryAt + HEADER_SIZE + name.length - length, length)

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/** Whether the label at `at` has these three letters. */
const isBranch = (name: Uint8Array, at: number, a: number, b: number, c: number): boolean =>
  name[at] === 3 && name[at + 1] === a && name[at + 2] === b && name[at + 3] === c

/** Whether the first label of `name` is the one at `at`. */
const isSameLabel = (name: Uint8Array, bytes: Uint8Array, at: number): boolean => {
  for (let k = name[0]!; k >= 0; k--) if (name[k] !== bytes[at + k]) return false
  return true
}
