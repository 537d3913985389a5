// `cname` rules: the first alias in a reply whose target matches gets another target. The answer
// for that target replaces the records that followed the alias.

import type { RecordData } from '../../chain/answer/answer.ts'
import { optOf } from '../../chain/answer/edit.ts'
import { copyRecords } from '../../chain/answer/record-copy.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import { Reply } from '../../chain/reply/reply.ts'
import { FLAG_TC, getFlags, getId } from '../../wire/header.ts'
import { nameFromText, nameToText } from '../../wire/name.ts'
import { optSize } from '../../wire/opt-record.ts'
import { CLASS_IN, TYPE_CNAME, TYPE_OPT } from '../../wire/rrtypes.ts'
import { MessageWriter } from '../../wire/writer.ts'
import { failure } from './draft.ts'
import type { Rename } from './renames.ts'

/** The client's query, the query to the rest of the chain, and how another name is looked up. */
export interface Retargeting {
  readonly query: Query
  readonly asked: Query
  readonly resolve: ServeScope['resolve']
}

export const retarget = (
  reply: Reply,
  rename: Rename,
  { query, asked, resolve }: Retargeting,
): Reply | Promise<Reply> => {
  const { bytes } = reply
  if (bytes.length === 0) return reply
  const records = copyRecords(bytes, reply.layout, reply.layout.answerCount)
  for (const [index, record] of records.entries()) {
    if (record.type !== TYPE_CNAME) continue
    const to = rename(nameToText(record.rdata).toLowerCase())
    if (to === undefined) continue
    const rdata = nameFromText(to)
    if (rdata === undefined) throw failure(`invalid target of an alias after rewrite: ${to}`)
    const before = records.slice(0, index).filter(({ type }) => type === TYPE_CNAME)
    return after(resolve(asked, to, asked.qtype), found =>
      withFound(query, reply, [...before, { ...record, rdata }], found),
    )
  }
  return reply
}

/** The reply with the aliases, followed by the answer that was found. TC is that of this answer. */
const withFound = (
  query: Query,
  reply: Reply,
  aliases: readonly RecordData[],
  found: Reply,
): Reply => {
  if (found.bytes.length === 0) return reply
  const answers = copyRecords(found.bytes, found.layout, found.layout.answerCount)
  const flags = (getFlags(reply.bytes, 0) & ~FLAG_TC) | (getFlags(found.bytes, 0) & FLAG_TC)
  const written = write(query, reply, [...aliases, ...answers], flags, false)
  const { bytes } = written.isWhole
    ? written
    : write(query, reply, [...aliases, ...answers], flags, true)
  return new Reply(bytes)
}

const write = (
  query: Query,
  reply: Reply,
  answers: readonly RecordData[],
  flags: number,
  compress: boolean,
): { readonly bytes: Uint8Array; readonly isWhole: boolean } => {
  const { bytes, layout } = reply
  const { wire, type, class: cls } = query.question
  const writer = new MessageWriter()
  writer.compress = compress
  writer.header(getId(bytes, 0), flags)
  writer.question(wire, type, cls)
  const opt = layout.optIndex < 0 ? undefined : optOf(reply)
  if (opt !== undefined) writer.reserve(optSize(opt.options.length))
  let isWhole = answers.every(({ owner, type, class: own = CLASS_IN, ttlSeconds, rdata }) =>
    writer.record(0, owner, type, own, ttlSeconds, rdata),
  )
  for (let index = layout.answerCount; index < layout.count && isWhole; index++)
    if (layout.type(index) !== TYPE_OPT)
      isWhole = writer.copyRecord(layout.sectionOf(index), bytes, layout, index)
  if (!isWhole) writer.header(getId(bytes, 0), flags | FLAG_TC)
  if (opt !== undefined) writer.opt(opt)
  return { bytes: writer.finish(), isWhole }
}
