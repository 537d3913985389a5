// Renames of names in wire form: owners of records, and the names in rdata that CoreDNS calls
// values.

import { nameFromText, nameToText, skipName } from '../../wire/name.ts'
import {
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_MX,
  TYPE_NAPTR,
  TYPE_NS,
  TYPE_PTR,
  TYPE_SOA,
  TYPE_SRV,
} from '../../wire/rrtypes.ts'
import { failure } from './draft.ts'
import type { Rename } from './renames.ts'

type WireRename = (wire: Uint8Array) => Uint8Array

/**
 * Applies all renames in order. Returns the same array if none changes the name. Throws a
 * ServerError if the result is no name.
 */
export const renameWire = (renames: readonly Rename[]): WireRename => {
  // Records of one owner are adjacent and share one array, so the last result is often right again.
  let last: Uint8Array | undefined
  let result: Uint8Array = new Uint8Array(0)
  return wire => {
    if (wire !== last) {
      last = wire
      result = renamedOnce(wire, renames)
    }
    return result
  }
}

const renamedOnce = (wire: Uint8Array, renames: readonly Rename[]): Uint8Array => {
  const before = nameToText(wire)
  let name = before
  for (const rename of renames) name = rename(name) ?? name
  if (name === before) return wire
  const renamed = nameFromText(name)
  if (renamed === undefined) throw failure(`invalid name in the reply after rewrite: ${name}`)
  return renamed
}

/** Bytes of rdata before the name. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [TYPE_NS, 0],
  [TYPE_CNAME, 0],
  [TYPE_SOA, 0],
  [TYPE_PTR, 0],
  [TYPE_MX, 2],
  [TYPE_SRV, 6],
  [TYPE_NAPTR, 4],
  [TYPE_DNAME, 0],
])
/** Strings of NAPTR between the fixed fields and the name: flags, services, regexp. */
const NAPTR_STRINGS = 3

/** Renames the name in rdata. In an SOA it is the first name. */
export const renameValue = (
  renames: readonly Rename[],
): ((type: number, rdata: Uint8Array) => Uint8Array) => {
  const rename = renameWire(renames)
  return (type, rdata) => {
    let at = FIXED.get(type)
    if (at === undefined || rdata.length === 0) return rdata
    if (type === TYPE_NAPTR) for (let n = 0; n < NAPTR_STRINGS; n++) at += (rdata[at] ?? 0) + 1
    const end = skipName(rdata, at, rdata.length)
    if (end < 0) return rdata
    const name = rename(rdata.slice(at, end))
    return new Uint8Array(Buffer.concat([rdata.subarray(0, at), name, rdata.subarray(end)]))
  }
}
