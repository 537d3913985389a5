// The OPT record of a whole message, which is hop by hop (RFC 6891 section 6.1.1): taken out, or
// put at its end. What it says is edns.ts's.

import {
  FLAG_TC,
  getArcount,
  getFlags,
  getId,
  getQdcount,
  setArcount,
  setU16,
  setU32,
} from './header.ts'
import { type MessageLayout, readLayout } from './layout.ts'
import { readQuestion } from './question.ts'
import { TYPE_OPT } from './rrtypes.ts'
import { MessageWriter, type OptParts } from './writer.ts'

export interface StrippedMessage {
  /** Owned by the caller. */
  readonly bytes: Uint8Array
  /** Undefined: not read yet. */
  readonly layout: MessageLayout | undefined
}

/**
 * A copy of the message without any OPT record. TC is set in it if another record was lost, which
 * takes a message near 64 KiB with an OPT in an unusual place. `bytes` is borrowed.
 */
export const stripOpt = (bytes: Uint8Array, layout: MessageLayout): StrippedMessage => {
  const { optIndex, optCount, count, end } = layout
  if (optIndex < 0) {
    const whole = copyOf(bytes, end)
    return { bytes: whole, layout: layout.of(whole) }
  }
  if (optCount > 1 || optIndex < count - 1 || layout.sectionOf(optIndex) !== 2)
    return rewriteWithoutOpt(bytes, layout)
  const copy = copyOf(bytes, layout.ownerOffset(optIndex))
  setArcount(copy, 0, getArcount(copy, 0) - 1)
  return { bytes: copy, layout: undefined }
}

/** Names behind the OPT record may be pointed to, so nothing can simply move up. */
const rewriteWithoutOpt = (bytes: Uint8Array, layout: MessageLayout): StrippedMessage => {
  const writer = new MessageWriter()
  writer.compress = true
  writer.header(getId(bytes, 0), getFlags(bytes, 0))
  const question = getQdcount(bytes, 0) === 1 ? readQuestion(bytes) : undefined
  if (question !== undefined) writer.question(question.wire, question.type, question.class)
  for (let i = 0; i < layout.count; i++) {
    if (layout.type(i) === TYPE_OPT || writer.copyRecord(layout.sectionOf(i), bytes, layout, i))
      continue
    // What does not fit ends it, as it does for a client: what stands behind would only be tried in
    // vain, record by record.
    writer.header(getId(bytes, 0), getFlags(bytes, 0) | FLAG_TC)
    break
  }
  const copy = writer.finish()
  return { bytes: copy, layout: readLayout(copy) }
}

const NO_OPTIONS = new Uint8Array(0)

/**
 * Writes an OPT record at offset `at`, where optSize(its options) bytes are free; ARCOUNT is the
 * caller's.
 */
export const writeOpt = (bytes: Uint8Array, at: number, opt: OptParts): void => {
  const options = opt.options ?? NO_OPTIONS
  bytes[at] = 0
  setU16(bytes, at + 1, TYPE_OPT)
  setU16(bytes, at + 3, opt.udpSize)
  setU32(bytes, at + 5, (((opt.extendedRcode ?? 0) << 24) | (opt.flags ?? 0)) >>> 0)
  setU16(bytes, at + 9, options.length)
  bytes.set(options, at + 11)
}

/**
 * The first `length` bytes in memory of their own, also of a Buffer, whose `slice` copies nothing.
 */
const copyOf = (bytes: Uint8Array, length: number): Uint8Array => {
  const copy = new Uint8Array(length)
  copy.set(length === bytes.length ? bytes : bytes.subarray(0, length))
  return copy
}
