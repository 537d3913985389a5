// Turns the reply to another question into a reply to the client's: with the question of the
// client, and with names in records changed (CoreDNS: plugin/rewrite, `answer name` and `answer
// value`).

import { FLAG_TC, getFlags, getId } from '../../wire/header.ts'
import { optSize } from '../../wire/opt-record.ts'
import { CLASS_IN, TYPE_OPT } from '../../wire/rrtypes.ts'
import { MessageWriter } from '../../wire/writer.ts'
import type { Query } from '../query/query.ts'
import { Reply } from '../reply/reply.ts'
import type { RecordData } from './answer.ts'
import { optOf } from './edit.ts'
import { type Owners, recordAt } from './record-copy.ts'

/**
 * How names change. Names are in wire form without pointers, at most 255 bytes. Return the same
 * array to leave a name as it is.
 */
export interface Renaming {
  readonly owner?: ((owner: Uint8Array) => Uint8Array) | undefined
  /** Changes a whole rdata; names in it are without pointers. */
  readonly rdata?: ((type: number, rdata: Uint8Array) => Uint8Array) | undefined
  /** A record to add before the answers. */
  readonly front?: RecordData | undefined
}

/**
 * A reply to `query` with the records of `reply`. Names are written without pointers; they are
 * compressed if the message would exceed 65535 bytes. Records that do not fit then are left out,
 * with TC set. SILENCE stays SILENCE.
 */
export const renamed = (query: Query, reply: Reply, renaming: Renaming = {}): Reply => {
  if (reply.bytes.length === 0) return reply
  const plain = write(query, reply, renaming, false)
  const written = plain.isWhole ? plain : write(query, reply, renaming, true)
  return new Reply(written.bytes, undefined, reply.isWritten)
}

/** The message, and whether it has all records. */
const write = (
  query: Query,
  reply: Reply,
  renaming: Renaming,
  compress: boolean,
): { readonly bytes: Uint8Array; readonly isWhole: boolean } => {
  const { bytes } = reply
  const { wire, type, class: cls } = query.question
  const opt = reply.layout.optIndex < 0 ? undefined : optOf(reply)
  const writer = new MessageWriter()
  writer.compress = compress
  const id = getId(bytes, 0)
  writer.header(id, getFlags(bytes, 0))
  writer.question(wire, type, cls)
  if (opt !== undefined) writer.reserve(optSize(opt.options.length))
  const isWhole = writeRecords(writer, reply, renaming)
  if (!isWhole) writer.header(id, getFlags(bytes, 0) | FLAG_TC)
  if (opt !== undefined) writer.opt(opt)
  return { bytes: writer.finish(), isWhole }
}

/** False if any record does not fit. */
const writeRecords = (
  writer: MessageWriter,
  reply: Reply,
  { owner, rdata, front }: Renaming,
): boolean => {
  const { bytes, layout } = reply
  if (front !== undefined) {
    const { type, class: cls = CLASS_IN, ttlSeconds } = front
    if (!writer.record(0, front.owner, type, cls, ttlSeconds, front.rdata)) return false
  }
  const owners: Owners = new Map()
  for (let index = 0; index < layout.count; index++) {
    const record =
      layout.type(index) === TYPE_OPT ? undefined : recordAt(bytes, layout, index, owners)
    if (record === undefined) continue
    const { type, ttlSeconds } = record
    const name = owner?.(record.owner) ?? record.owner
    const data = rdata?.(type, record.rdata) ?? record.rdata
    if (!writer.record(layout.sectionOf(index), name, type, layout.class(index), ttlSeconds, data))
      return false
  }
  return true
}
