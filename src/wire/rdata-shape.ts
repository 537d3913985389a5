// Where names stand in rdata. Types that are not listed have none, or none that may be compressed:
// they pass byte for byte (RFC 3597).

import { type NameCursor, NO_POINTERS, walkName } from './name.ts'
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

const SHAPES = new Map<number, readonly number[]>([
  [rr.TYPE_A, [4]],
  [rr.TYPE_NS, [COMPRESSIBLE]],
  [rr.TYPE_MD, [COMPRESSIBLE]],
  [rr.TYPE_MF, [COMPRESSIBLE]],
  [rr.TYPE_CNAME, [COMPRESSIBLE]],
  [rr.TYPE_SOA, [COMPRESSIBLE, COMPRESSIBLE, 20]],
  [rr.TYPE_MB, [COMPRESSIBLE]],
  [rr.TYPE_MG, [COMPRESSIBLE]],
  [rr.TYPE_MR, [COMPRESSIBLE]],
  [rr.TYPE_PTR, [COMPRESSIBLE]],
  [rr.TYPE_HINFO, [STRING, STRING]],
  [rr.TYPE_MINFO, [COMPRESSIBLE, COMPRESSIBLE]],
  [rr.TYPE_MX, [2, COMPRESSIBLE]],
  [rr.TYPE_TXT, [STRINGS]],
  [rr.TYPE_RP, [PLAIN, PLAIN]],
  [rr.TYPE_AFSDB, [2, PLAIN]],
  [rr.TYPE_RT, [2, PLAIN]],
  [rr.TYPE_SIG, [18, PLAIN, REST]],
  [rr.TYPE_PX, [2, PLAIN, PLAIN]],
  [rr.TYPE_AAAA, [16]],
  [rr.TYPE_NXT, [PLAIN, REST]],
  [rr.TYPE_SRV, [6, PLAIN]],
  [rr.TYPE_NAPTR, [4, STRING, STRING, STRING, PLAIN]],
  [rr.TYPE_KX, [2, PLAIN]],
  [rr.TYPE_DNAME, [PLAIN]],
  [rr.TYPE_RRSIG, [18, PLAIN, REST]],
  [rr.TYPE_NSEC, [PLAIN, REST]],
  [rr.TYPE_TALINK, [PLAIN, PLAIN]],
  [rr.TYPE_SVCB, [2, PLAIN, REST]],
  [rr.TYPE_HTTPS, [2, PLAIN, REST]],
  [rr.TYPE_SPF, [STRINGS]],
  [rr.TYPE_LP, [2, PLAIN]],
  [rr.TYPE_TKEY, [PLAIN, REST]],
  [rr.TYPE_TSIG, [PLAIN, REST]],
])

/** Types below 256 by index: cheaper than the map, and all that has a shape. */
const BY_TYPE: (readonly number[] | undefined)[] = Array.from({ length: 256 }, (_, type) =>
  SHAPES.get(type),
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
