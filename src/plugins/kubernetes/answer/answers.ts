// Makes records by qtype from what lookup.ts finds, as CoreDNS does (backend_lookup). A result
// without records is NODATA. Undefined means that the name does not exist. aliases.ts follows
// CNAMEs.

import { parseIp, reverseNameToIp } from '../../../base/ip.ts'
import type { RecordData } from '../../../chain/answer/answer.ts'
import type { Query } from '../../../chain/query/query.ts'
import { rdataName, rdataSrv, rdataStrings } from '../../../wire/rdata.ts'
import {
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_NS,
  TYPE_PTR,
  TYPE_SRV,
  TYPE_TXT,
} from '../../../wire/rrtypes.ts'
import { type ClusterLookup, type Found, type Item, NO_PORT } from './lookup.ts'
import { type Grammar, labelText, readRequest } from './request.ts'
import { DEFAULT_NS, type ZoneView } from './zone-view.ts'

/** The version of the Kubernetes DNS specification that `dns-version` names. */
const SCHEMA_VERSION = '1.1.0'
const SCHEMA_TTL_SECONDS = 28_800
const FULL_WEIGHT = 100

export interface Records {
  readonly answers: readonly RecordData[]
  readonly additionals?: readonly RecordData[]
}

const NODATA: Records = { answers: [] }

export interface Asked {
  readonly query: Query
  readonly zone: ZoneView
  /** Bytes of the zone's wire name. */
  readonly zoneLength: number
  readonly grammar: Grammar
  readonly isReverse: boolean
}

export class Answers {
  readonly #lookup: ClusterLookup
  readonly #ttlSeconds: number
  /** Addresses at which the server answers, except loopback ones. */
  readonly #ownAddresses: readonly Uint8Array[]
  /** Wire name. */
  readonly #primaryZone: Uint8Array

  constructor(parts: {
    readonly lookup: ClusterLookup
    readonly ttlSeconds: number
    readonly ownAddresses: readonly Uint8Array[]
    readonly primaryZone: Uint8Array
  }) {
    this.#lookup = parts.lookup
    this.#ttlSeconds = parts.ttlSeconds
    this.#ownAddresses = parts.ownAddresses
    this.#primaryZone = parts.primaryZone
  }

  /**
   * What exists at a lower-case wire name in the zone, of any type. Only this function decides
   * whether a name exists.
   */
  find(asked: Asked, folded: Uint8Array): Found | undefined {
    if (isNameServer(asked, folded)) return NOTHING
    const request = readRequest(folded, asked.zoneLength, asked.grammar)
    if (asked.isReverse && request.kind !== 'empty') return undefined
    return this.#lookup.find(request, asked.grammar.isMulticluster)
  }

  /** Address records of a service's own name. Undefined if only `find` can tell. */
  ownAddresses(asked: Asked, owner: Uint8Array, folded: Uint8Array): RecordData[] | undefined {
    if (asked.isReverse || asked.grammar.isMulticluster) return undefined
    const { type } = asked.query.question
    const request = readRequest(folded, asked.zoneLength, asked.grammar)
    const addresses = this.#lookup.ownAddresses(request, type === TYPE_A ? 4 : 16)
    return addresses?.map(rdata => ({ owner, type, ttlSeconds: this.#ttlSeconds, rdata }))
  }

  /** Addresses of one family, each once. */
  addresses(owner: Uint8Array, items: readonly Item[], type: number): RecordData[] {
    const size = type === TYPE_A ? 4 : 16
    const seen = new Set<string>()
    return items.flatMap(({ address }) => {
      if (address.length !== size || !isFirst(seen, address)) return []
      return [{ owner, type, ttlSeconds: this.#ttlSeconds, rdata: address }]
    })
  }

  /** The addresses of `ns.dns` in the zone; undefined for other names. */
  nameServerAddresses(asked: Asked): RecordData[] | undefined {
    const { folded, wire, type } = asked.query.question
    if (!isNameServer(asked, folded)) return undefined
    return this.addresses(
      wire,
      this.#nameServers(asked.zone).map(({ address }) => ({
        address,
        port: NO_PORT,
        owner: NO_LABELS,
      })),
      type,
    )
  }

  alias(owner: Uint8Array, target: Uint8Array): RecordData {
    return { owner, type: TYPE_CNAME, ttlSeconds: this.#ttlSeconds, rdata: rdataName(target) }
  }

  cname(asked: Asked): Records | undefined {
    const { wire, folded } = asked.query.question
    const found = this.find(asked, folded)
    if (found === undefined) return undefined
    return found.target === undefined ? NODATA : { answers: [this.alias(wire, found.target)] }
  }

  srv(asked: Asked): Records | undefined {
    const { query, zone } = asked
    const found = this.find(asked, query.question.folded)
    if (found === undefined) return undefined
    const { items } = found
    const weight = Math.max(1, Math.floor(FULL_WEIGHT / Math.max(1, items.length)))
    const answers: RecordData[] = []
    const additionals: RecordData[] = []
    const seen = new Set<string>()
    for (const { address, port, owner } of items) {
      if (port === NO_PORT) continue
      const target = zone.below(owner)
      const rdata = rdataSrv(0, weight, port, target)
      const ttlSeconds = this.#ttlSeconds
      if (isFirst(seen, rdata))
        answers.push({ owner: query.question.wire, type: TYPE_SRV, ttlSeconds, rdata })
      if (isFirst(seen, Buffer.concat([target, address])))
        additionals.push(this.#address(target, address))
    }
    return { answers, additionals }
  }

  ptr(asked: Asked): Records | undefined {
    const { question } = asked.query
    const address = parseIp(reverseNameToIp(question.name) ?? '')?.bytes
    if (address === undefined) return this.find(asked, question.folded) && NODATA
    const answers = this.pointers(question.wire, address)
    return answers.length === 0 ? undefined : { answers }
  }

  txt(asked: Asked): Records | undefined {
    const { folded, wire } = asked.query.question
    const relative = folded.subarray(0, folded.length - asked.zoneLength)
    if (relative.length === (relative[0] ?? 0) + 1 && labelText(relative) === 'dns-version') {
      const rdata = rdataStrings(SCHEMA_VERSION)
      return { answers: [{ owner: wire, type: TYPE_TXT, ttlSeconds: SCHEMA_TTL_SECONDS, rdata }] }
    }
    const request = readRequest(folded, asked.zoneLength, asked.grammar)
    if (request.kind !== 'service' && request.kind !== 'pod') return undefined
    return this.find(asked, folded) && NODATA
  }

  /** NS records of the zone itself. */
  ns(zone: ZoneView): Records {
    const owner = zone.name
    const servers = this.#nameServers(zone)
    const seen = new Set<string>()
    const answers = servers.flatMap(({ name }) =>
      isFirst(seen, name)
        ? [{ owner, type: TYPE_NS, ttlSeconds: this.#ttlSeconds, rdata: rdataName(name) }]
        : [],
    )
    const additionals = servers.flatMap(({ name, address }) =>
      isFirst(seen, Buffer.concat([name, address])) ? [this.#address(name, address)] : [],
    )
    return { answers, additionals }
  }

  /** The answer for types that a cluster has no records of: whether the name exists. */
  other(asked: Asked): Records | undefined {
    return this.find(asked, asked.query.question.folded) && NODATA
  }

  /** The names of an address that lie in the primary zone. */
  pointers(owner: Uint8Array, address: Uint8Array): RecordData[] {
    return this.#lookup.namesOf(address).map(name => ({
      owner,
      type: TYPE_PTR,
      ttlSeconds: this.#ttlSeconds,
      rdata: Buffer.concat([name, this.#primaryZone]),
    }))
  }

  #nameServers(zone: ZoneView): { readonly name: Uint8Array; readonly address: Uint8Array }[] {
    const served = this.#lookup.servedBy(this.#ownAddresses)
    if (served !== undefined)
      return served.map(({ owner, address }) => ({ name: zone.below(owner), address }))
    return this.#ownAddresses.map(address => ({ name: zone.below(DEFAULT_NS), address }))
  }

  #address(owner: Uint8Array, address: Uint8Array): RecordData {
    const type = address.length === 4 ? TYPE_A : TYPE_AAAA
    return { owner, type, ttlSeconds: this.#ttlSeconds, rdata: address }
  }
}

const NO_LABELS = new Uint8Array(0)
/** The result for a name that exists and is no service or pod. */
const NOTHING: Found = { items: [], target: undefined }

/** Whether the name is `ns.dns` in the zone. */
const isNameServer = ({ zoneLength }: Asked, folded: Uint8Array): boolean =>
  folded.length === DEFAULT_NS.length + zoneLength &&
  DEFAULT_NS.every((byte, k) => folded[k] === byte)

/** Whether these bytes are new to the set, to which they are added. */
const isFirst = (seen: Set<string>, bytes: Uint8Array): boolean => {
  const text = Buffer.from(bytes).toString('latin1')
  if (seen.has(text)) return false
  seen.add(text)
  return true
}
