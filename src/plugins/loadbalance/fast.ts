// Hot path. round_robin on the fast path: addresses under one name change places in the answer
// itself. Gives the bytes that order.ts gives with the same draws, and leaves to it every answer
// that it would write anew.

import type { FastQuery } from '../../chain/fast-query.ts'
import type { FastStep } from '../../chain/fast-step.ts'
import {
  getAncount,
  getArcount,
  getFlags,
  getNscount,
  getU16,
  MASK_RCODE,
} from '../../wire/header.ts'
import { RCODE_NOERROR } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_AXFR, TYPE_CNAME, TYPE_IXFR, TYPE_MX } from '../../wire/rrtypes.ts'
import { type Draw, shuffle } from './random.ts'

// The groups of a section in the order they go out in, as `joined` of order.ts has them.
const ALIAS = 0
const REST = 1
const ADDRESS = 2
const EXCHANGER = 3

const SECTIONS = 3

/** The step with a source of random numbers of the caller's choice. */
export const fast = (draw: Draw): FastStep => new RoundRobin(draw)

class RoundRobin implements FastStep {
  readonly #draw: Draw
  /** For each section its first address record and how many follow in a row, itself included. */
  readonly #first = new Uint16Array(SECTIONS)
  readonly #count = new Uint16Array(SECTIONS)

  constructor(draw: Draw) {
    this.#draw = draw
  }

  /** All sections are looked at before the first draw: the slow path would begin its draws anew. */
  shape(query: FastQuery): boolean {
    const { out, outAt, qtype } = query
    if (
      (getFlags(out, outAt) & MASK_RCODE) !== RCODE_NOERROR ||
      qtype === TYPE_AXFR ||
      qtype === TYPE_IXFR
    )
      return true
    const answers = getAncount(out, outAt)
    const authorities = getNscount(out, outAt)
    const additionals = getArcount(out, outAt)
    if (answers <= 1 && authorities <= 1 && additionals <= 1) return true
    const second = answers + authorities
    if (!this.#find(query, 0, 0, answers)) return false
    if (
      !this.#find(query, 1, answers, second) ||
      !this.#find(query, 2, second, second + additionals)
    )
      return false
    for (let section = 0; section < SECTIONS; section++) {
      shuffle(query, this.#first[section]!, this.#count[section]!, this.#draw, swap)
    }
    return true
  }

  /**
   * Finds the addresses of a section, records `start` to `end` - 1. False if more than its
   * addresses might move, or if they differ in more.
   */
  #find(query: FastQuery, section: number, start: number, end: number): boolean {
    this.#first[section] = start
    this.#count[section] = 0
    if (end - start <= 1) return true
    let before = ALIAS
    let count = 0
    for (let index = start; index < end; index++) {
      const group = groupOf(typeOf(query, index))
      if (group < before || (group === EXCHANGER && before === EXCHANGER)) return false
      before = group
      if (group !== ADDRESS) continue
      if (count === 0) this.#first[section] = index
      else if (!areInterchangeable(query, this.#first[section]!, index)) return false
      count++
    }
    this.#count[section] = count
    return true
  }
}

const typeOf = ({ out, outAt, ttlOffsets }: FastQuery, index: number): number =>
  getU16(out, outAt + ttlOffsets[index]! - 4)

const groupOf = (type: number): number => {
  if (type === TYPE_A || type === TYPE_AAAA) return ADDRESS
  if (type === TYPE_CNAME) return ALIAS
  return type === TYPE_MX ? EXCHANGER : REST
}

/** Where the owner of a record starts: behind the record before it. */
const ownerOffset = ({ out, outAt, ttlOffsets, questionEnd }: FastQuery, index: number): number => {
  if (index === 0) return questionEnd
  const before = ttlOffsets[index - 1]!
  return before + 6 + getU16(out, outAt + before + 4)
}

/**
 * Whether two address records have the same owner, as it is spelt, the same type, class and size of
 * address.
 */
const areInterchangeable = (query: FastQuery, a: number, b: number): boolean => {
  const { out, outAt, ttlOffsets } = query
  const size = ttlOffsets[a]! - ownerOffset(query, a)
  if (ttlOffsets[b]! - ownerOffset(query, b) !== size) return false
  const endA = outAt + ttlOffsets[a]!
  const endB = outAt + ttlOffsets[b]!
  // Type and class stand between owner and TTL.
  for (let back = 1; back <= size; back++) if (out[endA - back] !== out[endB - back]) return false
  return getU16(out, endA + 4) === getU16(out, endB + 4)
}

/** TTL, size and address change places; all that is before them is the same in both. */
const swap = ({ out, outAt, ttlOffsets }: FastQuery, a: number, b: number): void => {
  let atA = outAt + ttlOffsets[a]!
  let atB = outAt + ttlOffsets[b]!
  for (let left = 6 + getU16(out, atA + 4); left > 0; left--) {
    const byte = out[atA]!
    out[atA++] = out[atB]!
    out[atB++] = byte
  }
}
