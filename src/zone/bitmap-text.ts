// Sets of record types in rdata: the windows of NSEC, NSEC3 and CSYNC (RFC 4034 section 4.1.2), and
// the old bitmap of NXT (RFC 2535 section 5.2), which ends at type 127.

import { typeFromText, typeToText } from '../wire/rrtypes.ts'
import type { RdataPrinter } from './rdata-printer.ts'
import type { RdataReader } from './rdata-reader.ts'

/** The type that a token names; -1, with a problem, if it names none. */
export const readType = (reader: RdataReader): number => {
  const index = reader.take('a record type')
  if (index < 0) return -1
  const text = reader.scanner.text(index)
  // Types 0 and 65535 have names in small letters, `None` and `Reserved`.
  const type = typeFromText(text.toUpperCase()) ?? typeFromText(text)
  if (type === undefined) reader.failAt(index, 'is not a record type')
  return type ?? -1
}

const readTypes = (reader: RdataReader): number[] | undefined => {
  const types: number[] = []
  while (reader.hasMore()) {
    const type = readType(reader)
    if (type < 0) return undefined
    types.push(type)
  }
  return types
}

const bitsOf = (types: readonly number[]): Uint8Array => {
  const bits = new Uint8Array((Math.max(...types) >> 3) + 1)
  for (const type of types) bits[type >> 3]! |= 0x80 >> (type & 7)
  return bits
}

/** The windows of a set of types, to make an NSEC record. */
export const typeWindows = (types: Iterable<number>): Uint8Array => {
  const windows = [...Map.groupBy(types, type => type >> 8)].sort(([a], [b]) => a - b)
  const blocks = windows.map(([window, members]) => {
    const bits = bitsOf(members.map(type => type & 255))
    return [window, bits.length, ...bits]
  })
  return Uint8Array.from(blocks.flat())
}

export const readWindows = (reader: RdataReader): boolean => {
  const types = readTypes(reader)
  return types !== undefined && reader.putAll(typeWindows(types))
}

const sayTypes = (printer: RdataPrinter, bits: Uint8Array, first: number): void => {
  for (let bit = 0; bit < 8 * bits.length; bit++)
    if (bits[bit >> 3]! & (0x80 >> (bit & 7))) printer.say(typeToText(first + bit))
}

/** Whether the last byte is needed, as it must be. */
const isShort = (bits: Uint8Array): boolean => (bits.at(-1) ?? 0) !== 0

export const printWindows = (printer: RdataPrinter): boolean => {
  let last = -1
  while (printer.left > 0) {
    const window = printer.number(1)!
    const bits = printer.counted()
    if (bits === undefined || window <= last || bits.length > 32 || !isShort(bits)) return false
    sayTypes(printer, bits, window << 8)
    last = window
  }
  return true
}

export const readOldBitmap = (reader: RdataReader): boolean => {
  const types = readTypes(reader)
  if (types === undefined) return false
  if (types.some(type => type > 127))
    return reader.fail('a type above 127 has no place in an NXT record')
  return types.length === 0 || reader.putAll(bitsOf(types))
}

export const printOldBitmap = (printer: RdataPrinter): boolean => {
  const bits = printer.take(-1)!
  if (bits.length > 16 || (bits.length > 0 && !isShort(bits))) return false
  sayTypes(printer, bits, 0)
  return true
}
