// Rdata between presentation form and wire form, field by field as wire/rdata-fields.ts lists them,
// and in the form for unknown types (RFC 3597 section 5), which any type may have.

import { fromBase64, fromHex, toBase64, toHex } from '../base/text/byte-text.ts'
import { type Field, fieldsOf } from '../wire/rdata-fields.ts'
import { TYPE_APL, typeToText } from '../wire/rrtypes.ts'
import * as address from './address-text.ts'
import {
  printOldBitmap,
  printWindows,
  readOldBitmap,
  readType,
  readWindows,
} from './bitmap-text.ts'
import { printLocation, readLocation } from './location-text.ts'
import { printParams, readParams } from './param-text.ts'
import { bareText, quotedText, RdataPrinter } from './rdata-printer.ts'
import { MAX_RDATA_SIZE, type RdataReader } from './rdata-reader.ts'
import { readTtl } from './ttl-text.ts'

/** IANA's mnemonics of DNSSEC algorithms, as miekg/dns spells them. */
const ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ['RSAMD5', 1],
  ['DH', 2],
  ['DSA', 3],
  ['RSASHA1', 5],
  ['DSA-NSEC3-SHA1', 6],
  ['RSASHA1-NSEC3-SHA1', 7],
  ['RSASHA256', 8],
  ['RSASHA512', 10],
  ['ECC-GOST', 12],
  ['ECDSAP256SHA256', 13],
  ['ECDSAP384SHA384', 14],
  ['ED25519', 15],
  ['ED448', 16],
  ['INDIRECT', 252],
  ['PRIVATEDNS', 253],
  ['PRIVATEOID', 254],
])

/** RFC 4398 section 2.1. */
const CERT_TYPES: ReadonlyMap<string, number> = new Map([
  ['PKIX', 1],
  ['SPKI', 2],
  ['PGP', 3],
  ['IPKIX', 4],
  ['ISPKI', 5],
  ['IPGP', 6],
  ['ACPKIX', 7],
  ['IACPKIX', 8],
  ['URI', 253],
  ['OID', 254],
])

const inverse = (numbers: ReadonlyMap<string, number>): ReadonlyMap<number, string> =>
  new Map([...numbers].map(([text, number]): [number, string] => [number, text]))

const ALGORITHM_TEXTS = inverse(ALGORITHMS)
const CERT_TYPE_TEXTS = inverse(CERT_TYPES)

const readNumber = (reader: RdataReader, size: number): boolean => {
  const value = reader.number('a number', 2 ** (8 * size) - 1)
  return value >= 0 && reader.putNumber(value, size)
}

const readMnemonic = (
  reader: RdataReader,
  numbers: ReadonlyMap<string, number>,
  what: string,
  size: number,
): boolean => {
  const index = reader.take(what)
  if (index < 0) return false
  const text = reader.scanner.text(index).toUpperCase()
  const number = numbers.get(text) ?? (/^\d{1,5}$/.test(text) ? Number(text) : Number.NaN)
  return number < 2 ** (8 * size)
    ? reader.putNumber(number, size)
    : reader.failAt(index, `is not ${what}`)
}

const readPeriod = (reader: RdataReader): boolean => {
  const index = reader.take('a number of seconds')
  if (index < 0) return false
  const { bytes, starts, ends } = reader.scanner
  const seconds = readTtl(bytes, starts[index]!, ends[index]!)
  return seconds >= 0
    ? reader.putNumber(seconds, 4)
    : reader.failAt(index, 'is not a number of seconds with or without units')
}

/**
 * `YYYYMMDDHHMMSS`, or seconds since 1970; both in 32 bits, which wrap (RFC 4034 section 3.1.5).
 */
const readTime = (reader: RdataReader): boolean => {
  const index = reader.take('a time')
  if (index < 0) return false
  const text = reader.scanner.text(index)
  if (/^\d{1,10}$/.test(text) && Number(text) <= 0xffffffff)
    return reader.putNumber(Number(text), 4)
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6.000Z')
  const milliseconds = Date.parse(iso)
  if (iso === text || Number.isNaN(milliseconds))
    return reader.failAt(index, 'is not a time: YYYYMMDDHHMMSS, or seconds since 1970')
  return reader.putNumber((milliseconds / 1000) >>> 0, 4)
}

const timeText = (seconds: number): string =>
  new Date(1000 * seconds).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')

const readHex = (reader: RdataReader): boolean => {
  const text = reader.rest('data in hex digits')
  if (text === undefined) return false
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text))
    return reader.fail('the data is not pairs of hex digits')
  if (text.length > 2 * MAX_RDATA_SIZE)
    return reader.fail(`the data of a record has more than ${MAX_RDATA_SIZE} bytes`)
  return reader.putAll(fromHex(text))
}

const base64Bytes = (text: string): Uint8Array | undefined =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? fromBase64(text) : undefined

const readBase64 = (reader: RdataReader): boolean => {
  const text = reader.rest('data in base64')
  if (text === undefined) return false
  const bytes = base64Bytes(text)
  return bytes === undefined ? reader.fail('the data is not base64') : reader.putAll(bytes)
}

const readSalt = (reader: RdataReader): boolean => {
  const index = reader.take('a salt')
  if (index < 0) return false
  const text = reader.scanner.text(index)
  if (text === '-') return reader.put(0)
  if (!/^([0-9a-f]{2}){1,255}$/i.test(text))
    return reader.failAt(index, 'is not a salt in hex digits, or - for none')
  return reader.put(text.length / 2) && reader.putAll(fromHex(text))
}

const BASE32 = '0123456789ABCDEFGHIJKLMNOPQRSTUV'

const hashText = (bytes: Uint8Array): string => {
  let text = ''
  for (let from = 0; from < 8 * bytes.length; from += 5) {
    let value = 0
    for (let bit = from; bit < from + 5; bit++)
      value = 2 * value + ((((bytes[bit >> 3] ?? 0) << (bit & 7)) >> 7) & 1)
    text += BASE32[value]
  }
  return text
}

const readHash = (reader: RdataReader): boolean => {
  const index = reader.take('a hash')
  if (index < 0) return false
  const text = reader.scanner.text(index).toUpperCase().replace(/=+$/, '')
  const size = Math.floor((5 * text.length) / 8)
  const hash = new Uint8Array(Math.min(size, 256))
  for (let bit = 0; bit < 8 * hash.length; bit++)
    if (BASE32.indexOf(text[Math.floor(bit / 5)]!) & (16 >> (bit % 5)))
      hash[bit >> 3]! |= 0x80 >> (bit & 7)
  const isHash = size > 0 && size < 256 && hashText(hash) === text
  if (!isHash) return reader.failAt(index, 'is not a hash in base32hex')
  return reader.put(size) && reader.putAll(hash)
}

const readStrings = (reader: RdataReader): boolean => {
  do if (!reader.longString('a string')) return false
  while (reader.hasMore())
  return true
}

const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)$/

const readDecimal = (reader: RdataReader): boolean => {
  const index = reader.take('a decimal number')
  if (index < 0) return false
  const text = reader.scanner.text(index)
  if (!DECIMAL.test(text) || text.length > 255)
    return reader.failAt(index, 'is not a decimal number')
  return reader.put(text.length) && reader.octets(index)
}

const readOctets = (reader: RdataReader): boolean => {
  const index = reader.take('a text')
  return index >= 0 && reader.octets(index)
}

/** Algorithm, host identity tag, public key, servers; their lengths come first on the wire. */
const readHostIdentity = (reader: RdataReader): boolean => {
  const algorithm = reader.number('an algorithm', 255)
  if (algorithm < 0) return false
  const tag = reader.word('a host identity tag')
  if (tag === undefined) return false
  if (!/^([0-9a-f]{2}){1,255}$/i.test(tag))
    return reader.fail('the host identity tag is not pairs of hex digits')
  const key = reader.word('a public key')
  if (key === undefined) return false
  const bytes = base64Bytes(key)
  if (bytes === undefined || bytes.length === 0 || bytes.length > 65535)
    return reader.fail('the public key is not base64')
  const head = [tag.length / 2, algorithm, bytes.length >> 8, bytes.length & 255]
  if (!reader.putAll(head) || !reader.putAll(fromHex(tag)) || !reader.putAll(bytes)) return false
  while (reader.hasMore()) if (!reader.name('a server')) return false
  return true
}

const printHostIdentity = (printer: RdataPrinter): boolean => {
  const head = printer.take(4)
  const tag = head && printer.take(head[0]!)
  const key = head && printer.take((head[2]! << 8) | head[3]!)
  if (head === undefined || !tag?.length || !key?.length) return false
  printer.words.push(String(head[1]), toHex(tag).toUpperCase(), toBase64(key))
  while (printer.left > 0) if (!printer.name()) return false
  return true
}

const printNumber =
  (size: number, text: (value: number) => string = String) =>
  (printer: RdataPrinter): boolean => {
    const value = printer.number(size)
    return value !== undefined && printer.say(text(value))
  }

const printBytes =
  (size: number, text: (bytes: Uint8Array) => string) =>
  (printer: RdataPrinter): boolean => {
    const bytes = printer.take(size)
    return bytes !== undefined && (bytes.length > 0 || size > 0) && printer.say(text(bytes))
  }

const printCounted =
  (text: (bytes: Uint8Array) => string, minimum = 0) =>
  (printer: RdataPrinter): boolean => {
    const bytes = printer.counted()
    return bytes !== undefined && bytes.length >= minimum && printer.say(text(bytes))
  }

const printString = printCounted(quotedText)
const printWord = printCounted(bareText)
const printBase64 = printBytes(-1, toBase64)

const printStrings = (printer: RdataPrinter): boolean => {
  do if (!printString(printer)) return false
  while (printer.left > 0)
  return true
}

interface FieldText {
  readonly read: (reader: RdataReader) => boolean
  readonly print: (printer: RdataPrinter) => boolean
}

const numberField = (size: number): FieldText => ({
  read: reader => readNumber(reader, size),
  print: printNumber(size),
})
const string: FieldText = { read: reader => reader.string('a string'), print: printString }
const name: FieldText = { read: reader => reader.name('a name'), print: printer => printer.name() }
const hex = (text: (hex: string) => string): FieldText => ({
  read: readHex,
  print: printBytes(-1, bytes => text(toHex(bytes))),
})
const algorithm = (text?: (value: number) => string): FieldText => ({
  read: reader => readMnemonic(reader, ALGORITHMS, 'a DNSSEC algorithm', 1),
  print: printNumber(1, text),
})
const readTypeField = (reader: RdataReader): boolean => {
  const type = readType(reader)
  return type >= 0 && reader.putNumber(type, 2)
}

const FIELD_TEXTS: Readonly<Record<Field, FieldText | undefined>> = {
  name,
  'plain-name': name,
  u8: numberField(1),
  u16: numberField(2),
  u32: numberField(4),
  period: { read: readPeriod, print: printNumber(4) },
  time: { read: readTime, print: printNumber(4, timeText) },
  type: { read: readTypeField, print: printNumber(2, typeToText) },
  algorithm: algorithm(),
  'named-algorithm': algorithm(value => ALGORITHM_TEXTS.get(value) ?? String(value)),
  'cert-type': {
    read: reader => readMnemonic(reader, CERT_TYPES, 'a certificate type', 2),
    print: printNumber(2, value => CERT_TYPE_TEXTS.get(value) ?? String(value)),
  },
  ipv4: { read: reader => address.readAddress(reader, 4), print: printBytes(4, address.ipv4Text) },
  ipv6: { read: reader => address.readAddress(reader, 6), print: printBytes(16, address.ipv6Text) },
  eui48: { read: reader => address.readEui(reader, 6), print: printBytes(6, address.euiText) },
  eui64: { read: reader => address.readEui(reader, 8), print: printBytes(8, address.euiText) },
  'node-id': { read: address.readGroups, print: printBytes(8, address.groupsText) },
  locator: {
    read: address.readGroups,
    print: printBytes(8, bytes => address.groupsText(bytes).toUpperCase()),
  },
  string,
  'string-or-empty': {
    read: reader => (reader.hasMore() ? string.read(reader) : reader.put(0)),
    print: printString,
  },
  'string-or-none': {
    read: reader => !reader.hasMore() || string.read(reader),
    print: printer => printer.left === 0 || printString(printer),
  },
  word: { read: string.read, print: printWord },
  decimal: {
    read: readDecimal,
    print: printer => printWord(printer) && DECIMAL.test(printer.words.at(-1)!),
  },
  strings: { read: readStrings, print: printStrings },
  octets: { read: readOctets, print: printer => printer.say(quotedText(printer.take(-1)!)) },
  hex: hex(text => text.toUpperCase()),
  'small-hex': hex(text => text),
  base64: { read: readBase64, print: printBase64 },
  'base64-or-none': {
    read: reader => !reader.hasMore() || readBase64(reader),
    print: printer => printer.left === 0 || printBase64(printer),
  },
  salt: {
    read: readSalt,
    print: printCounted(bytes => (bytes.length === 0 ? '-' : toHex(bytes).toUpperCase())),
  },
  hash: { read: readHash, print: printCounted(hashText, 1) },
  types: { read: readWindows, print: printWindows },
  'old-types': { read: readOldBitmap, print: printOldBitmap },
  params: { read: readParams, print: printParams },
  prefixes: { read: address.readPrefixes, print: address.printPrefixes },
  location: { read: readLocation, print: printLocation },
  gateway: { read: address.readGateway, print: address.printGateway },
  relay: { read: address.readRelay, print: address.printRelay },
  'host-identity': { read: readHostIdentity, print: printHostIdentity },
  opaque: undefined,
}

/** The reader and printer of each field; undefined for a type that has no text of its own. */
const textsOf = (type: number): readonly FieldText[] | undefined => {
  const texts = fieldsOf(type)?.map(field => FIELD_TEXTS[field])
  return texts?.includes(undefined) ? undefined : (texts as FieldText[] | undefined)
}

const TEXTS = new Map<number, readonly FieldText[] | undefined>()

const cachedTexts = (type: number): readonly FieldText[] | undefined => {
  if (!TEXTS.has(type)) TEXTS.set(type, textsOf(type))
  return TEXTS.get(type)
}

/** `\# LENGTH HEX…`, the first word taken. */
const readUnknown = (reader: RdataReader, type: number): boolean => {
  const length = reader.number('a length', MAX_RDATA_SIZE)
  if (length < 0 || (length > 0 && !readHex(reader))) return false
  if (length !== reader.length)
    return reader.fail(`the data has ${reader.length} bytes, not ${length}`)
  if (
    length > 0 &&
    printedWords(reader.out, 0, length, type) === undefined &&
    cachedTexts(type) !== undefined
  )
    return reader.fail(`the data is not that of a record of type ${typeToText(type)}`)
  return true
}

/**
 * Reads the data of a record of `type` to the end of the entry; false, with a problem, if it is
 * wrong.
 */
export const readRdata = (reader: RdataReader, type: number): boolean => {
  const { scanner } = reader
  // A list of no prefixes is the only data that may be nothing at all (RFC 3123 section 4).
  if (type === TYPE_APL && !reader.hasMore()) return true
  const first = reader.take('the data of the record')
  if (first < 0) return false
  const isUnknownForm = scanner.quotes[first] === 0 && scanner.text(first) === '\\#'
  const texts = isUnknownForm ? undefined : cachedTexts(type)
  if (texts === undefined) {
    if (!isUnknownForm)
      return reader.fail(`a record of type ${typeToText(type)} is written as \\# LENGTH HEX`, first)
    if (!readUnknown(reader, type)) return false
  } else {
    reader.start(first)
    for (const text of texts) if (!text.read(reader)) return false
  }
  return !reader.hasMore() || reader.failAt(reader.take(''), 'is more than the record needs')
}

const printedWords = (
  bytes: Uint8Array,
  from: number,
  to: number,
  type: number,
): readonly string[] | undefined => {
  const texts = cachedTexts(type)
  const printer = new RdataPrinter(bytes, from, to)
  if (texts === undefined || from === to) return undefined
  for (const text of texts) if (!text.print(printer)) return undefined
  return printer.left === 0 ? printer.words : undefined
}

/** The form of RFC 3597: `\# 4 c0000201`. */
export const unknownText = (bytes: Uint8Array, from: number, to: number): string =>
  `\\# ${to - from} ${toHex(bytes.subarray(from, to))}`.trimEnd()

/**
 * The presentation form of rdata without pointers; that of RFC 3597 if the type has none, or the
 * rdata not its shape.
 */
export const rdataText = (bytes: Uint8Array, from: number, to: number, type: number): string =>
  printedWords(bytes, from, to, type)?.join(' ') ?? unknownText(bytes, from, to)
