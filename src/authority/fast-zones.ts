// Hot path. The fast step of file and auto: records of a name or of the wildcard for it, aliases
// within the zone, the SOA record, and that there is no such name or type, straight from the zone
// in the records memory into the packet to be sent. The slow path (zone-server.ts) answers
// referrals, DNAME, targets outside of the zone, answers with addresses in Additional, and DO where
// the zone is signed. Both give the same bytes.

import { FAST_RECORDS, type FastQuery } from '../chain/query/fast-query.ts'
import { beginAnswer, copyTo, endAnswer, RECORD_TTL_OFFSET } from '../chain/stage/fast-answer.ts'
import { FAST_NEXT, FAST_SLOW, type FastStep, type FastVerdict } from '../chain/stage/fast-step.ts'
import { MAX_NAME_SIZE } from '../wire/name.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN } from '../wire/rcodes.ts'
import {
  TYPE_AXFR,
  TYPE_CNAME,
  TYPE_HTTPS,
  TYPE_IXFR,
  TYPE_MX,
  TYPE_NS,
  TYPE_SOA,
  TYPE_SRV,
  TYPE_SVCB,
} from '../wire/rrtypes.ts'
import type { ZoneIndex } from '../wire/zone-index.ts'
import { RECORD_HEAD_BYTES } from '../zone/tree.ts'
import { TreeCursor } from '../zone/tree-cursor.ts'
import { NO_ZONE, NOT_LOADED, type ServedZones } from './served-zones.ts'

/** CNAMEs in an answer; a longer chain is the slow path's. */
const MAX_ALIASES = 4

/** Targets of these have their addresses added. */
const bringsAddresses = (type: number): boolean =>
  type === TYPE_MX || type === TYPE_SRV || type === TYPE_SVCB || type === TYPE_HTTPS

export class FastZones implements FastStep {
  readonly #zones: ServedZones
  readonly #fall: ZoneIndex
  readonly #tree: TreeCursor
  /** The target of an alias. */
  readonly #target = new Uint8Array(MAX_NAME_SIZE + 1)

  // The answer in the making: where the next record goes, and how many there are.
  #at = 0
  #records = 0

  constructor(zones: ServedZones, fall: ZoneIndex) {
    this.#zones = zones
    this.#fall = fall
    this.#tree = new TreeCursor(zones.words, zones.bytes)
  }

  ask(query: FastQuery): FastVerdict {
    const { name, qtype } = query
    const at = this.#zones.find(name)
    if (at === NO_ZONE) return FAST_NEXT
    if (at === NOT_LOADED || qtype === TYPE_AXFR || qtype === TYPE_IXFR) return FAST_SLOW
    const tree = this.#tree
    tree.open(at)
    if ((query.do && tree.hasDnssec) || tree.soaNode !== tree.originNode) return FAST_SLOW
    if (!tree.seek(name.bytes)) return FAST_SLOW
    this.#at = query.outAt + query.questionEnd
    this.#records = 0
    const { node, isFound } = tree
    if (isFound && node === tree.originNode && (qtype === TYPE_SOA || qtype === TYPE_NS))
      return qtype === TYPE_SOA ? this.#answerSoa(query) : FAST_SLOW
    if (isFound && tree.hasData(node)) return this.#answer(query, node)
    const encloser = isFound ? tree.parent : node
    const wildcard = encloser < 0 ? -1 : tree.wildcardBelow(encloser)
    if (wildcard >= 0)
      return tree.hasData(wildcard)
        ? this.#answer(query, wildcard)
        : this.#deny(query, RCODE_NOERROR)
    if (this.#fall.holds(name)) return FAST_NEXT
    return this.#deny(query, isFound && tree.hasBelow(node) ? RCODE_NOERROR : RCODE_NXDOMAIN)
  }

  /** With the node's records, which may be those of a wildcard. */
  #answer(query: FastQuery, node: number): FastVerdict {
    const { name, qtype } = query
    const tree = this.#tree
    if (qtype !== TYPE_CNAME && tree.find(node, TYPE_CNAME)) return this.#answerAlias(query)
    if (!tree.find(node, qtype)) return this.#deny(query, RCODE_NOERROR)
    if (bringsAddresses(qtype) || !this.#write(query, name.bytes, 0, name.length)) return FAST_SLOW
    return this.#close(query)
  }

  #answerSoa(query: FastQuery): FastVerdict {
    return this.#writeApex(query, TYPE_SOA) ? this.#close(query) : FAST_SLOW
  }

  /** CNAMEs, the first of which stand in `start` to `end`, and what they lead to. */
  #answerAlias(query: FastQuery): FastVerdict {
    const { name, qtype } = query
    const tree = this.#tree
    const target = this.#target
    let owner = name.bytes
    let ownerLength = name.length
    for (let aliases = 0; aliases < MAX_ALIASES; aliases++) {
      const first = tree.start
      if (!this.#write(query, owner, 0, ownerLength)) return FAST_SLOW
      ownerLength = tree.recordSize(first) - RECORD_HEAD_BYTES
      if (ownerLength > MAX_NAME_SIZE) return FAST_SLOW
      copyTo(target, 0, tree.bytes, first + RECORD_HEAD_BYTES, ownerLength)
      owner = target
      if (!this.#isInZone(query, target, ownerLength) || !tree.seek(target)) return FAST_SLOW
      const { node } = tree
      if (!tree.isFound || !tree.hasData(node) || qtype === TYPE_NS || qtype === TYPE_SOA)
        return FAST_SLOW
      if (tree.find(node, TYPE_CNAME)) continue
      if (tree.find(node, qtype)) {
        if (bringsAddresses(qtype) || !this.#write(query, target, 0, ownerLength)) return FAST_SLOW
      }
      return this.#close(query)
    }
    return FAST_SLOW
  }

  /** Whether a name of `length` bytes is the origin or below it. */
  #isInZone({ name }: FastQuery, other: Uint8Array, length: number): boolean {
    const start = length - this.#zones.originLength
    let at = 0
    while (at < start) at += other[at]! + 1
    if (at !== start) return false
    const origin = name.length - this.#zones.originLength
    for (; at < length; at++) if (other[at] !== name.bytes[origin + at - start]) return false
    return true
  }

  /** Ends an answer: the zone's NS records go into Authority. */
  #close(query: FastQuery): FastVerdict {
    const answers = this.#records
    const { originNode } = this.#tree
    if (this.#tree.find(originNode, TYPE_NS) && !this.#writeApex(query, TYPE_NS)) return FAST_SLOW
    return this.#end(query, RCODE_NOERROR, answers)
  }

  #deny(query: FastQuery, rcode: number): FastVerdict {
    return this.#writeApex(query, TYPE_SOA) ? this.#end(query, rcode, 0) : FAST_SLOW
  }

  #end(query: FastQuery, rcode: number, answers: number): FastVerdict {
    if (query.questionEnd > query.outRoom) return FAST_SLOW
    beginAnswer(query, rcode, answers, this.#records - answers)
    return endAnswer(query, this.#records, this.#at - query.outAt)
  }

  /** Records of the origin. */
  #writeApex(query: FastQuery, type: number): boolean {
    const { name } = query
    const { originLength } = this.#zones
    this.#tree.find(this.#tree.originNode, type)
    return this.#write(query, name.bytes, name.length - originLength, originLength)
  }

  /** The records that find has found, with this owner; false if there is no room. */
  #write(query: FastQuery, owner: Uint8Array, ownerAt: number, ownerLength: number): boolean {
    const { out, outAt, outRoom, ttlOffsets } = query
    const { bytes, end } = this.#tree
    let at = this.#at
    for (let from = this.#tree.start; from < end; ) {
      const size = this.#tree.recordSize(from)
      if (at + ownerLength + size > outAt + outRoom || this.#records >= FAST_RECORDS) return false
      at = copyTo(out, at, owner, ownerAt, ownerLength)
      ttlOffsets[this.#records++] = at + RECORD_TTL_OFFSET - outAt
      at = copyTo(out, at, bytes, from, size)
      from += size
    }
    this.#at = at
    return true
  }
}
