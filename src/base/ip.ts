// Hot path. IP addresses, prefixes and reverse names: text <-> bytes. Strict as Go's net package:
// four decimal parts, no leading zeros, no zone.

import ipaddr from 'ipaddr.js'
import { isIP, isIPv4 } from './ip-text.ts'
import { fromHex, toHex } from './text/byte-text.ts'

/** Four bytes or sixteen. IPv4-mapped IPv6 addresses are given as IPv4, as Go's To4 does. */
export interface IpAddress {
  readonly bytes: Uint8Array
  readonly family: 4 | 6
}

/** An address with its host bits cleared, and the length of its prefix in bits. */
export interface IpPrefix extends IpAddress {
  readonly bits: number
}

const MAPPED_BITS = 96

/**
 * Reads an address; undefined if it is none. A zone (`%eth0`) is not part of an address here: see
 * withoutZone.
 */
export const parseIp = (text: string): IpAddress | undefined => {
  const bytes = ipv4Bytes(text)
  if (bytes !== undefined) return { bytes, family: 4 }
  if (isIP(text) === 0 || text.includes('%')) return undefined
  return fromBytes(Uint8Array.from(ipaddr.parse(text).toByteArray()))
}

const LONGEST_IPV4 = 15
const DOT = 0x2e
const ZERO = 0x30

/** The commonest kind, read here: four numbers without zeros in front. Undefined for the rest. */
const ipv4Bytes = (text: string): Uint8Array | undefined => {
  if (text.length > LONGEST_IPV4) return undefined
  const bytes = new Uint8Array(4)
  let at = 0
  for (let k = 0; k < 4; k++) {
    if (k > 0 && text.charCodeAt(at++) !== DOT) return undefined
    let value = digitAt(text, at++)
    if (value < 0) return undefined
    for (let digit = digitAt(text, at); digit >= 0 && value > 0; digit = digitAt(text, ++at))
      value = value * 10 + digit
    if (value > 255) return undefined
    bytes[k] = value
  }
  return at === text.length ? bytes : undefined
}

/** -1 if there is none. */
const digitAt = (text: string, at: number): number => {
  const digit = at < text.length ? text.charCodeAt(at) - ZERO : -1
  return digit <= 9 ? Math.max(-1, digit) : -1
}

const fromBytes = (bytes: Uint8Array): IpAddress => {
  if (bytes.length === 4) return { bytes, family: 4 }
  return isMapped(bytes) ? { bytes: bytes.slice(12), family: 4 } : { bytes, family: 6 }
}

const isMapped = (bytes: Uint8Array): boolean =>
  bytes[10] === 0xff && bytes[11] === 0xff && !bytes.subarray(0, 10).some(byte => byte !== 0)

/** Cuts a trailing `%zone` off. */
export const withoutZone = (text: string): string => {
  const percent = text.indexOf('%')
  return percent < 0 ? text : text.slice(0, percent)
}

const IPV6_SUBNET_BYTES = 8

/**
 * What addresses of one client have in common: an IPv4 address is a client, of IPv6 a /64 is, since
 * that is the least a customer is given.
 */
export const clientKey = (address: string): string => {
  const ip = parseIp(withoutZone(address))
  return ip === undefined ? address : toHex(ip.bytes.subarray(0, IPV6_SUBNET_BYTES))
}

/** Whether the address is this machine's own, 127.0.0.0/8 or ::1, as text without a port. */
export const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || address === '::1'

/** Reads `ADDRESS/BITS`; undefined if it is none. Host bits may be set and are cleared. */
export const parseCidr = (text: string): IpPrefix | undefined => {
  const slash = text.indexOf('/')
  const digits = text.slice(slash + 1)
  const written = text.slice(0, slash)
  const address = slash < 0 ? undefined : parseIp(written)
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined
  const bits = Number(digits)
  if (address.family === 6 || !written.includes(':')) return prefixOf(address, bits)
  return bits < MAPPED_BITS ? undefined : prefixOf(address, bits - MAPPED_BITS)
}

const prefixOf = (address: IpAddress, bits: number): IpPrefix | undefined => {
  const { bytes, family } = address
  if (bits > bytes.length * 8) return undefined
  return { bytes: bytes.map((byte, index) => byte & byteMask(bits, index)), family, bits }
}

const byteMask = (bits: number, index: number): number =>
  (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff

/** Presentation form: dotted decimal, or RFC 5952. */
export const ipToText = (bytes: Uint8Array): string => {
  if (bytes.length === 4) return bytes.join('.')
  const address = ipaddr.fromByteArray([...bytes])
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString()
}

/**
 * The address that a lower-case reverse name with trailing dot stands for; undefined for any name
 * that is not exactly one address.
 */
export const reverseNameToIp = (name: string): string | undefined => {
  if (name.endsWith('.in-addr.arpa.')) {
    const text = name.slice(0, -'.in-addr.arpa.'.length).split('.').reverse().join('.')
    return isIPv4(text) ? text : undefined
  }
  if (!name.endsWith('.ip6.arpa.')) return undefined
  const nibbles = name.slice(0, -'.ip6.arpa.'.length).split('.').reverse()
  if (nibbles.length !== 32 || !nibbles.every(nibble => /^[0-9a-f]$/.test(nibble))) return undefined
  return ipToText(fromBytes(fromHex(nibbles.join(''))).bytes)
}

const IN_ADDR_ARPA = Buffer.from('\x07in-addr\x04arpa\0', 'latin1')
const IP6_ARPA = Buffer.from('\x03ip6\x04arpa\0', 'latin1')
const MAPPED_START = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/**
 * All names that reverseNameToIp takes for this address, in wire form: an IPv4 address is asked for
 * as an IPv4-mapped one, too. Without a detour over text: a cluster has a hundred thousand
 * addresses.
 */
export const reverseNamesOf = (address: Uint8Array): Uint8Array[] => {
  if (address.length !== 4) return [nibbleName(address)]
  const labels = Array.from(
    address,
    byte => `${String.fromCharCode(`${byte}`.length)}${byte}`,
  ).reverse()
  return [
    Buffer.concat([Buffer.from(labels.join(''), 'latin1'), IN_ADDR_ARPA]),
    nibbleName(Uint8Array.of(...MAPPED_START, ...address)),
  ]
}

const nibbleName = (address: Uint8Array): Uint8Array => {
  const name = new Uint8Array(64 + IP6_ARPA.length)
  for (let k = 0; k < 32; k++) {
    const byte = address[15 - (k >> 1)] ?? 0
    const nibble = (k & 1) === 0 ? byte & 15 : byte >>> 4
    name[2 * k] = 1
    name[2 * k + 1] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
  }
  name.set(IP6_ARPA, 64)
  return name
}

/**
 * A set of prefixes, asked per query: binary search over disjoint ranges, so its cost does not grow
 * with what a client chooses.
 */
export class CidrSet {
  readonly #v4: Range[]
  readonly #v6: Range[]

  constructor(prefixes: readonly IpPrefix[]) {
    this.#v4 = disjointRanges(prefixes.filter(prefix => prefix.family === 4))
    this.#v6 = disjointRanges(prefixes.filter(prefix => prefix.family === 6))
  }

  /** Whether some prefix of the address's own family covers it: `::/0` covers no IPv4 address. */
  has(address: IpAddress): boolean {
    const ranges = address.family === 4 ? this.#v4 : this.#v6
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const range = ranges[middle]
      if (range === undefined) return false
      if (compareBytes(address.bytes, range.first) < 0) high = middle
      else if (compareBytes(address.bytes, range.last) > 0) low = middle + 1
      else return true
    }
    return false
  }
}

interface Range {
  readonly first: Uint8Array
  readonly last: Uint8Array
}

/**
 * Prefixes are nested or disjoint, never overlapping in part: sorted with the wide before the
 * narrow, a nested one follows its cover.
 */
const disjointRanges = (prefixes: readonly IpPrefix[]): Range[] => {
  const sorted = prefixes.toSorted((a, b) => compareBytes(a.bytes, b.bytes) || a.bits - b.bits)
  const ranges: Range[] = []
  for (const { bytes, bits } of sorted) {
    const cover = ranges.at(-1)
    if (cover !== undefined && compareBytes(bytes, cover.last) <= 0) continue
    ranges.push({
      first: bytes,
      last: bytes.map((byte, index) => byte | (~byteMask(bits, index) & 0xff)),
    })
  }
  return ranges
}

const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
