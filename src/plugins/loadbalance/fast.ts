// Hot path. round_robin on the fast path: addresses of one name change places within the answer.
// With the same random numbers the bytes are those of order.ts. Answers that must be written anew
// are left to order.ts.

import type { FastQuery } from '../../chain/query/fast-query.ts'
import type { FastStep } from '../../chain/stage/fast-step.ts'
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

// The groups of a section in the order in which they are sent, as in `joined` of order.ts.
const ALIAS = 0
const REST = 1
const ADDRESS = 2
const EXCHANGER = 3

const SECTIONS = 3

/** The step. `draw` is its source of random numbers. */
export const fast = (draw: Draw): FastStep => new RoundRobin(draw)

class RoundRobin implements FastStep {
  readonly #draw: Draw
  /** For each section the first address record, and the number of adjacent ones with it. */
  readonly #first = new Uint16Array(SECTIONS)
  readonly #count = new Uint16Array(SECTIONS)

  constructor(draw: Draw) {
    this.#draw = draw
  }

  /**
   * Looks at all sections before the first draw, since the slow path would draw again from the
   * beginning.
   */
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
   * Finds the addresses of a section: records `start` to `end` - 1. False if other records might
   * move, too, or if the records differ in more than TTL and address.
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

/** Offset of the owner of a record, which follows the record before. */
const ownerOffset = ({ out, outAt, ttlOffsets, questionEnd }: FastQuery, index: number): number => {
  if (index === 0) return questionEnd
  const before = ttlOffsets[index - 1]!
  return before + 6 + getU16(out, outAt + before + 4)
}

/**
 * Whether two address records have the same owner in the same letters, and the same type, class and
 * size of address.
 */
const areInterchangeable = (query: FastQuery, a: number, b: number): boolean => {
  const { out, outAt, ttlOffsets } = query
  const size = ttlOffsets[a]! - ownerOffset(query, a)
  if (ttlOffsets[b]! - ownerOffset(query, b) !== size) return false
  const endA = outAt + ttlOffsets[a]!
  const endB = outAt + ttlOffsets[b]!
  // Type and class are between owner and TTL.
  for (let back = 1; back <= size; back++) if (out[endA - back] !== out[endB - back]) return false
  return getU16(out, endA + 4) === getU16(out, endB + 4)
}

/** TTL, size and address change places. The bytes before them are equal. */
const swap = ({ out, outAt, ttlOffsets }: FastQuery, a: number, b: number): void => {
  let atA = outAt + ttlOffsets[a]!
  let atB = outAt + ttlOffsets[b]!
  for (let left = 6 + getU16(out, atA + 4); left > 0; left--) {
    const byte = out[atA]!
    out[atA++] = out[atB]!
    out[atB++] = byte
  }
}
