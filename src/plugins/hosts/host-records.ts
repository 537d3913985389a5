// What hosts keeps in the records memory: entries of the file and of the Corefile, drawn together
// by name and by address. Main makes these records (hosts-draft.ts); lookup.ts reads them.
//
//   NAME     key    lower-case wire name; a first label `*` makes a wildcard
//            value  byte  0  u16  IPv4 addresses of the file
//                         2  u16  IPv4 addresses of the Corefile
//                         4  u16  IPv6 addresses of the file
//                         6  u16  IPv6 addresses of the Corefile
//                         8..     the addresses in this order, 4 bytes each, then 16
//
//   ADDRESS  key    4 or 16 bytes
//            value  byte  0  u16  names
//                         2..     the names in wire form, one behind the other: those of the file,
//                                 then those of the Corefile, no wildcards
//
//   note 0   wildcards among the names, so that names cost one look-up where there are none

export const KIND_NAME = 1
export const KIND_ADDRESS = 2

export const NOTE_WILDCARDS = 0

/** The sources of a name's entries, in the order of answers: the file and the Corefile. */
export const SOURCES = 2
export const SOURCE_FILE = 0
export const SOURCE_COREFILE = 1
/** The lists of a name: for each family one list of each source. */
export const LISTS = 2 * SOURCES
export const ADDRESSES_OFFSET = 2 * LISTS
export const NAMES_OFFSET = 2

/**
 * No message holds more records than this (65535 bytes, 16 for the smallest A record), so no list
 * is longer.
 */
export const MAX_ITEMS = 4095

export interface HostsKey {
  readonly kind: typeof KIND_NAME | typeof KIND_ADDRESS
  readonly bytes: Uint8Array
}

/** Whether the name in wire form at `at` is a wildcard. */
export const isWildcard = (bytes: Uint8Array, at = 0): boolean =>
  bytes[at] === 1 && bytes[at + 1] === 0x2a
