// Builds replies to queries, with the header that CoreDNS's SetReply gives them. OPT, compression
// for size and truncation are added when the reply is finished (chain/answer/finish.ts), unless a
// plugin brings its own OPT.

import { EDNS_DO } from '../../wire/edns.ts'
import {
  FLAG_AA,
  FLAG_CD,
  FLAG_QR,
  FLAG_RA,
  FLAG_RD,
  FLAG_TC,
  MASK_OPCODE,
  OPCODE_QUERY,
  opcodeOf,
} from '../../wire/header.ts'
import { type OptParts, optSize } from '../../wire/opt-record.ts'
import { RCODE_NOERROR, RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { CLASS_IN } from '../../wire/rrtypes.ts'
import { MessageWriter, type Section } from '../../wire/writer.ts'
import { checkObject, checkRcode, checkSeconds } from '../checked.ts'
import type { Query } from '../query/query.ts'
import { Reply } from '../reply/reply.ts'

export interface RecordData {
  /** Wire name without pointers. */
  readonly owner: Uint8Array
  readonly type: number
  /** IN if absent. */
  readonly class?: number
  readonly ttlSeconds: number
  /** Wire form; names in it without pointers. */
  readonly rdata: Uint8Array
}

export interface AnswerParts {
  /**
   * NOERROR if absent. Above 15 it needs an OPT: one is added if the query had one, else SERVFAIL
   * is answered.
   */
  readonly rcode?: number
  readonly aa?: boolean
  /** Set automatically where records are left out for size. */
  readonly tc?: boolean
  readonly ra?: boolean
  readonly answers?: readonly RecordData[]
  readonly authorities?: readonly RecordData[]
  readonly additionals?: readonly RecordData[]
  /** An OPT of the plugin's own, placed last. Its extendedRcode follows from rcode. */
  readonly opt?: OptParts
}

const flagsFor = (query: Query, parts: AnswerParts, rcode: number): number => {
  const asked = query.flags
  let flags = FLAG_QR | (asked & MASK_OPCODE) | (rcode & 15)
  if (opcodeOf(asked) === OPCODE_QUERY) flags |= asked & (FLAG_RD | FLAG_CD)
  if (parts.aa === true) flags |= FLAG_AA
  if (parts.tc === true) flags |= FLAG_TC
  if (parts.ra === true) flags |= FLAG_RA
  return flags
}

const optFor = (query: Query, parts: AnswerParts, rcode: number): OptParts | undefined => {
  const opt =
    parts.opt ??
    (rcode > 15
      ? query.edns && { udpSize: query.edns.udpSize, flags: query.do ? EDNS_DO : 0 }
      : undefined)
  return opt && { ...opt, extendedRcode: rcode >>> 4 }
}

const writeSection = (
  writer: MessageWriter,
  section: Section,
  records: readonly RecordData[] | undefined,
): boolean => {
  for (const record of records ?? []) {
    const { owner, type, ttlSeconds, rdata } = record
    checkSeconds(ttlSeconds)
    if (!(rdata instanceof Uint8Array)) throw new TypeError('the rdata of a record is no bytes')
    if (!writer.record(section, owner, type, record.class ?? CLASS_IN, ttlSeconds, rdata))
      return false
  }
  return true
}

/** The reply, and whether it has all records. */
const write = (
  query: Query,
  parts: AnswerParts,
  compress: boolean,
): { reply: Reply; isWhole: boolean } => {
  const asked = parts.rcode ?? RCODE_NOERROR
  const rcode =
    asked > 15 && parts.opt === undefined && query.edns === undefined ? RCODE_SERVFAIL : asked
  const opt = optFor(query, parts, rcode)
  const flags = flagsFor(query, parts, rcode)
  const writer = new MessageWriter()
  writer.compress = compress
  writer.header(query.id, flags)
  writer.question(query.question.wire, query.question.type, query.question.class)
  if (opt !== undefined) writer.reserve(optSize(opt.options?.length ?? 0))
  const isWhole =
    writeSection(writer, 0, parts.answers) &&
    writeSection(writer, 1, parts.authorities) &&
    writeSection(writer, 2, parts.additionals)
  if (!isWhole) writer.header(query.id, flags | FLAG_TC)
  if (opt !== undefined) writer.opt(opt)
  return { reply: new Reply(writer.finish()), isWhole }
}

/**
 * A reply to `query`: QR set, id, opcode and question copied, RD and CD copied for opcode QUERY,
 * all other flags as `parts` say. Names are written out; they are compressed if the message would
 * exceed 65535 bytes, and what then still exceeds it is left out with TC set.
 */
export const answer = (query: Query, parts: AnswerParts): Reply => {
  checkRcode(parts.rcode ?? RCODE_NOERROR)
  checkObject('opt', parts.opt)
  const plain = write(query, parts, false)
  return plain.isWhole ? plain.reply : write(query, parts, true).reply
}

/** A reply without records: header, question and rcode; AA is not set. */
export const errorReply = (query: Query, rcode: number): Reply => answer(query, { rcode })

/**
 * The same, but marked as returned to the server instead of written. CoreDNS's plugins may end a
 * query by returning an rcode, and the server then writes the reply. A cache does not store such a
 * reply, and no plugin counts as its writer.
 */
export const unwritten = (query: Query, rcode: number): Reply => {
  const { bytes, layout } = errorReply(query, rcode)
  return new Reply(bytes, layout, false)
}
