// Copies records out of a message: names without pointers, all bytes owned by the copy.

import { HEADER_SIZE } from '../../wire/header.ts'
import type { MessageLayout } from '../../wire/layout.ts'
import {
  copyWalkedName,
  expandName,
  MAX_LABEL_SIZE,
  MAX_NAME_SIZE,
  NameCursor,
} from '../../wire/name.ts'
import { type RdataVisitor, walkRdata } from '../../wire/rdata-shape.ts'
import type { RecordData } from './answer.ts'

const cursor = new NameCursor()
const scratch = new Uint8Array(MAX_NAME_SIZE)

/** Collects the pieces of rdata, with pointers resolved. */
class Pieces implements RdataVisitor {
  readonly list: Uint8Array[] = []

  rdataBytes(bytes: Uint8Array, from: number, to: number): boolean {
    this.list.push(bytes.slice(from, to))
    return true
  }

  rdataName(bytes: Uint8Array, offset: number, { length }: NameCursor): boolean {
    const name = new Uint8Array(length)
    copyWalkedName(bytes, offset, name, 0)
    this.list.push(name)
    return true
  }

  /** All of them in one. */
  get joined(): Uint8Array {
    return this.list.length === 1 ? this.list[0]! : Buffer.concat(this.list)
  }
}

/** Owners without pointers, by their offset in a message. */
export type Owners = Map<number, Uint8Array>

/**
 * A copy of record `index` (from 0 over all sections); undefined if it is malformed. Owners at the
 * same offset share one array, if the same `owners` is passed for all records of a message.
 * `layout` was read from `bytes`.
 */
export const recordAt = (
  bytes: Uint8Array,
  layout: MessageLayout,
  index: number,
  owners: Owners,
): RecordData | undefined => {
  const owner = ownerAt(bytes, layout.ownerOffset(index), owners)
  const rdata = owner && rdataOf(bytes, layout, index)
  if (owner === undefined || rdata === undefined) return undefined
  return {
    owner,
    type: layout.type(index),
    class: layout.class(index),
    ttlSeconds: layout.ttl(index),
    rdata,
  }
}

/** Copies of the first `count` records; malformed ones are left out. */
export const copyRecords = (
  bytes: Uint8Array,
  layout: MessageLayout,
  count: number,
): RecordData[] => {
  const owners: Owners = new Map()
  return Array.from({ length: count }, (_, index) => recordAt(bytes, layout, index, owners)).filter(
    record => record !== undefined,
  )
}

const ownerAt = (bytes: Uint8Array, offset: number, owners: Owners): Uint8Array | undefined => {
  const isPointer = bytes[offset]! > MAX_LABEL_SIZE
  const place = isPointer ? ((bytes[offset]! & 0x3f) << 8) | bytes[offset + 1]! : offset
  const before = owners.get(place)
  if (before !== undefined) return before
  const size = expandName(bytes, offset, scratch)
  if (size < 0) return undefined
  const owner = scratch.slice(0, size)
  owners.set(place, owner)
  return owner
}

const rdataOf = (
  bytes: Uint8Array,
  layout: MessageLayout,
  index: number,
): Uint8Array | undefined => {
  const pieces = new Pieces()
  const start = layout.rdataOffset(index)
  const isWhole = walkRdata(
    bytes,
    start,
    start + layout.rdataLength(index),
    HEADER_SIZE,
    layout.type(index),
    cursor,
    pieces,
  )
  return isWhole ? pieces.joined : undefined
}
