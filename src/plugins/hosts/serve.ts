// hosts in a shard: answers from the records that main keeps, without messages to main, waits or a
// copy of the file.

import { answer, type RecordData, unwritten } from '../../chain/answer/answer.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import { inZones } from '../../chain/query/asked.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import type { RecordsRef } from '../../records/layout.ts'
import { RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_PTR } from '../../wire/rrtypes.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import { FastHosts } from './fast.ts'
import { SOURCES } from './host-records.ts'
import { HostsLookup } from './lookup.ts'
import type { HostsOptions } from './options.ts'
import { readReverseName } from './reverse-address.ts'

export const serve = (options: HostsOptions, scope: ServeScope, records: RecordsRef): Stage => {
  const reader = scope.records(records)
  const fall = ZoneIndex.fromText(options.fall)
  const server = new HostsServer(options, new HostsLookup(reader), fall)
  const isInZones = inZones(ZoneIndex.fromText(options.zones), scope.block)
  return {
    // Reverse zones need not be among the zones of hosts.
    concerns: isInZones && (asked => asked.qtype === TYPE_PTR || isInZones(asked)),
    wrap: next => query => server.respond(query, next),
    fast: new FastHosts(options, reader, fall),
  }
}

/**
 * Results of the look-up are borrowed. They are written into the reply before anything else can
 * run.
 */
class HostsServer {
  readonly #options: HostsOptions
  readonly #fall: ZoneIndex
  readonly #lookup: HostsLookup
  readonly #address = new Uint8Array(16)

  constructor(options: HostsOptions, lookup: HostsLookup, fall: ZoneIndex) {
    this.#options = options
    this.#fall = fall
    this.#lookup = lookup
  }

  respond(query: Query, next: Handler): Reply | Promise<Reply> {
    const { folded, type } = query.question
    if (type === TYPE_PTR) {
      const names = this.#namesFor(folded)
      return names.length === 0 ? next(query) : this.#positive(query, names)
    }
    const isKnown = this.#lookup.findName(folded, folded.length)
    const isSupported = type === TYPE_A || type === TYPE_AAAA
    const addresses = isSupported ? this.#addresses(type === TYPE_A ? 4 : 6) : []
    if (addresses.length > 0) return this.#positive(query, addresses)
    const mayFall = !isKnown || (this.#options.fallUnsupported && !isSupported)
    if (mayFall && this.#fall.holds(query.name)) return next(query)
    // There is no SOA for NXDOMAIN. CoreDNS answers SERVFAIL instead.
    return isKnown ? answer(query, { aa: true }) : unwritten(query, RCODE_SERVFAIL)
  }

  #namesFor(folded: Uint8Array): Uint8Array[] {
    const length = readReverseName(folded, folded.length, this.#address)
    return length === 0 ? [] : this.#lookup.namesOf(this.#address.subarray(0, length))
  }

  #addresses(family: 4 | 6): Uint8Array[] {
    const { starts, counts, reader } = this.#lookup
    const size = family === 4 ? 4 : 16
    this.#lookup.addresses(family)
    const found: Uint8Array[] = []
    for (let source = 0; source < SOURCES; source++) {
      let at = starts[source] ?? 0
      for (let left = counts[source] ?? 0; left > 0; left--, at += size)
        found.push(reader.bytes.subarray(at, at + size))
    }
    return found
  }

  /** Records of the question's own type, owned by the qname in lower case. */
  #positive(query: Query, items: readonly Uint8Array[]): Reply {
    const { folded: owner, type } = query.question
    const { ttlSeconds } = this.#options
    const answers: RecordData[] = items.map(rdata => ({ owner, type, ttlSeconds, rdata }))
    return answer(query, { aa: true, answers })
  }
}
