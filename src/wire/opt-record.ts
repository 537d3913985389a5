// Hot path. Writes the OPT record (RFC 6891 section 6.1.2). edns.ts reads one.
//
//   0   1      3          5      6         7        9          11
//   +---+------+----------+------+---------+--------+----------+---------
//   | 0 | TYPE | UDP size | rcode| version | DO, Z  | RDLENGTH | options
//   +---+------+----------+------+---------+--------+----------+---------
//   root                  |<------ the TTL field ------>|

import { setU16, setU32 } from './header.ts'
import { TYPE_OPT } from './rrtypes.ts'

/** What an OPT record says; absent numbers are 0. */
export interface OptParts {
  readonly udpSize: number
  /** The upper eight bits of the rcode. */
  readonly extendedRcode?: number
  readonly version?: number
  /** DO (0x8000) and the Z bits. */
  readonly flags?: number
  /** Options in wire form, one behind the other. */
  readonly options?: Uint8Array
}

const FIXED_SIZE = 11

/** Size of an OPT record with so many bytes of options: what to reserve for it. */
export const optSize = (optionsLength: number): number => FIXED_SIZE + optionsLength

/**
 * Writes an OPT record at offset `at`, where optSize(its options) bytes are free; ARCOUNT is the
 * caller's.
 */
export const writeOpt = (bytes: Uint8Array, at: number, opt: OptParts): void => {
  const { options } = opt
  const ttl = ((opt.extendedRcode ?? 0) << 24) | ((opt.version ?? 0) << 16) | (opt.flags ?? 0)
  writeOptFields(bytes, at, opt.udpSize, ttl, options?.length ?? 0)
  if (options !== undefined) bytes.set(options, at + FIXED_SIZE)
}

/** The same without its options, which follow in `optionsLength` bytes. Allocates nothing. */
export const writeOptFields = (
  bytes: Uint8Array,
  at: number,
  udpSize: number,
  ttl: number,
  optionsLength: number,
): void => {
  bytes[at] = 0
  setU16(bytes, at + 1, TYPE_OPT)
  setU16(bytes, at + 3, udpSize)
  setU32(bytes, at + 5, ttl)
  setU16(bytes, at + 9, optionsLength)
}
