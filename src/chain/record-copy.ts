// Records of one message as records for another: names written out, everything owned.

import { HEADER_SIZE } from '../wire/header.ts'
import type { MessageLayout } from '../wire/layout.ts'
import {
  copyWalkedName,
  expandName,
  MAX_LABEL_SIZE,
  MAX_NAME_SIZE,
  NameCursor,
} from '../wire/name.ts'
import { type RdataVisitor, walkRdata } from '../wire/rdata-shape.ts'
import type { RecordData } from './answer.ts'

const cursor = new NameCursor()
const scratch = new Uint8Array(MAX_NAME_SIZE)

/** Collects the pieces of rdata, pointers followed. */
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

/** Owners by where they stand in a message, as recordAt has written them out. */
export type Owners = Map<number, Uint8Array>

/**
 * Record `index`; undefined if it is malformed. Owners that stand at one place are one array, as
 * long as `owners` is that of the same message. `layout` was read from `bytes`.
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

/** The first `count` records; what is malformed is left out. */
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
