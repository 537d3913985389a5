// Hot path. The fast step of hosts: writes addresses of known names, and empty answers for types
// that they do not have, from the records memory straight into the packet to be sent. The slow path
// (serve.ts) gives PTR answers and SERVFAIL. Both give the same bytes.

import { FAST_RECORDS, type FastQuery } from '../../chain/query/fast-query.ts'
import {
  beginAnswer,
  copyTo,
  endAnswer,
  RECORD_FIXED_SIZE,
  RECORD_TTL_OFFSET,
  writeFixed,
} from '../../chain/stage/fast-answer.ts'
import {
  FAST_NEXT,
  FAST_SLOW,
  type FastStep,
  type FastVerdict,
} from '../../chain/stage/fast-step.ts'
import type { RecordsReader } from '../../records/reader.ts'
import type { NameView } from '../../wire/name.ts'
import { RCODE_NOERROR } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_PTR } from '../../wire/rrtypes.ts'
import type { ZoneIndex } from '../../wire/zone-index.ts'
import { SOURCES } from './host-records.ts'
import { HostsLookup } from './lookup.ts'
import type { HostsOptions } from './options.ts'
import { readReverseName } from './reverse-address.ts'

export class FastHosts implements FastStep {
  readonly #lookup: HostsLookup
  readonly #fall: ZoneIndex
  readonly #ttlSeconds: number
  readonly #fallUnsupported: boolean
  readonly #address = new Uint8Array(16)

  constructor(options: HostsOptions, reader: RecordsReader, fall: ZoneIndex) {
    this.#lookup = new HostsLookup(reader)
    this.#fall = fall
    this.#ttlSeconds = options.ttlSeconds
    this.#fallUnsupported = options.fallUnsupported
  }

  ask(query: FastQuery): FastVerdict {
    const { qtype, name } = query
    if (qtype === TYPE_PTR) return this.#askReverse(name)
    if (!this.#lookup.findName(name.bytes, name.length))
      return this.#fall.holds(name) ? FAST_NEXT : FAST_SLOW
    if (qtype === TYPE_A || qtype === TYPE_AAAA) return this.#answer(query)
    return this.#fallUnsupported && this.#fall.holds(name) ? FAST_NEXT : this.#empty(query)
  }

  #askReverse(name: NameView): FastVerdict {
    const length = readReverseName(name.bytes, name.length, this.#address)
    return length > 0 && this.#lookup.hasNames(this.#address, length) ? FAST_SLOW : FAST_NEXT
  }

  #answer(query: FastQuery): FastVerdict {
    const { qtype, name, out, outAt, ttlOffsets } = query
    const size = qtype === TYPE_A ? 4 : 16
    const count = this.#lookup.addresses(size === 4 ? 4 : 6)
    if (count === 0) return this.#empty(query)
    const length = query.questionEnd + count * (name.length + RECORD_FIXED_SIZE + size)
    if (length > query.outRoom || count >= FAST_RECORDS) return FAST_SLOW
    const { starts, counts, reader } = this.#lookup
    let at = beginAnswer(query, RCODE_NOERROR, count, 0)
    let written = 0
    for (let source = 0; source < SOURCES; source++) {
      let rdata = starts[source]!
      for (let left = counts[source]!; left > 0; left--) {
        at = copyTo(out, at, name.bytes, 0, name.length)
        ttlOffsets[written++] = at + RECORD_TTL_OFFSET - outAt
        at = writeFixed(out, at, qtype, this.#ttlSeconds, size)
        at = copyTo(out, at, reader.bytes, rdata, size)
        rdata += size
      }
    }
    return endAnswer(query, count, length)
  }

  /** Answers for a name that exists without records of this type. */
  #empty(query: FastQuery): FastVerdict {
    if (query.questionEnd > query.outRoom) return FAST_SLOW
    beginAnswer(query, RCODE_NOERROR, 0, 0)
    return endAnswer(query, 0, query.questionEnd)
  }
}
