// The data of records as dns-packet's objects have them: which fields, in the order of the wire.
// Types that are not listed are written as text or as bytes (record-data.ts).

import { given } from '../base/text/given.ts'
import { setU16, setU32 } from '../wire/header.ts'
import { nameFromText } from '../wire/name.ts'
import { rdataStrings } from '../wire/rdata.ts'
import * as rr from '../wire/rrtypes.ts'
import { typeWindows } from '../zone/bitmap-text.ts'
import { Misfit } from './misfit.ts'

/** One field, or two that lie in the same bytes. */
export interface DataField {
  readonly names: readonly string[]
  /** Throws a Misfit. */
  write(held: Readonly<Record<string, unknown>>): Uint8Array
}

const field = (
  name: string,
  otherwise: unknown,
  bytesOf: (value: unknown, place: string) => Uint8Array,
): DataField => ({
  names: [name],
  write: held => bytesOf(held[name] ?? otherwise, `.data.${name}`),
})

const writers: Readonly<Record<1 | 2 | 4, (number: number) => Uint8Array>> = {
  1: number => Uint8Array.of(number),
  2(number) {
    const bytes = new Uint8Array(2)
    setU16(bytes, 0, number)
    return bytes
  },
  4(number) {
    const bytes = new Uint8Array(4)
    setU32(bytes, 0, number)
    return bytes
  },
}

const checkedNumber = (value: unknown, place: string, size: number): number => {
  const most = 2 ** (8 * size) - 1
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most)
    throw new Misfit(place, `${given(value)} must be a whole number, 0 to ${most}`)
  return value
}

/** A number of so many bytes; without `otherwise` it has to be there. */
const number = (name: string, size: 1 | 2 | 4, otherwise?: number): DataField =>
  field(name, otherwise, (value, place) => writers[size](checkedNumber(value, place, size)))

export const nameOf = (value: unknown, place: string): Uint8Array => {
  const wire = typeof value === 'string' ? nameFromText(value) : undefined
  if (wire === undefined) throw new Misfit(place, `${given(value)} is no name`)
  return wire
}

const name = (called: string): DataField => field(called, undefined, nameOf)

const textOf = (value: unknown, place: string): string => {
  if (typeof value !== 'string') throw new Misfit(place, `${given(value)} is no string`)
  return value
}

const MOST_STRING_BYTES = 255

/** A character-string: a string or bytes. */
export const stringOf = (value: unknown, place: string): Uint8Array => {
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw new Misfit(place, `${given(value)} is neither a string nor bytes`)
  const size = typeof value === 'string' ? Buffer.byteLength(value) : value.length
  if (size > MOST_STRING_BYTES)
    throw new Misfit(place, `a string of ${size} bytes: it has ${MOST_STRING_BYTES} at most`)
  return rdataStrings(value)
}

const string = (called: string): DataField => field(called, undefined, stringOf)

/** To the end, as it is. */
const text = (called: string): DataField =>
  field(called, undefined, (value, place) => Buffer.from(textOf(value, place)))

const bytesOf = (value: unknown, place: string): Uint8Array => {
  if (!(value instanceof Uint8Array)) throw new Misfit(place, `${given(value)} is no bytes`)
  return value
}

/** To the end. */
const bytes = (called: string): DataField => field(called, undefined, bytesOf)

/** Behind their number. */
const countedBytes = (called: string): DataField =>
  field(called, undefined, (value, place) => stringOf(bytesOf(value, place), place))

const hex = (called: string): DataField =>
  field(called, undefined, (value, place) => {
    const digits = textOf(value, place)
    if (!/^(?:[0-9a-f]{2})+$/i.test(digits))
      throw new Misfit(place, `${given(value)} is not in hex digits`)
    return Buffer.from(digits, 'hex')
  })

const typeNumber = (value: unknown, place: string): number => {
  const type =
    typeof value === 'string'
      ? rr.typeFromText(value.toUpperCase().replace(/^UNKNOWN_/, 'TYPE'))
      : undefined
  if (type === undefined) throw new Misfit(place, `${given(value)} is no type`)
  return type
}

const type = (called: string): DataField =>
  field(called, undefined, (value, place) => writers[2](typeNumber(value, place)))

const types = (called: string): DataField =>
  field(called, undefined, (value, place) => {
    if (!Array.isArray(value)) throw new Misfit(place, `${given(value)} is no list of types`)
    return typeWindows(Array.from(value, (each, index) => typeNumber(each, `${place}[${index}]`)))
  })

const ISSUER_CRITICAL = 0x80

/** CAA: `issuerCritical` is the first of the flags (RFC 8659 section 4.1). */
const caaFlags: DataField = {
  names: ['flags', 'issuerCritical'],
  write({ flags = 0, issuerCritical }) {
    const set = checkedNumber(flags, '.data.flags', 1)
    return Uint8Array.of(issuerCritical === true ? set | ISSUER_CRITICAL : set)
  },
}

const PROTOCOL_DNSSEC = 3

/** DNSKEY: always the same number, which dns-packet leaves out (RFC 4034 section 2.1.2). */
const protocol: DataField = { names: [], write: () => Uint8Array.of(PROTOCOL_DNSSEC) }

export const DATA_FIELDS: ReadonlyMap<number, readonly DataField[]> = new Map([
  [rr.TYPE_MX, [number('preference', 2, 0), name('exchange')]],
  [
    rr.TYPE_SRV,
    [number('priority', 2, 0), number('weight', 2, 0), number('port', 2), name('target')],
  ],
  [
    rr.TYPE_SOA,
    [
      name('mname'),
      name('rname'),
      number('serial', 4, 0),
      number('refresh', 4, 0),
      number('retry', 4, 0),
      number('expire', 4, 0),
      number('minimum', 4, 0),
    ],
  ],
  [rr.TYPE_CAA, [caaFlags, string('tag'), text('value')]],
  [
    rr.TYPE_NAPTR,
    [
      number('order', 2),
      number('preference', 2),
      string('flags'),
      string('services'),
      string('regexp'),
      name('replacement'),
    ],
  ],
  [rr.TYPE_HINFO, [string('cpu'), string('os')]],
  [rr.TYPE_RP, [name('mbox'), name('txt')]],
  [
    rr.TYPE_DS,
    [number('keyTag', 2), number('algorithm', 1), number('digestType', 1), bytes('digest')],
  ],
  [rr.TYPE_DNSKEY, [number('flags', 2), protocol, number('algorithm', 1), bytes('key')]],
  [rr.TYPE_SSHFP, [number('algorithm', 1), number('hash', 1), hex('fingerprint')]],
  [
    rr.TYPE_TLSA,
    [number('usage', 1), number('selector', 1), number('matchingType', 1), bytes('certificate')],
  ],
  [
    rr.TYPE_RRSIG,
    [
      type('typeCovered'),
      number('algorithm', 1),
      number('labels', 1),
      number('originalTTL', 4),
      number('expiration', 4),
      number('inception', 4),
      number('keyTag', 2),
      name('signersName'),
      bytes('signature'),
    ],
  ],
  [rr.TYPE_NSEC, [name('nextDomain'), types('rrtypes')]],
  [
    rr.TYPE_NSEC3,
    [
      number('algorithm', 1),
      number('flags', 1),
      number('iterations', 2),
      countedBytes('salt'),
      countedBytes('nextDomain'),
      types('rrtypes'),
    ],
  ],
])
