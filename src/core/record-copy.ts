// A record of one message as a record for another: names written out, everything owned.

import { HEADER_SIZE } from '../wire/header.ts'
import type { MessageLayout } from '../wire/layout.ts'
import { copyWalkedName, expandName, MAX_NAME_SIZE, NameCursor } from '../wire/name.ts'
import { type RdataVisitor, walkRdata } from '../wire/rdata-shape.ts'
import type { RecordData } from './answer.ts'

const cursor = new NameCursor()

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
}

/** Undefined if the record is malformed. `layout` was read from `bytes`. */
export const copyRecordData = (bytes: Uint8Array, layout: MessageLayout, index: number): RecordData | undefined => {
  const owner = new Uint8Array(MAX_NAME_SIZE)
  const size = expandName(bytes, layout.ownerOffset(index), owner)
  if (size < 0) return undefined
  const pieces = new Pieces()
  const start = layout.rdataOffset(index)
  const type = layout.type(index)
  if (!walkRdata(bytes, start, start + layout.rdataLength(index), HEADER_SIZE, type, cursor, pieces)) return undefined
  return {
    owner: owner.slice(0, size),
    type,
    class: layout.class(index),
    ttlSeconds: layout.ttl(index),
    rdata: Buffer.concat(pieces.list),
  }
}
