// Records between zone-file text (`example.org. 300 IN A 192.0.2.1`) and wire form, for tests. The
// usual types have their own text; any other is written as RFC 3597 says: `TYPE65280 \# 2 beef`.
// Bad text is a mistake of the test and throws.

import { ipToText, parseIp } from '../../src/base/ip.ts'
import type { RecordData } from '../../src/chain/answer.ts'
import { getU16, getU32, HEADER_SIZE } from '../../src/wire/header.ts'
import type { MessageLayout } from '../../src/wire/layout.ts'
import { expandName, NameCursor, nameFromText, nameToText, skipName } from '../../src/wire/name.ts'
import { walkRdata } from '../../src/wire/rdata-shape.ts'
import { classFromText, classToText, typeFromText, typeToText } from '../../src/wire/rrtypes.ts'

type Field =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'time'
  | 'type'
  | 'types'
  | 'name'
  | 'ip'
  | 'string'
  | 'strings'
  | 'rest'
  | 'hex'
  | 'base64'

const FIELDS: Readonly<Record<string, readonly Field[]>> = {
  A: ['ip'],
  AAAA: ['ip'],
  NS: ['name'],
  CNAME: ['name'],
  PTR: ['name'],
  DNAME: ['name'],
  MX: ['u16', 'name'],
  SOA: ['name', 'name', 'u32', 'u32', 'u32', 'u32', 'u32'],
  SRV: ['u16', 'u16', 'u16', 'name'],
  TXT: ['strings'],
  NAPTR: ['u16', 'u16', 'string', 'string', 'string', 'name'],
  HINFO: ['string', 'string'],
  CAA: ['u8', 'string', 'rest'],
  DS: ['u16', 'u8', 'u8', 'hex'],
  DNSKEY: ['u16', 'u8', 'u8', 'base64'],
  RRSIG: ['type', 'u8', 'u8', 'u32', 'time', 'time', 'u16', 'name', 'base64'],
  NSEC: ['name', 'types'],
}

/** `OWNER TTL CLASS TYPE RDATA…`; the case of names is kept. */
export const recordFromText = (text: string): RecordData => {
  const [owner, ttl, cls, type, ...rdata] = tokens(text)
  const ttlSeconds = Number(ttl)
  if (rdata.length === 0 || !Number.isInteger(ttlSeconds)) throw new Error(`not a record: ${text}`)
  const typeNumber = known(typeFromText(type ?? ''), text)
  const classNumber = known(classFromText(cls ?? ''), text)
  return {
    owner: nameBytes(owner ?? ''),
    type: typeNumber,
    class: classNumber,
    ttlSeconds,
    rdata: rdataFromText(type ?? '', rdata),
  }
}

const known = (value: number | undefined, text: string): number => {
  if (value === undefined) throw new Error(`unknown type or class: ${text}`)
  return value
}

const nameBytes = (text: string): Uint8Array => {
  const wire = nameFromText(text)
  if (wire === undefined) throw new Error(`not a name: ${text}`)
  return wire
}

const rdataFromText = (type: string, words: readonly string[]): Uint8Array => {
  if (words[0] === '\\#') return Uint8Array.fromHex(words.slice(2).join(''))
  const fields = FIELDS[type]
  if (fields === undefined)
    throw new Error(`${type} has no text of its own here: use \\# LENGTH HEX`)
  const parts = fields.flatMap((field, index) => {
    const rest = words.slice(index)
    if (field === 'types') return typeBitmap(rest.map(word => known(typeFromText(word), word)))
    return field === 'strings'
      ? rest.map(word => fieldFromText('string', word, ''))
      : fieldFromText(field, rest[0] ?? '', rest.join(''))
  })
  return concatenate(parts)
}

const fieldFromText = (field: Field, word: string, rest: string): Uint8Array => {
  const number = Number(word)
  if (field === 'u8') return Uint8Array.of(number)
  if (field === 'u16') return Uint8Array.of(number >> 8, number)
  if (field === 'u32') return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)
  if (field === 'time') return fieldFromText('u32', String(secondsOf(word)), '')
  if (field === 'type') return fieldFromText('u16', String(known(typeFromText(word), word)), '')
  if (field === 'name') return nameBytes(word)
  if (field === 'hex') return Uint8Array.fromHex(rest)
  if (field === 'base64') return Uint8Array.fromBase64(rest)
  if (field === 'ip') return parseIp(word)?.bytes ?? nameBytes('')
  const bytes = Buffer.from(word, 'latin1')
  return field === 'rest' ? bytes : concatenate([Uint8Array.of(bytes.length), bytes])
}

/** Seconds, or RRSIG's `YYYYMMDDHHMMSS`. */
const secondsOf = (word: string): number =>
  word.length === 14
    ? Date.parse(word.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:$6Z')) / 1000
    : Number(word)

/** RFC 4034, section 4.1.2. */
const typeBitmap = (types: readonly number[]): Uint8Array => {
  const windows = Map.groupBy(types, type => type >> 8)
  const blocks = [...windows]
    .sort(([a], [b]) => a - b)
    .map(([window, members]) => {
      const bits = new Uint8Array((Math.max(...members) & 255) / 8 + 1)
      for (const type of members) bits[(type & 255) >> 3]! |= 0x80 >> (type & 7)
      return [window, bits.length, ...bits]
    })
  return Uint8Array.from(blocks.flat())
}

const typesOfBitmap = (bitmap: Uint8Array): string[] => {
  const types: string[] = []
  for (let at = 0; at + 2 < bitmap.length; at += 2 + bitmap[at + 1]!)
    for (let bit = 0; bit < 8 * bitmap[at + 1]!; bit++)
      if (bitmap[at + 2 + (bit >> 3)]! & (0x80 >> (bit & 7)))
        types.push(typeToText((bitmap[at]! << 8) | bit))
  return types
}

const concatenate = (parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts))

/**
 * Words and "quoted strings"; `\DDD` and `\X` are resolved inside quotes only, since names keep
 * their own escapes.
 */
const tokens = (text: string): string[] =>
  [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare]) =>
    quoted === undefined ? (bare ?? '') : unescapeText(quoted),
  )

const unescapeText = (text: string): string =>
  text.replaceAll(/\\(\d{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number(code)) : code,
  )

/** Record `index` of a message as zone-file text, names expanded. */
export const recordToText = (bytes: Uint8Array, layout: MessageLayout, index: number): string => {
  const type = typeToText(layout.type(index))
  const owner = nameAt(bytes, layout.ownerOffset(index))
  return `${owner} ${layout.ttl(index)} ${classToText(layout.class(index))} ${type} ${rdataToText(bytes, layout, index, type)}`
}

const nameAt = (bytes: Uint8Array, offset: number): string => {
  const wire = new Uint8Array(255)
  const length = expandName(bytes, offset, wire)
  return length < 0 ? '<malformed name>' : nameToText(wire.subarray(0, length))
}

const rdataToText = (
  bytes: Uint8Array,
  layout: MessageLayout,
  index: number,
  type: string,
): string => {
  const start = layout.rdataOffset(index)
  const end = start + layout.rdataLength(index)
  const fields = FIELDS[type]
  if (fields === undefined) {
    const rdata = expandedRdata(bytes, start, end, layout.type(index))
    return `\\# ${rdata.length} ${rdata.toHex()}`.trimEnd()
  }
  const words: string[] = []
  let at = start
  for (const field of fields) {
    do {
      const next = fieldEnd(bytes, at, end, field)
      words.push(fieldToText(bytes, at, next, field))
      at = next
    } while (field === 'strings' && at < end)
  }
  return at === end ? words.join(' ') : `${words.join(' ')} <${end - at} bytes behind>`
}

const expandedRdata = (bytes: Uint8Array, start: number, end: number, type: number): Uint8Array => {
  const parts: Uint8Array[] = []
  const visitor = {
    rdataBytes: (_: Uint8Array, from: number, to: number) =>
      parts.push(bytes.subarray(from, to)) > 0,
    rdataName: (_: Uint8Array, offset: number) => {
      const name = new Uint8Array(255)
      return parts.push(name.subarray(0, expandName(bytes, offset, name))) > 0
    },
  }
  walkRdata(bytes, start, end, HEADER_SIZE, type, new NameCursor(), visitor)
  return concatenate(parts)
}

const fieldEnd = (bytes: Uint8Array, at: number, end: number, field: Field): number => {
  if (field === 'u8') return at + 1
  if (field === 'u16' || field === 'type') return at + 2
  if (field === 'u32' || field === 'time') return at + 4
  if (field === 'name') return skipName(bytes, at, end)
  if (field === 'string' || field === 'strings') return at + 1 + (bytes[at] ?? 0)
  return end
}

const fieldToText = (bytes: Uint8Array, at: number, end: number, field: Field): string => {
  const part = bytes.subarray(at, end)
  if (field === 'u8') return String(bytes[at])
  if (field === 'u16') return String(getU16(bytes, at))
  if (field === 'u32' || field === 'time') return String(getU32(bytes, at))
  if (field === 'types') return typesOfBitmap(part).join(' ')
  if (field === 'type') return typeToText(getU16(bytes, at))
  if (field === 'name') return nameAt(bytes, at)
  if (field === 'ip') return ipToText(part)
  if (field === 'hex') return part.toHex()
  if (field === 'base64') return part.toBase64()
  return `"${escapeText(field === 'rest' ? part : part.subarray(1))}"`
}

const escapeText = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`
    return byte < 0x20 || byte > 0x7e
      ? `\\${String(byte).padStart(3, '0')}`
      : String.fromCharCode(byte)
  }).join('')
