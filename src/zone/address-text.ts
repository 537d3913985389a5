// Addresses in rdata: IPv4 and IPv6, EUI-48 and EUI-64, the 64 bits of ILNP, address prefixes (RFC
// 3123), and the gateways of IPSECKEY (RFC 4025) and AMTRELAY (RFC 8777), which are an address or a
// name.

import { isIPv6 } from '../base/ip-text.ts'
import { fromHex, toHex } from '../base/text/byte-text.ts'
import { rdataAaaa } from '../wire/rdata.ts'
import type { RdataPrinter } from './rdata-printer.ts'
import type { RdataReader } from './rdata-reader.ts'

/** The four bytes of dotted decimal without leading zeros; undefined for anything else. */
export const ipv4FromText = (text: string): Uint8Array | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const bytes = new Uint8Array(4)
  for (let i = 0; i < 4; i++) {
    const part = parts[i]!
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined
    bytes[i] = Number(part)
  }
  return bytes
}

export const ipv6FromText = (text: string): Uint8Array | undefined =>
  isIPv6(text) && !text.includes('%') ? rdataAaaa(text) : undefined

export const ipv4Text = (bytes: Uint8Array): string => bytes.join('.')

const isMapped = (bytes: Uint8Array): boolean =>
  bytes.subarray(0, 10).every(byte => byte === 0) && bytes[10] === 255 && bytes[11] === 255

/**
 * The longest run of at least two zero groups, the first of equals (RFC 5952 section 4.2); of size
 * 0 if there is none.
 */
const zeroRun = (groups: readonly number[]): { from: number; size: number } => {
  let best = { from: 0, size: 0 }
  for (let from = 0; from < groups.length; from++) {
    let to = from
    while (groups[to] === 0) to++
    if (to - from > best.size && to - from > 1) best = { from, size: to - from }
    from = to
  }
  return best
}

/** RFC 5952; an address that maps one of IPv4 shows it. */
export const ipv6Text = (bytes: Uint8Array): string => {
  if (isMapped(bytes)) return `::ffff:${ipv4Text(bytes.subarray(12))}`
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  const { from, size } = zeroRun(groups)
  const texts = groups.map(group => group.toString(16))
  if (size === 0) return texts.join(':')
  return `${texts.slice(0, from).join(':')}::${texts.slice(from + size).join(':')}`
}

/** An address of family 4 or 6 from the next word. */
export const readAddress = (reader: RdataReader, family: 4 | 6): boolean => {
  const index = reader.take(`an IPv${family} address`)
  if (index < 0) return false
  const text = reader.scanner.text(index)
  const bytes = family === 4 ? ipv4FromText(text) : ipv6FromText(text)
  return bytes === undefined
    ? reader.failAt(index, `is not an IPv${family} address`)
    : reader.putAll(bytes)
}

/** `size` bytes of two hex digits each, between hyphens. */
export const readEui = (reader: RdataReader, size: 6 | 8): boolean => {
  const index = reader.take(`an EUI-${8 * size}`)
  if (index < 0) return false
  const text = reader.scanner.text(index)
  const isGood = text.length === 3 * size - 1 && /^[0-9a-f]{2}(-[0-9a-f]{2})*$/i.test(text)
  return isGood
    ? reader.putAll(fromHex(text.replaceAll('-', '')))
    : reader.failAt(index, `is not an EUI-${8 * size}`)
}

export const euiText = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('-')

/**
 * Four groups of four hex digits (RFC 6742 section 2.1.2); leading zeros of a group may be left
 * out.
 */
export const readGroups = (reader: RdataReader): boolean => {
  const index = reader.take('an identifier of four groups')
  if (index < 0) return false
  const text = reader.scanner.text(index)
  if (!/^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}$/i.test(text))
    return reader.failAt(index, 'is not four groups of hex digits')
  const groups = text.split(':').map(group => group.padStart(4, '0'))
  return reader.putAll(fromHex(groups.join('')))
}

export const groupsText = (bytes: Uint8Array): string => toHex(bytes).replace(/(....)(?=.)/g, '$1:')

const hasBitsBehind = (bytes: Uint8Array, bits: number): boolean =>
  bytes.some((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, bits - 8 * i)))) !== 0)

const prefixFromText = (text: string): number[] | undefined => {
  const [, negation = '', family = '', address = '', length = ''] =
    /^(!?)([12]):([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const bytes = family === '1' ? ipv4FromText(address) : ipv6FromText(address)
  const bits = Number(length)
  if (family === '' || bytes === undefined || bits > 8 * bytes.length) return undefined
  if (hasBitsBehind(bytes, bits)) return undefined
  let size = bytes.length
  while (size > 0 && bytes[size - 1] === 0) size--
  return [0, Number(family), bits, (negation === '' ? 0 : 0x80) | size, ...bytes.subarray(0, size)]
}

/** Any number of `[!]FAMILY:ADDRESS/LENGTH`. */
export const readPrefixes = (reader: RdataReader): boolean => {
  while (reader.hasMore()) {
    const index = reader.take('a prefix')
    const prefix = prefixFromText(reader.scanner.text(index))
    if (prefix === undefined)
      return reader.failAt(index, 'is not FAMILY:ADDRESS/LENGTH with no bits behind the length')
    if (!reader.putAll(prefix)) return false
  }
  return true
}

export const printPrefixes = (printer: RdataPrinter): boolean => {
  while (printer.left > 0) {
    const family = printer.number(2)
    const bits = printer.number(1)
    const size = printer.number(1)
    const part = size === undefined ? undefined : printer.take(size & 0x7f)
    if (
      (family !== 1 && family !== 2) ||
      bits === undefined ||
      size === undefined ||
      part === undefined
    )
      return false
    const bytes = new Uint8Array(family === 1 ? 4 : 16)
    if (part.length > bytes.length || bits > 8 * bytes.length || part.at(-1) === 0) return false
    bytes.set(part)
    if (hasBitsBehind(bytes, bits)) return false
    printer.say(
      `${size & 0x80 ? '!' : ''}${family}:${family === 1 ? ipv4Text(bytes) : ipv6Text(bytes)}/${bits}`,
    )
  }
  return true
}

/** `.` for type 0, an address for 1 and 2, a name for 3. */
const readEndpoint = (reader: RdataReader, type: number): boolean => {
  if (type === 1) return readAddress(reader, 4)
  if (type === 2) return readAddress(reader, 6)
  if (type === 3) return reader.name('a gateway')
  const index = reader.take('a gateway')
  if (index < 0) return false
  if (type !== 0) return reader.fail(`gateway type ${type} is not one of 0 to 3`, index)
  return (
    reader.scanner.text(index) === '.' ||
    reader.failAt(index, 'is not the . that gateway type 0 needs')
  )
}

const printEndpoint = (printer: RdataPrinter, type: number): boolean => {
  if (type === 3) return printer.name()
  if (type === 0) return printer.say('.')
  const bytes = type === 1 || type === 2 ? printer.take(type === 1 ? 4 : 16) : undefined
  return bytes !== undefined && printer.say(type === 1 ? ipv4Text(bytes) : ipv6Text(bytes))
}

/** Precedence, gateway type, algorithm, gateway. */
export const readGateway = (reader: RdataReader): boolean => {
  const precedence = reader.number('a precedence', 255)
  const type = precedence < 0 ? -1 : reader.number('a gateway type', 255)
  const algorithm = type < 0 ? -1 : reader.number('an algorithm', 255)
  return (
    algorithm >= 0 && reader.putAll([precedence, type, algorithm]) && readEndpoint(reader, type)
  )
}

export const printGateway = (printer: RdataPrinter): boolean => {
  const head = printer.take(3)
  if (head === undefined) return false
  for (const byte of head) printer.say(String(byte))
  return printEndpoint(printer, head[1]!)
}

/** Precedence, D bit, relay type, relay. */
export const readRelay = (reader: RdataReader): boolean => {
  const precedence = reader.number('a precedence', 255)
  const discovery = precedence < 0 ? -1 : reader.number('a discovery bit', 1)
  const type = discovery < 0 ? -1 : reader.number('a relay type', 127)
  return (
    type >= 0 && reader.putAll([precedence, (discovery << 7) | type]) && readEndpoint(reader, type)
  )
}

export const printRelay = (printer: RdataPrinter): boolean => {
  const head = printer.take(2)
  if (head === undefined) return false
  printer.words.push(String(head[0]), String(head[1]! >> 7), String(head[1]! & 0x7f))
  return printEndpoint(printer, head[1]! & 0x7f)
}
