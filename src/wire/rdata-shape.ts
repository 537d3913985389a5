// Where names stand in rdata. Types that are not listed have none, or none that may be compressed:
// they pass byte for byte (RFC 3597).

import { type NameCursor, NO_POINTERS, walkName } from './name.ts'
import { FIELD_SIZES, type Field, fieldsOf } from './rdata-fields.ts'
import * as rr from './rrtypes.ts'

// Steps of a shape: 1 to 127 is that many bytes; the rest are:
/** A name of a type of RFC 1035: compressed on output. */
const COMPRESSIBLE = 200
/** A name of a newer type: read with pointers, written without (RFC 3597 section 4). */
const PLAIN = 201
/** A character-string: a length byte and its bytes. */
const STRING = 202
/** Character-strings to the end, at least one. */
const STRINGS = 203
/** All that is left. */
const REST = 204

/**
 * Types without names whose messages are refused all the same if their rdata has another shape, as
 * miekg/dns does.
 */
const CHECKED: ReadonlySet<number> = new Set([
  rr.TYPE_A,
  rr.TYPE_HINFO,
  rr.TYPE_TXT,
  rr.TYPE_AAAA,
  rr.TYPE_SPF,
])

const stepOf = (field: Field): number => {
  if (field === 'name') return COMPRESSIBLE
  if (field === 'plain-name') return PLAIN
  if (field === 'string' || field === 'string-or-empty') return STRING
  return field === 'strings' ? STRINGS : (FIELD_SIZES[field] ?? REST)
}

/** The steps of a type's fields, fields of fixed size put together. */
const shapeOf = (type: number): readonly number[] | undefined => {
  const fields = fieldsOf(type)
  const hasNames = fields?.some(field => field === 'name' || field === 'plain-name')
  if (fields === undefined || !(hasNames || CHECKED.has(type))) return undefined
  const steps: number[] = []
  for (const step of fields.map(stepOf)) {
    const last = steps.at(-1)
    if (last !== undefined && last < COMPRESSIBLE && step < COMPRESSIBLE)
      steps[steps.length - 1] = last + step
    else steps.push(step)
  }
  return steps
}

/** Types below 256 by index: cheaper than a map, and all that has a shape. */
const BY_TYPE: (readonly number[] | undefined)[] = Array.from({ length: 256 }, (_, type) =>
  shapeOf(type),
)

/** Takes the pieces of rdata in order; false ends the walk. */
export interface RdataVisitor {
  rdataBytes(bytes: Uint8Array, from: number, to: number): boolean
  /** `cursor` holds what the walk of the name found; it is valid during the call. */
  rdataName(bytes: Uint8Array, offset: number, cursor: NameCursor, isCompressible: boolean): boolean
}

const endOfStrings = (bytes: Uint8Array, offset: number, end: number): number => {
  let at = offset
  while (at < end) at += bytes[at]! + 1
  return at
}

/**
 * Walks the rdata between `offset` and `end`; false if it does not have the shape of its type or
 * the visitor says so. Rdata of length 0 has the shape of every type, as in miekg/dns (dynamic
 * updates). `floor` is walkName's.
 */
export const walkRdata = (
  bytes: Uint8Array,
  offset: number,
  end: number,
  floor: number,
  type: number,
  cursor: NameCursor,
  visitor: RdataVisitor,
): boolean => {
  const shape = type < 256 ? BY_TYPE[type] : undefined
  if (shape === undefined || offset === end) return visitor.rdataBytes(bytes, offset, end)
  let at = offset
  for (const step of shape) {
    if (step === COMPRESSIBLE || step === PLAIN) {
      if (!walkName(bytes, at, end, floor, cursor)) return false
      const behind = cursor.end
      if (!visitor.rdataName(bytes, at, cursor, step === COMPRESSIBLE)) return false
      at = behind
      continue
    }
    let to = at + step
    if (step === REST) to = end
    else if (step === STRINGS) to = endOfStrings(bytes, at, end)
    else if (step === STRING) to = at < end ? at + bytes[at]! + 1 : end + 1
    if (to > end || !visitor.rdataBytes(bytes, at, to)) return false
    at = to
  }
  return at === end
}

/** Whether stand-alone rdata, which cannot hold pointers, has the shape of its type. */
export const isWellFormedRdata = (rdata: Uint8Array, type: number, cursor: NameCursor): boolean =>
  walkRdata(rdata, 0, rdata.length, NO_POINTERS, type, cursor, ANY_PIECE)

const ANY_PIECE: RdataVisitor = { rdataBytes: () => true, rdataName: () => true }
