// Zone names as the Corefile writes them: ports and schemes off, CIDR notation expanded, lower
// case, fully qualified.

import { isIPv4, isIPv6 } from 'node:net'
import { goQuote, parseGoInt } from './strconv.ts'

export type Transport = 'dns' | 'tls' | 'quic' | 'grpc' | 'https' | 'https3'

const SCHEMES: readonly (Transport | 'unix')[] = [
  'tls',
  'dns',
  'quic',
  'grpc',
  'https3',
  'https',
  'unix',
]
const ZONE_BYTES = 255
const LABEL_BYTES = 63

/**
 * Splits a known `scheme://` from the rest. Without one the scheme is dns; an unknown one stays
 * part of the name.
 */
export const splitScheme = (text: string): { scheme: Transport | 'unix'; rest: string } => {
  for (const scheme of SCHEMES) {
    if (text.startsWith(`${scheme}://`)) return { scheme, rest: text.slice(scheme.length + 3) }
  }
  return { scheme: 'dns', rest: text }
}

/**
 * Number of characters from `offset` that stand for one byte of a label: 1, 2 for `\X`, 4 for
 * `\DDD`; 0 for a broken escape.
 */
const escapeLength = (text: string, offset: number): 0 | 1 | 2 | 4 => {
  if (text[offset] !== '\\') return 1
  const digits = text.slice(offset + 1, offset + 4)
  if (/^\d/.test(digits)) return /^\d{3}$/.test(digits) && Number(digits) <= 255 ? 4 : 0
  return digits === '' ? 0 : 2
}

/**
 * Whether the text can be put on the wire as a name: labels of 1 to 63 bytes, 255 in all; escapes
 * count as the byte they stand for.
 */
export const isDomainName = (text: string): boolean => {
  if (text === '.') return true
  let label = 0
  let total = 1
  for (let i = 0; i < text.length; ) {
    if (text[i] === '.') {
      if (label === 0) return false
      total += label + 1
      label = 0
      i++
      continue
    }
    const step = escapeLength(text, i)
    if (step === 0) return false
    const unit =
      step === 4 ? 1 : Buffer.byteLength(String.fromCodePoint(text.codePointAt(i + step - 1) ?? 0))
    label += unit
    if (label > LABEL_BYTES) return false
    i += step + (unit === 4 ? 1 : 0)
  }
  if (label > 0) total += label + 1
  return total > 1 && total <= ZONE_BYTES
}

/** Whether the final dot ends the name, rather than being an escaped part of it. */
const isQualified = (text: string): boolean => {
  if (!text.endsWith('.')) return false
  let escapes = 0
  while (text[text.length - 2 - escapes] === '\\') escapes++
  return escapes % 2 === 0
}

const normalizeName = (name: string): string =>
  (isQualified(name) ? name : `${name}.`).replace(/[A-Z]/g, letter => letter.toLowerCase())

const ipv4Bytes = (text: string): number[] => text.split('.').map(Number)

const ipv6Groups = (text: string): number[] =>
  text === ''
    ? []
    : text.split(':').flatMap(group => {
        if (!group.includes('.')) return [Number.parseInt(group, 16)]
        const [a = 0, b = 0, c = 0, d = 0] = ipv4Bytes(group)
        return [a * 256 + b, c * 256 + d]
      })

const ipv6Nibbles = (text: string): number[] => {
  const [head = '', tail] = text.split('::')
  const front = ipv6Groups(head)
  const back = ipv6Groups(tail ?? '')
  const groups = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
  return groups.flatMap(group => [group >> 12, (group >> 8) & 15, (group >> 4) & 15, group & 15])
}

/**
 * The reverse zones that cover a prefix exactly; a mask between two labels gives one zone for each
 * value of the next label.
 */
const reverseZones = (
  digits: number[],
  bitsPerDigit: number,
  maskBits: number,
  suffix: string,
): string[] => {
  const whole = Math.floor(maskBits / bitsPerDigit)
  const radix = bitsPerDigit === 4 ? 16 : 10
  const zone = (parts: number[]): string =>
    [...parts.map(part => part.toString(radix)).reverse(), suffix].join('.')
  const freeBits = (bitsPerDigit - (maskBits % bitsPerDigit)) % bitsPerDigit
  if (freeBits === 0) return [zone(digits.slice(0, whole))]
  const first = ((digits[whole] ?? 0) >> freeBits) << freeBits
  return Array.from({ length: 2 ** freeBits }, (_, k) =>
    zone([...digits.slice(0, whole), first + k]),
  )
}

/** Zones of `address/bits`; undefined if the text is no CIDR. */
const zonesOfCidr = (text: string): string[] | undefined => {
  const [, address, mask] = /^([^/%]+)\/(\d{1,3})$/.exec(text) ?? []
  // node:net's isIPv6 takes 5 ms when it is asked for the first time.
  if (address === undefined) return undefined
  if (isIPv4(address) && Number(mask) <= 32)
    return reverseZones(ipv4Bytes(address), 8, Number(mask), 'in-addr.arpa.')
  if (isIPv6(address) && Number(mask) <= 128)
    return reverseZones(ipv6Nibbles(address), 4, Number(mask), 'ip6.arpa.')
  return undefined
}

export interface ZoneAndPort {
  /** Normalised; several for a CIDR between two labels. */
  readonly zones: string[]
  /** Undefined if the text names none. Any integer: the caller checks the range. */
  readonly port: number | undefined
}

/**
 * Splits `ZONE[:PORT]` (no scheme) as CoreDNS does: an integer behind the last colon is always a
 * port. The error texts are CoreDNS's. Stricter in one point: a name whose escapes cannot be put on
 * the wire is refused.
 */
export const splitZoneAndPort = (text: string): ZoneAndPort | { readonly error: string } => {
  const colon = text.lastIndexOf(':')
  if (text !== '' && colon === text.length - 1)
    return { error: `expecting data after last colon: ${goQuote(text)}` }
  const port = colon < 0 ? undefined : parseGoInt(text.slice(colon + 1))
  const host = port === undefined ? text : text.slice(0, colon)
  const bytes = Buffer.byteLength(host)
  if (bytes > ZONE_BYTES) return { error: `specified zone is too long: ${bytes} > ${ZONE_BYTES}` }
  if (!isDomainName(host)) return { error: `zone is not a valid domain name: ${host}` }
  const zones = zonesOfCidr(host)
  if (zones === undefined) return { zones: [normalizeName(host)], port }
  if (host.startsWith(':') || (host.startsWith('0') && host.includes(':')))
    return { error: `invalid CIDR ${text}` }
  return { zones, port }
}

/**
 * Normalised zones of a zone argument: scheme and port are dropped, a CIDR may give several.
 * Undefined if it is no zone.
 */
export const normalizeZone = (text: string): string[] | undefined => {
  const split = splitZoneAndPort(splitScheme(text).rest)
  return 'error' in split ? undefined : split.zones
}

/**
 * `[ZONES...]` of a plugin: the arguments, those that are no zones skipped as CoreDNS does; without
 * arguments the block's zones.
 */
export const zonesFromArgsOrBlock = (
  args: readonly string[],
  blockZones: readonly string[],
): string[] => (args.length === 0 ? [...blockZones] : args.flatMap(arg => normalizeZone(arg) ?? []))

/**
 * Whether a normalised zone lies below `in-addr.arpa.` or `ip6.arpa.`; those two themselves are not
 * reverse zones for CoreDNS.
 */
export const isReverseZone = (zone: string): boolean =>
  zone.endsWith('.in-addr.arpa.') || zone.endsWith('.ip6.arpa.')

/**
 * Whether the zone is the root, a reverse zone, or made of labels that RFC 1035 §2.3.1 prefers:
 * CoreDNS warns of others.
 */
export const followsPreferredSyntax = (zone: string): boolean =>
  zone === '.' || isReverseZone(zone) || /^(?:[a-z](?:[a-z0-9-]*[a-z0-9])?\.)+$/.test(zone)
