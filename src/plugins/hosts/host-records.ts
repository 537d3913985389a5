// What hosts keeps in the records memory: entries of the file and of the Corefile, drawn together by name and by address. Main makes these
// records (publisher.ts says when); lookup.ts reads them.
//
//   NAME     key    lower-case wire name; a first label `*` makes a wildcard
//            value  byte  0  u16  IPv4 addresses of the file
//                         2  u16  IPv4 addresses of the Corefile
//                         4  u16  IPv6 addresses of the file
//                         6  u16  IPv6 addresses of the Corefile
//                         8..     the addresses in this order, 4 bytes each, then 16
//
//   ADDRESS  key    4 or 16 bytes
//            value  names in wire form, one behind the other: those of the file, then those of the Corefile, no wildcards
//
//   note 0   wildcards among the names, so that names cost one look-up where there are none

import { setU16 } from '../../wire/header.ts'
import { nameFromText } from '../../wire/name.ts'
import type { HostsEntry } from './hosts-file.ts'

export const KIND_NAME = 1
export const KIND_ADDRESS = 2

export const NOTE_WILDCARDS = 0

/** Which entries a name's lists come from, in the order of answers. */
export const SOURCES = 2
/** The lists of a name: for each family one of each source. */
export const LISTS = 2 * SOURCES
export const ADDRESSES_OFFSET = 2 * LISTS

/** No message holds more records than this (65535 bytes, 16 for the smallest A record), so no list is longer. */
export const MAX_ITEMS = 4095

export interface HostsKey {
  readonly kind: typeof KIND_NAME | typeof KIND_ADDRESS
  readonly bytes: Uint8Array
}

export interface HostsRecord extends HostsKey {
  readonly lists: Uint8Array[][]
}

export interface HostsRecords {
  /** By a text that is the key's own. */
  readonly byKey: ReadonlyMap<string, HostsRecord>
  /** What `coredns_hosts_entries` shows: addresses of all names, and names of all addresses. */
  readonly entries: number
}

/** `autoReverse` adds what PTR queries need. */
export const recordsOf = (file: readonly HostsEntry[], inline: readonly HostsEntry[], autoReverse: boolean): HostsRecords => {
  const byKey = new Map<string, HostsRecord>()
  let entries = 0
  for (const [source, list] of [file, inline].entries()) {
    // Long lists name the same address in line after line.
    let last: Uint8Array | undefined
    let addressText = ''
    for (const { address, name, wire } of list) {
      if (address !== last) addressText = address.toHex()
      last = address
      const family = address.length === 4 ? 0 : 1
      addItem(byKey, name, { kind: KIND_NAME, bytes: wire }, family * SOURCES + source, address)
      entries++
      if (!autoReverse || isWildcard(wire)) continue
      addItem(byKey, addressText, { kind: KIND_ADDRESS, bytes: address }, 0, wire)
      entries++
    }
  }
  return { byKey, entries }
}

/** The key that a text of `byKey` stands for. A name ends in a dot and hexadecimal does not: texts of the two kinds never meet. */
export const keyOfText = (text: string): HostsKey =>
  text.endsWith('.')
    ? { kind: KIND_NAME, bytes: nameFromText(text) ?? Uint8Array.of(0) }
    : { kind: KIND_ADDRESS, bytes: Uint8Array.fromHex(text) }

export const isWildcard = (wire: Uint8Array): boolean => wire[0] === 1 && wire[1] === 0x2a

const addItem = (byKey: Map<string, HostsRecord>, text: string, key: HostsKey, list: number, item: Uint8Array): void => {
  let record = byKey.get(text)
  if (record === undefined) byKey.set(text, (record = { ...key, lists: [] }))
  const items = record.lists[list]
  if (items === undefined) record.lists[list] = [item]
  else if (items.length < MAX_ITEMS) items.push(item)
}

export const recordValue = ({ kind, lists }: HostsRecord): Uint8Array => {
  let size = kind === KIND_NAME ? ADDRESSES_OFFSET : 0
  for (const items of lists) for (const item of items ?? []) size += item.length
  const value = new Uint8Array(size)
  if (kind === KIND_NAME) for (let list = 0; list < LISTS; list++) setU16(value, 2 * list, lists[list]?.length ?? 0)
  let at = kind === KIND_NAME ? ADDRESSES_OFFSET : 0
  for (const items of lists) {
    for (const item of items ?? []) {
      value.set(item, at)
      at += item.length
    }
  }
  return value
}
