// Hot path. The OPT record (RFC 6891): its fields, and the options in its rdata. The plugins give
// options their meaning.

import { getU16, setU16 } from './header.ts'
import type { MessageLayout } from './layout.ts'

export const OPTION_NSID = 3
export const OPTION_ECS = 8
export const OPTION_COOKIE = 10
export const OPTION_EDE = 15

/** The DNSSEC OK bit of `Edns.flags`. */
export const EDNS_DO = 0x8000
/** Options that one OPT record may have. */
export const MAX_OPTIONS = 100

export interface Edns {
  /** Where the OPT record starts in the message: its owner, the root's zero byte. */
  readonly offset: number
  readonly udpSize: number
  readonly version: number
  readonly do: boolean
  /** The upper eight bits of the rcode. */
  readonly extendedRcode: number
  /** DO and the fifteen Z bits. */
  readonly flags: number
  readonly optionsOffset: number
  readonly optionsLength: number
}

/** The options fill their place, one behind the other, or they do not. */
export const OPTIONS_MALFORMED = 0
/** None of them has contents that areOptionsSound looks at. */
export const OPTIONS_PLAIN = 1
export const OPTIONS_WITH_SUBNET = 2

/** Which of these holds for the options from `offset` up to `end`, the end of their record. */
export const judgeOptions = (bytes: Uint8Array, offset: number, end: number): number => {
  let verdict = OPTIONS_PLAIN
  let at = offset
  for (let count = 0; at < end; count++) {
    if (count === MAX_OPTIONS || at + 4 > end) return OPTIONS_MALFORMED
    if (getU16(bytes, at) === OPTION_ECS) verdict = OPTIONS_WITH_SUBNET
    at += 4 + getU16(bytes, at + 2)
  }
  return at === end ? verdict : OPTIONS_MALFORMED
}

/** Bytes of an OPT record before its options. */
export const OPT_FIXED_SIZE = 11

/** What the OPT record at `offset` says: a whole one, owned by the root. */
export const ednsAt = (bytes: Uint8Array, offset: number): Edns => {
  const flags = getU16(bytes, offset + 7)
  return {
    offset,
    udpSize: getU16(bytes, offset + 3),
    version: bytes[offset + 6]!,
    do: (flags & EDNS_DO) !== 0,
    extendedRcode: bytes[offset + 5]!,
    flags,
    optionsOffset: offset + OPT_FIXED_SIZE,
    optionsLength: getU16(bytes, offset + 9),
  }
}

/**
 * Reads the OPT record: undefined if there is none; 'malformed' unless it is the only one,
 * root-owned, in additional, with sound options.
 */
export const readEdns = (
  bytes: Uint8Array,
  layout: MessageLayout,
): Edns | undefined | 'malformed' => {
  const index = layout.optIndex
  if (index < 0) return undefined
  const offset = layout.ownerOffset(index)
  if (layout.optCount > 1 || layout.sectionOf(index) !== 2 || bytes[offset] !== 0)
    return 'malformed'
  const edns = ednsAt(bytes, offset)
  const { optionsOffset, optionsLength } = edns
  const verdict = judgeOptions(bytes, optionsOffset, optionsOffset + optionsLength)
  return verdict === OPTIONS_MALFORMED ? 'malformed' : edns
}

/** Sets the UDP size of the OPT record that starts at `offset`. */
export const setOptUdpSize = (bytes: Uint8Array, offset: number, size: number): void =>
  setU16(bytes, offset + 3, size)

/** Calls `visit` with code and data of each option in order; `data` is a view into the message. */
export const forEachOption = (
  bytes: Uint8Array,
  edns: Pick<Edns, 'optionsOffset' | 'optionsLength'>,
  visit: (code: number, data: Uint8Array) => void,
): void => {
  const end = edns.optionsOffset + edns.optionsLength
  for (let at = edns.optionsOffset; at + 4 <= end; ) {
    const next = at + 4 + getU16(bytes, at + 2)
    visit(getU16(bytes, at), bytes.subarray(at + 4, next))
    at = next
  }
}

/** Data of the first option with this code, a view into the message. */
export const findOption = (bytes: Uint8Array, edns: Edns, code: number): Uint8Array | undefined => {
  const end = edns.optionsOffset + edns.optionsLength
  for (let at = edns.optionsOffset; at + 4 <= end; at += 4 + getU16(bytes, at + 2)) {
    if (getU16(bytes, at) === code) return bytes.subarray(at + 4, at + 4 + getU16(bytes, at + 2))
  }
  return undefined
}

/** Whether there is an option of this code from `offset` up to `end`, the end of their record. */
export const hasOption = (
  bytes: Uint8Array,
  offset: number,
  end: number,
  code: number,
): boolean => {
  for (let at = offset; at + 4 <= end; at += 4 + getU16(bytes, at + 2))
    if (getU16(bytes, at) === code) return true
  return false
}

const ECS_FIXED_SIZE = 4
/**
 * Bits of an address by ECS family: 0 stands for none (RFC 7871 section 6), 1 for IPv4, 2 for IPv6.
 */
const ECS_BITS = [0, 32, 128]

/**
 * Whether a query's options have contents that must be refused otherwise: client subnets of an
 * unknown family, with prefixes longer than the address, or with another number of bytes than the
 * prefix takes (RFC 7871 section 7.1.2).
 */
export const areOptionsSound = (bytes: Uint8Array, edns: Edns): boolean => {
  let isSound = true
  forEachOption(bytes, edns, (code, data) => {
    if (code === OPTION_ECS) isSound &&= isSubnetSound(data)
  })
  return isSound
}

const isSubnetSound = (data: Uint8Array): boolean => {
  if (data.length < ECS_FIXED_SIZE) return false
  const bits = ECS_BITS[getU16(data, 0)]
  const source = data[2]!
  if (bits === undefined || source > bits || data[3]! > bits) return false
  return data.length === ECS_FIXED_SIZE + ((source + 7) >> 3)
}

/**
 * One option in wire form; `data` has at most 65535 bytes. Concatenate several for
 * OptParts.options.
 */
export const makeOption = (code: number, data: Uint8Array): Uint8Array => {
  const option = new Uint8Array(4 + data.length)
  setU16(option, 0, code)
  setU16(option, 2, data.length)
  option.set(data, 4)
  return option
}

/** Options in wire form without those of the code. */
export const withoutOption = (options: Uint8Array, code: number): Uint8Array => {
  const kept: Uint8Array[] = []
  forEachOption(options, { optionsOffset: 0, optionsLength: options.length }, (each, data) => {
    if (each !== code) kept.push(makeOption(each, data))
  })
  return Buffer.concat(kept)
}
