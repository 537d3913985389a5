// What a warm-up asks: messages of the shapes that clients send, mostly for names that nobody owns.

import { OPT_FIXED_SIZE } from '../../wire/edns.ts'
import {
  FLAG_RD,
  HEADER_SIZE,
  setArcount,
  setFlags,
  setId,
  setQdcount,
  setU16,
} from '../../wire/header.ts'
import { nameFromText } from '../../wire/name.ts'
import { writeOptFields } from '../../wire/opt-record.ts'
import { CLASS_IN, TYPE_A, TYPE_AAAA } from '../../wire/rrtypes.ts'
import type { BlockMessage } from '../messages.ts'

const UDP_SIZE = 1232
/** Names that are asked for again and again: found in caches. */
const COMMON = 16
/**
 * Of so many questions in a zone one is for a name that was not asked for before: what clients ask
 * first is in no cache.
 */
const NEW_EVERY = 2
/** So many with EDNS, then so many without: half of either kind. */
const EDNS_TURNS = 2
/** A name that every cluster has, if the zone is that of its services. */
const IN_CLUSTERS = 'kubernetes.default.'
const MOST_ZONES = 8

/** Zones of a listener that lead to different code: of its blocks, and of plugins that answer. */
export const zonesOf = (blocks: readonly BlockMessage[], listener: number): readonly string[] => {
  const served = blocks.filter(({ sites }) => sites.some(site => site.listener === listener))
  const own = served.flatMap(({ info }) => info.zones)
  const changing = served.flatMap(({ info }) => info.changing.map(({ zone }) => zone))
  return [...new Set([...own, ...changing])].slice(0, MOST_ZONES)
}

/** The question of that number, counted from 0; the zones take turns. */
export const questionOf = (number: number, zones: readonly string[]): Uint8Array => {
  const turn = Math.floor(number / zones.length)
  const name = nameFromText(labelsOf(turn) + zones[number % zones.length]!.replace(/^\.$/, ''))
  const qtype = turn % 3 === 2 ? TYPE_AAAA : TYPE_A
  // A zone so long that it leaves no room is asked for itself.
  const qname = name ?? nameFromText(zones[number % zones.length]!) ?? ROOT
  const hasEdns = Math.floor(turn / EDNS_TURNS) % 2 === 0
  return message(number & 0xffff, qname, qtype, hasEdns ? UDP_SIZE : 0)
}

const ROOT = Uint8Array.of(0)

const labelsOf = (turn: number): string => {
  if (turn % NEW_EVERY === 0) return `new${turn}.warm-up.`
  const common = turn % COMMON
  return common === 1 ? IN_CLUSTERS : `w${common}.warm-up.`
}

/** `udpSize` 0: without an OPT record. */
const message = (id: number, qname: Uint8Array, qtype: number, udpSize: number): Uint8Array => {
  const end = HEADER_SIZE + qname.length + 4
  const bytes = new Uint8Array(end + (udpSize > 0 ? OPT_FIXED_SIZE : 0))
  setId(bytes, 0, id)
  setFlags(bytes, 0, FLAG_RD)
  setQdcount(bytes, 0, 1)
  bytes.set(qname, HEADER_SIZE)
  setU16(bytes, end - 4, qtype)
  setU16(bytes, end - 2, CLASS_IN)
  if (udpSize > 0) {
    setArcount(bytes, 0, 1)
    writeOptFields(bytes, end, udpSize, 0, 0)
  }
  return bytes
}
