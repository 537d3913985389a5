// For the tests of hosts: a records memory of its own, and what a shard would read there, as text.

import assert from 'node:assert/strict'
import { ipToText, parseIp } from '../../src/base/ip.ts'
import type { HashSeed } from '../../src/memory/keyed-hash.ts'
import { HostsReader } from '../../src/plugins/hosts/hosts-file.ts'
import { HostsLookup } from '../../src/plugins/hosts/lookup.ts'
import type { HostsChange, HostsPublisher } from '../../src/plugins/hosts/publisher.ts'
import type { RecordsRef } from '../../src/records/layout.ts'
import type { RecordsMap } from '../../src/records/map.ts'
import { RecordsReader } from '../../src/records/reader.ts'
import { RecordsMemory } from '../../src/records/records-memory.ts'
import { nameFromText, nameToText } from '../../src/wire/name.ts'

const SEED: HashSeed = [1, 2]

export interface Room {
  newRecords(): RecordsMap
  /** Bytes that are in use. */
  used(): number
  /** Until then, readers may hold what has been replaced or removed. */
  letGo(): void
}

/** `bytes` is 1 MiB at least. */
export const room = (bytes = 4 << 20, isHeld = false): Room => {
  let isFree = !isHeld
  const memory = new RecordsMemory(bytes, { mark: () => [], hasPassed: () => isFree }, SEED)
  return {
    newRecords: () => memory.newMap(),
    used: () => memory.usedBytes,
    letGo: () => {
      isFree = true
    },
  }
}

export interface HostsText {
  readonly file: string
  readonly inline?: string
  readonly autoReverse?: boolean
  readonly zones?: readonly string[]
}

/**
 * Reads a file and inline lines into the next version of the records; undefined if there is no room
 * for any.
 */
export const draftOf = (
  publisher: HostsPublisher,
  { file, inline = '', autoReverse = true, zones = ['.'] }: HostsText,
) => {
  const draft = publisher.draft(autoReverse)
  if (draft === undefined) return undefined
  const reader = new HostsReader(zones, draft)
  for (const text of [file, inline]) {
    const bytes = Buffer.from(text)
    reader.read(bytes, bytes.length)
    reader.end()
    draft.beginCorefile()
  }
  return draft
}

/** Undefined if there is no room. */
export const publish = (publisher: HostsPublisher, text: HostsText): HostsChange | undefined => {
  const draft = draftOf(publisher, text)
  if (draft === undefined || draft.isFull) {
    draft?.records.discard()
    return undefined
  }
  for (const _ of publisher.seal(draft));
  return publisher.show(draft)
}

export const wire = (name: string): Uint8Array => nameFromText(name) ?? assert.fail(name)

/** What a shard reads. */
export interface Seen {
  has(name: string): boolean
  addresses(name: string, family: 4 | 6): string[]
  names(address: string): string[]
}

export const seenIn = (ref: RecordsRef): Seen => {
  const lookup = new HostsLookup(new RecordsReader(ref, SEED))
  const find = (name: string): boolean => lookup.findName(wire(name), wire(name).length)
  return {
    has: find,
    addresses: (name, family) => {
      find(name)
      const sum = lookup.addresses(family)
      const size = family === 4 ? 4 : 16
      const found: string[] = []
      for (const [source, count] of lookup.counts.entries()) {
        for (let k = 0, at = lookup.starts[source] ?? 0; k < count; k++, at += size)
          found.push(ipToText(lookup.reader.bytes.slice(at, at + size)))
      }
      assert.equal(found.length, sum)
      return found
    },
    names: address => {
      const { bytes } = parseIp(address) ?? assert.fail(address)
      const found = lookup.namesOf(bytes).map(name => nameToText(name))
      assert.equal(lookup.hasNames(bytes, bytes.length), found.length > 0)
      return found
    },
  }
}
