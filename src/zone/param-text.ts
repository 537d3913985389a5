// SvcParams of SVCB and HTTPS records between text and wire form (RFC 9460 section 2.1 and appendix
// A).

import { fromBase64, toBase64 } from '../base/text/byte-text.ts'
import { ipv4FromText, ipv4Text, ipv6FromText, ipv6Text } from './address-text.ts'
import { quotedText, type RdataPrinter } from './rdata-printer.ts'
import type { RdataReader } from './rdata-reader.ts'

const KEYS = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
]
const EQUALS = 0x3d
const COMMA = 0x2c
const BACKSLASH = 0x5c
const RESERVED = 65535

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const keyText = (key: number): string => KEYS[key] ?? `key${key}`

/** The number of a key's name; -1 if it names none. */
const keyFromText = (text: string): number => {
  const known = KEYS.indexOf(text)
  if (known >= 0) return known
  const number = /^key(0|[1-9]\d{0,4})$/.test(text) ? Number(text.slice(3)) : RESERVED
  return number < RESERVED ? number : -1
}

/**
 * The items of a list, in which `\,` and `\\` stand for themselves (appendix A.1); undefined for a
 * broken escape.
 */
const listItems = (value: Uint8Array): number[][] | undefined => {
  const items: number[][] = [[]]
  for (let at = 0; at < value.length; at++) {
    const byte = value[at]!
    if (byte === COMMA) items.push([])
    else if (byte !== BACKSLASH) items.at(-1)!.push(byte)
    else {
      const next = value[++at]
      if (next !== COMMA && next !== BACKSLASH) return undefined
      items.at(-1)!.push(next)
    }
  }
  return items
}

const alpnFromText = (value: Uint8Array): number[] | undefined => {
  const items = listItems(value)
  if (items?.every(item => item.length > 0 && item.length < 256) !== true) return undefined
  return items.flatMap(item => [item.length, ...item])
}

const keysFromText = (text: string): number[] | undefined => {
  const keys = text.split(',').map(keyFromText)
  if (keys.some(key => key <= 0) || new Set(keys).size < keys.length) return undefined
  return keys.sort((a, b) => a - b).flatMap(key => [key >> 8, key & 255])
}

const addressesFromText = (
  text: string,
  read: (address: string) => Uint8Array | undefined,
): number[] | undefined => {
  const addresses = text.split(',').map(read)
  return addresses.includes(undefined) ? undefined : addresses.flatMap(address => [...address!])
}

const base64FromText = (text: string): ArrayLike<number> | undefined => {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined
  return fromBase64(text)
}

/**
 * The wire form of a value whose character-string escapes are resolved; undefined if the key cannot
 * have it.
 */
const valueFromText = (key: string, value: Uint8Array): ArrayLike<number> | undefined => {
  const text = latin1(value)
  switch (key) {
    case 'mandatory':
      return keysFromText(text)
    case 'alpn':
      return alpnFromText(value)
    case 'no-default-alpn':
    case 'ohttp':
      return value.length === 0 ? value : undefined
    case 'port':
      return /^\d{1,5}$/.test(text) && Number(text) <= 65535
        ? [Number(text) >> 8, Number(text) & 255]
        : undefined
    case 'ipv4hint':
      return addressesFromText(text, ipv4FromText)
    case 'ipv6hint':
      return addressesFromText(text, ipv6FromText)
    case 'ech':
      return base64FromText(text)
    default:
      return value
  }
}

/** Resolves the escapes of a value that stands between two offsets; undefined if one is broken. */
const unescaped = (bytes: Uint8Array, from: number, to: number): Uint8Array | undefined => {
  const value: number[] = []
  for (let at = from; at < to; at++) {
    if (bytes[at] !== BACKSLASH) {
      value.push(bytes[at]!)
      continue
    }
    const digits = /^\d{3}/.exec(latin1(bytes.subarray(at + 1, Math.min(at + 4, to))))?.[0]
    const byte = digits === undefined ? bytes[at + 1] : Number(digits)
    if (at + 1 >= to || byte === undefined || byte > 255) return undefined
    value.push(byte)
    at += digits === undefined ? 1 : 3
  }
  return Uint8Array.from(value)
}

/** One `key`, `key=value` or `key="value"`. */
const readParam = (reader: RdataReader, params: Map<number, ArrayLike<number>>): boolean => {
  const { scanner } = reader
  const index = reader.take('a parameter')
  const text = scanner.text(index)
  const equals = text.indexOf('=')
  const key = keyFromText(equals < 0 ? text : text.slice(0, equals))
  if (scanner.quotes[index] === 1 || key < 0)
    return reader.failAt(index, 'is not a parameter: KEY or KEY=VALUE')
  if (params.has(key)) return reader.fail(`parameter ${keyText(key)} stands here twice`, index)
  let from = equals < 0 ? scanner.ends[index]! : scanner.starts[index]! + equals + 1
  let to = scanner.ends[index]!
  if (
    from === to &&
    scanner.bytes[to - 1] === EQUALS &&
    index + 1 < scanner.count &&
    scanner.isGlued(index + 1)
  ) {
    reader.take('a value')
    from = scanner.starts[index + 1]!
    to = scanner.ends[index + 1]!
  }
  const value = unescaped(scanner.bytes, from, to)
  const wire = value === undefined ? undefined : valueFromText(KEYS[key] ?? '', value)
  if (wire === undefined || wire.length > 65535)
    return reader.fail(`the value is none that parameter ${keyText(key)} can have`, index)
  params.set(key, wire)
  return true
}

export const readParams = (reader: RdataReader): boolean => {
  const params = new Map<number, ArrayLike<number>>()
  while (reader.hasMore()) if (!readParam(reader, params)) return false
  for (const [key, value] of [...params].sort(([a], [b]) => a - b)) {
    if (!reader.putNumber(key, 2) || !reader.putNumber(value.length, 2) || !reader.putAll(value))
      return false
  }
  return true
}

/** Pieces of `size` bytes; undefined if they do not come out even or there is none. */
const pieces = (value: Uint8Array, size: number): Uint8Array[] | undefined => {
  if (value.length === 0 || value.length % size !== 0) return undefined
  return Array.from({ length: value.length / size }, (_, i) =>
    value.subarray(i * size, (i + 1) * size),
  )
}

const alpnText = (value: Uint8Array): Uint8Array | undefined => {
  const list: number[] = []
  for (let at = 0; at < value.length; ) {
    const end = at + 1 + value[at]!
    if (end > value.length || end === at + 1) return undefined
    if (at > 0) list.push(COMMA)
    for (at++; at < end; at++) {
      if (value[at] === COMMA || value[at] === BACKSLASH) list.push(BACKSLASH)
      list.push(value[at]!)
    }
  }
  return list.length === 0 ? undefined : Uint8Array.from(list)
}

const numberOf = (bytes: Uint8Array): number => (bytes[0]! << 8) | bytes[1]!

const ascii = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : Buffer.from(text, 'latin1')

/** What the value is written as, before quotes and escapes; undefined if the key cannot have it. */
const valueText = (key: string, value: Uint8Array): Uint8Array | undefined => {
  switch (key) {
    case 'mandatory':
      return ascii(
        pieces(value, 2)
          ?.map(piece => keyText(numberOf(piece)))
          .join(),
      )
    case 'alpn':
      return alpnText(value)
    case 'no-default-alpn':
    case 'ohttp':
      return value.length === 0 ? value : undefined
    case 'port':
      return value.length === 2 ? ascii(String(numberOf(value))) : undefined
    case 'ipv4hint':
      return ascii(pieces(value, 4)?.map(ipv4Text).join())
    case 'ipv6hint':
      return ascii(pieces(value, 16)?.map(ipv6Text).join())
    case 'ech':
      return value.length === 0 ? undefined : ascii(toBase64(value))
    default:
      return value
  }
}

export const printParams = (printer: RdataPrinter): boolean => {
  let last = -1
  while (printer.left > 0) {
    const key = printer.number(2)
    const size = printer.number(2)
    const value = size === undefined ? undefined : printer.take(size)
    if (key === undefined || value === undefined || key <= last || key === RESERVED) return false
    const text = valueText(KEYS[key] ?? '', value)
    if (text === undefined) return false
    printer.say(text.length === 0 ? keyText(key) : `${keyText(key)}=${quotedText(text)}`)
    last = key
  }
  return true
}
