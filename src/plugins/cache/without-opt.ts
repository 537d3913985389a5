// Hop-by-hop OPT must not outlive the hop (RFC 6891 section 6.1.1): a private copy of a reply without it.

import type { Reply } from '../../core/reply.ts'
import { FLAG_TC, getArcount, getFlags, getId, getQdcount, setArcount } from '../../wire/header.ts'
import { type MessageLayout, readLayout } from '../../wire/layout.ts'
import { readQuestion } from '../../wire/question.ts'
import { TYPE_OPT } from '../../wire/rrtypes.ts'
import { MessageWriter } from '../../wire/writer.ts'
import { ttlOffsetsOf } from './ttl.ts'

/** A message that its holder may still change. */
export interface OwnMessage {
  readonly bytes: Uint8Array
  readonly ttlOffsets: readonly number[]
  /** Undefined: not known yet. */
  readonly layout: MessageLayout | undefined
}

/** TC is set in the copy if a record was lost, which takes a reply near 64 KiB with an OPT record in an unusual place. */
export const copyWithoutOpt = ({ bytes, layout }: Reply): OwnMessage => {
  if (layout.optIndex >= 0 && layout.optIndex < layout.count - 1) return rewriteWithoutOpt(bytes, layout)
  const ttlOffsets = ttlOffsetsOf(layout)
  if (layout.optIndex < 0) {
    const whole = bytes.slice(0, layout.end)
    return { bytes: whole, ttlOffsets, layout: layout.of(whole) }
  }
  const copy = bytes.slice(0, layout.ownerOffset(layout.optIndex))
  setArcount(copy, 0, getArcount(copy, 0) - 1)
  return { bytes: copy, ttlOffsets, layout: undefined }
}

/** Names behind the OPT record may be pointed to, so nothing can simply move up. */
const rewriteWithoutOpt = (bytes: Uint8Array, layout: Reply['layout']): OwnMessage => {
  const writer = new MessageWriter()
  writer.compress = true
  writer.header(getId(bytes, 0), getFlags(bytes, 0))
  const question = getQdcount(bytes, 0) === 1 ? readQuestion(bytes) : undefined
  if (question !== undefined) writer.question(question.wire, question.type, question.class)
  for (let i = 0; i < layout.count; i++) {
    if (layout.type(i) === TYPE_OPT || writer.copyRecord(layout.sectionOf(i), bytes, layout, i)) continue
    writer.header(getId(bytes, 0), getFlags(bytes, 0) | FLAG_TC)
  }
  const copy = writer.finish()
  const copied = readLayout(copy)
  return { bytes: copy, ttlOffsets: copied === undefined ? [] : ttlOffsetsOf(copied), layout: copied }
}
