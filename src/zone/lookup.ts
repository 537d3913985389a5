// What a zone answers to a question: RFC 1034 section 4.3.2, with wildcards (RFC 4592), DNAME (RFC
// 6672), negative answers (RFC 2308) and, for a zone that is signed with NSEC, what DNSSEC adds
// (RFC 4035 section 3.1). The records that are added to an answer, and their order, are CoreDNS's.
// Some answers follow CoreDNS where the RFCs say something else:
//
// - an empty non-terminal is answered by the wildcard at the same level, if there is one;
// - an alias to a name of the zone that lacks the type is answered with the apex NS, not the SOA;
// - the apex counts as having no records if it has none but SOA, NS and their signatures: it is an
//   empty non-terminal, or does not exist if no name is below it;
// - after ten CNAMEs the answer ends.

import { foldName, isSubname, NameCursor, NO_POINTERS, namesEqual, walkName } from '../wire/name.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_SERVFAIL, RCODE_YXDOMAIN } from '../wire/rcodes.ts'
import * as rr from '../wire/rrtypes.ts'
import type { ZoneRecord } from './record-text.ts'
import { type Place, type RRset, recordsOf, rrsetOf, type ZoneTree } from './tree.ts'

/** Questions that may ask each other for the target of an alias; the next gets SERVFAIL. */
export const MAX_ALIAS_DEPTH = 8
/** CNAMEs within a zone behind the first. */
const MAX_CHAIN = 9

export interface ZoneQuestion {
  /** Wire form, any case; in the zone. */
  readonly qname: Uint8Array
  readonly qtype: number
  /**
   * The client set DO: signatures, NSEC and DS records are added. The outcome does not depend on
   * it.
   */
  readonly withDnssec?: boolean
  /** How many aliases led to this question, which the server asks itself; 0 for a client's. */
  readonly aliasDepth?: number
}

export type ZoneOutcome =
  | 'success'
  /** The name exists without the type. */
  | 'nodata'
  /** Nothing but names below it makes the name exist. */
  | 'empty-non-terminal'
  | 'nxdomain'
  | 'delegation'
  | 'servfail'
  /** The name that a DNAME makes is too long. */
  | 'name-too-long'

export interface ZoneAnswer {
  readonly outcome: ZoneOutcome
  readonly rcode: number
  readonly isAuthoritative: boolean
  readonly answer: readonly RRset[]
  readonly authority: readonly RRset[]
  readonly additional: readonly RRset[]
  /** Owner of the wildcard that was expanded. */
  readonly wildcard?: Uint8Array
  /**
   * An alias leads to this name, which the zone cannot answer by itself: it is elsewhere, below a
   * wildcard, or missing. The caller asks for it with the question's type and calls completeAlias;
   * without that, the answer is the bare alias.
   */
  readonly chase?: Uint8Array
}

/** Whether *fallthrough* may pass the question on: nothing of the zone answers it. */
export const canFallThrough = ({ outcome, answer }: ZoneAnswer): boolean =>
  answer.length === 0 &&
  (outcome === 'nxdomain' || outcome === 'empty-non-terminal' || outcome === 'success')

const RCODES: Readonly<Partial<Record<ZoneOutcome, number>>> = {
  nxdomain: RCODE_NXDOMAIN,
  servfail: RCODE_SERVFAIL,
  'name-too-long': RCODE_YXDOMAIN,
}

type Sections = Partial<
  Pick<ZoneAnswer, 'answer' | 'authority' | 'additional' | 'wildcard' | 'chase'>
>

const NONE: readonly RRset[] = []

/** AA is set but for pure referrals, and for a failure that has nothing to say. */
const answerOf = (outcome: ZoneOutcome, sections: Sections): ZoneAnswer => {
  const { answer = NONE, authority = NONE, additional = NONE } = sections
  const isAuthoritative = answer.length > 0 || (outcome !== 'delegation' && outcome !== 'servfail')
  return {
    ...sections,
    outcome,
    rcode: RCODES[outcome] ?? RCODE_NOERROR,
    isAuthoritative,
    answer,
    authority,
    additional,
  }
}

/** Where a name stands in the data of the types that lead to other names. */
const TARGET_OFFSETS: ReadonlyMap<number, number> = new Map([
  [rr.TYPE_NS, 0],
  [rr.TYPE_CNAME, 0],
  [rr.TYPE_DNAME, 0],
  [rr.TYPE_MX, 2],
  [rr.TYPE_SVCB, 2],
  [rr.TYPE_HTTPS, 2],
  [rr.TYPE_SRV, 6],
])

/** Types whose targets have their addresses added. */
const WITH_ADDRESSES: ReadonlySet<number> = new Set([
  rr.TYPE_SRV,
  rr.TYPE_MX,
  rr.TYPE_SVCB,
  rr.TYPE_HTTPS,
])

const cursor = new NameCursor()

/** The names that the records of a set lead to. */
const targetsOf = (set: RRset): Uint8Array[] => {
  const offset = TARGET_OFFSETS.get(set.type) ?? 0
  return recordsOf(set).flatMap(({ rdata }) => {
    if (!walkName(rdata, offset, rdata.length, NO_POINTERS, cursor)) return []
    return [rdata.subarray(offset, cursor.end)]
  })
}

/** One question to one zone. */
class Lookup {
  readonly #tree: ZoneTree
  readonly #qname: Uint8Array
  readonly #qtype: number
  readonly #withDnssec: boolean
  readonly #aliasDepth: number
  readonly #origin: Uint8Array

  constructor(tree: ZoneTree, { qname, qtype, withDnssec = false, aliasDepth = 0 }: ZoneQuestion) {
    this.#tree = tree
    this.#qname = foldName(qname)
    this.#qtype = qtype
    this.#withDnssec = withDnssec
    this.#aliasDepth = aliasDepth
    this.#origin = tree.origin
  }

  answer(): ZoneAnswer {
    const place = this.#tree.place(this.#qname)
    const apex = place.isFound && place.path.length === 1 ? this.#apex() : undefined
    if (apex !== undefined) return apex
    if (this.#aliasDepth > MAX_ALIAS_DEPTH) return answerOf('servfail', {})
    const above = this.#above(place)
    if (above !== undefined) return above
    const node = place.path.at(-1)!
    if (place.isFound && this.#hasData(node)) return this.#found(node)
    const encloser = place.isFound ? (place.path.at(-2) ?? -1) : node
    const source = encloser < 0 ? -1 : this.#tree.wildcardBelow(encloser)
    return source < 0 ? this.#missing(place) : this.#synthesized(source)
  }

  /**
   * Ends what `chase` began: `rcode` and `records` are what the target's question was answered
   * with.
   */
  complete(alias: ZoneAnswer, rcode: number, records: readonly ZoneRecord[]): ZoneAnswer {
    const { chase: _, ...rest } = alias
    let outcome: ZoneOutcome = 'success'
    if (rcode === RCODE_NXDOMAIN) outcome = 'nxdomain'
    else if (rcode === RCODE_SERVFAIL) outcome = 'servfail'
    else if (rcode === RCODE_NOERROR && records.length === 0) outcome = 'nodata'
    const answer = [...alias.answer, ...records.map(rrsetOf)]
    const authority = outcome === 'nxdomain' || outcome === 'nodata' ? this.#soa() : this.#ns()
    return answerOf(outcome, { ...rest, answer, authority, additional: this.#addresses(answer) })
  }

  #hasData(node: number): boolean {
    return node === this.#tree.originNode ? this.#tree.apexHasData : !this.#tree.isEmpty(node)
  }

  /** The node of a name if it has data; -1 if not. */
  #dataNode(name: Uint8Array): number {
    const node = this.#tree.find(name)
    return node >= 0 && this.#hasData(node) ? node : -1
  }

  #set(node: number, type: number, owner?: Uint8Array): RRset[] {
    const set = this.#tree.rrset(node, type, owner)
    return set === undefined ? [] : [set]
  }

  #signatures(node: number, type: number, owner?: Uint8Array): RRset[] {
    return this.#withDnssec ? this.#tree.signatures(node, type, owner) : []
  }

  /** A set and, if asked for, its signatures. */
  #signed(node: number, type: number, owner?: Uint8Array): RRset[] {
    const sets = this.#set(node, type, owner)
    return sets.length === 0 ? sets : [...sets, ...this.#signatures(node, type, owner)]
  }

  #soa(): RRset[] {
    return this.#signed(this.#tree.soaNode, rr.TYPE_SOA)
  }

  #ns(): RRset[] {
    return this.#signed(this.#tree.originNode, rr.TYPE_NS, this.#origin)
  }

  /** The NSEC of a node, where it proves something. */
  #nsec(node: number): RRset[] {
    return this.#withDnssec && node >= 0 ? this.#signed(node, rr.TYPE_NSEC) : []
  }

  #apex(): ZoneAnswer | undefined {
    if (this.#qtype === rr.TYPE_SOA)
      return answerOf('success', { answer: this.#soa(), authority: this.#ns() })
    if (this.#qtype !== rr.TYPE_NS) return undefined
    return answerOf('success', { answer: this.#ns(), additional: this.#glue(this.#tree.ns) })
  }

  /** A DNAME or a cut on the way to the name. */
  #above({ path, isFound }: Place): ZoneAnswer | undefined {
    for (const [depth, node] of path.entries()) {
      const isQname = isFound && depth === path.length - 1
      const dname =
        isQname || !this.#hasData(node) ? undefined : this.#tree.rrset(node, rr.TYPE_DNAME)
      if (dname !== undefined) return this.#redirected(node, dname)
      const cut = depth > 0 && this.#isCut(node, isQname) ? this.#referral(node) : undefined
      if (cut !== undefined) return answerOf('delegation', cut)
    }
    return undefined
  }

  /**
   * NS records below the apex; but the parent answers for DS at the cut itself (RFC 4035 section
   * 3.1.4.1).
   */
  #isCut(node: number, isQname: boolean): boolean {
    return this.#tree.hasType(node, rr.TYPE_NS) && !(isQname && this.#qtype === rr.TYPE_DS)
  }

  #referral(node: number): Sections {
    const ns = this.#tree.rrset(node, rr.TYPE_NS)!
    const ds = this.#withDnssec ? this.#signed(node, rr.TYPE_DS) : []
    return { authority: [ns, ...ds], additional: this.#glue(ns) }
  }

  /** The addresses of name servers that are at or below the owner of their records. */
  #glue(ns: RRset | undefined): RRset[] {
    if (ns === undefined) return []
    return targetsOf(ns)
      .filter(target => isSubname(target, ns.owner))
      .flatMap(target => this.#addressesOf(target))
  }

  #addressesOf(name: Uint8Array): RRset[] {
    const node = this.#dataNode(name)
    if (node < 0) return []
    const owner = foldName(name)
    return [...this.#signed(node, rr.TYPE_A, owner), ...this.#signed(node, rr.TYPE_AAAA, owner)]
  }

  /** The addresses of the zone's names that an answer leads to, each name once. */
  #addresses(answer: readonly RRset[]): RRset[] {
    const targets: Uint8Array[] = []
    for (const set of answer) {
      if (!WITH_ADDRESSES.has(set.type)) continue
      for (const target of targetsOf(set))
        if (isSubname(target, this.#origin) && !targets.some(known => namesEqual(known, target)))
          targets.push(target)
    }
    return targets.flatMap(target => this.#addressesOf(target))
  }

  #redirected(node: number, dname: RRset): ZoneAnswer {
    const [first] = recordsOf(dname)
    const { owner, rdata, ttlSeconds, class: cls } = first!
    const prefix = this.#qname.subarray(0, this.#qname.length - owner.length)
    const signed = [dname, ...this.#signatures(node, rr.TYPE_DNAME)]
    if (prefix.length + rdata.length > 255) return answerOf('name-too-long', { answer: signed })
    const target = new Uint8Array([...prefix, ...rdata])
    if (namesEqual(target, this.#qname)) return answerOf('servfail', {})
    const cname = rrsetOf({
      owner: this.#qname,
      type: rr.TYPE_CNAME,
      class: cls,
      ttlSeconds,
      rdata: target,
    })
    if (this.#qtype === rr.TYPE_CNAME)
      return answerOf('success', { answer: [...signed, cname], authority: this.#ns() })
    return this.#follow([...signed, cname], target)
  }

  #found(node: number): ZoneAnswer {
    const owner = this.#qname
    const cname =
      this.#qtype === rr.TYPE_CNAME ? undefined : this.#tree.rrset(node, rr.TYPE_CNAME, owner)
    if (cname !== undefined) return this.#aliased(node, cname)
    const answer = this.#signed(node, this.#qtype, owner)
    if (answer.length === 0) return this.#nodata(node)
    return answerOf('success', {
      answer,
      authority: this.#ns(),
      additional: this.#addresses(answer),
    })
  }

  #nodata(node: number): ZoneAnswer {
    return answerOf('nodata', { authority: [...this.#soa(), ...this.#nsec(node)] })
  }

  /** The signature of an expanded CNAME keeps the wildcard's name, as in CoreDNS. */
  #aliased(node: number, cname: RRset): ZoneAnswer {
    const [target] = targetsOf(cname)
    const answer = [cname, ...this.#signatures(node, rr.TYPE_CNAME)]
    return target === undefined ? answerOf('servfail', {}) : this.#follow(answer, target)
  }

  /** Goes along aliases for as long as they stay among the zone's names. */
  #follow(aliases: RRset[], first: Uint8Array): ZoneAnswer {
    const answer = [...aliases]
    let target = first
    for (let length = 1; ; length++) {
      const place = this.#tree.place(target)
      const cut = this.#cutAbove(place, target)
      if (cut >= 0) return answerOf('delegation', { answer, ...this.#referral(cut) })
      const node = this.#dataNode(target)
      const isApexType =
        this.#qtype === rr.TYPE_NS ||
        (this.#qtype === rr.TYPE_SOA && namesEqual(target, this.#origin))
      if (node < 0 || isApexType)
        return answerOf('success', { ...this.#closed(answer), chase: target })
      const cname = this.#tree.rrset(node, rr.TYPE_CNAME)
      const [next] = cname === undefined ? [] : targetsOf(cname)
      if (cname === undefined || next === undefined) {
        answer.push(...this.#signed(node, this.#qtype))
        return answerOf('success', this.#closed(answer))
      }
      answer.push(cname, ...this.#signatures(node, rr.TYPE_CNAME))
      if (length === MAX_CHAIN) return answerOf('success', this.#closed(answer))
      target = next
    }
  }

  #closed(answer: readonly RRset[]): Sections {
    return { answer, authority: this.#ns(), additional: this.#addresses(answer) }
  }

  /** The first cut on the way to the target of an alias; -1 if there is none. */
  #cutAbove({ path, isFound }: Place, target: Uint8Array): number {
    if (!isSubname(target, this.#origin)) return -1
    return (
      path.find(
        (node, depth) => depth > 0 && this.#isCut(node, isFound && depth === path.length - 1),
      ) ?? -1
    )
  }

  /** An answer made of a wildcard, which may be an empty non-terminal itself. */
  #synthesized(source: number): ZoneAnswer {
    if (!this.#hasData(source)) return answerOf('nodata', { authority: this.#soa() })
    const wildcard = this.#tree.nameOf(source)
    const owner = this.#qname
    const cname =
      this.#qtype === rr.TYPE_CNAME ? undefined : this.#tree.rrset(source, rr.TYPE_CNAME, owner)
    if (cname !== undefined) return { ...this.#aliased(source, cname), wildcard }
    const answer = this.#signed(source, this.#qtype, owner)
    if (answer.length === 0) return { ...this.#nodata(source), wildcard }
    const authority = [
      ...this.#ns(),
      ...(this.#withDnssec ? this.#nsec(this.#tree.before(owner)) : []),
    ]
    return answerOf('success', { answer, authority, additional: this.#addresses(answer), wildcard })
  }

  #missing(place: Place): ZoneAnswer {
    const isEmpty = place.isFound && this.#tree.hasBelow(place.path.at(-1)!)
    const outcome = isEmpty ? 'empty-non-terminal' : 'nxdomain'
    if (!this.#withDnssec) return answerOf(outcome, { authority: this.#soa() })
    const denial = this.#tree.before(this.#qname)
    const authority = [...this.#soa(), ...this.#nsec(denial)]
    if (isEmpty) return answerOf(outcome, { authority })
    const encloser = place.path.findLast(node => this.#hasData(node))
    const wildcard = encloser === undefined ? -1 : this.#tree.before(this.#wildcardOf(encloser))
    if (wildcard >= 0 && wildcard !== denial) authority.push(...this.#nsec(wildcard))
    return answerOf(outcome, { authority })
  }

  #wildcardOf(node: number): Uint8Array {
    return new Uint8Array([1, 0x2a, ...this.#tree.nameOf(node)])
  }
}

export const lookup = (tree: ZoneTree, question: ZoneQuestion): ZoneAnswer =>
  new Lookup(tree, question).answer()

/**
 * The whole answer to a question whose alias led to `alias.chase`: `rcode` and `records` are what
 * the server answers for that name and the question's type (empty success if no plugin does).
 */
export const completeAlias = (
  tree: ZoneTree,
  question: ZoneQuestion,
  alias: ZoneAnswer,
  rcode: number,
  records: readonly ZoneRecord[],
): ZoneAnswer => new Lookup(tree, question).complete(alias, rcode, records)
