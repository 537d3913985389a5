// Replies as authors make them: records as objects or text, rcodes by name. The plugins of the
// program use chain/answer/answer.ts and chain/answer/edit.ts, which take what is in wire form
// only.

import { given } from '../base/text/given.ts'
import type { AnswerParts, RecordData } from '../chain/answer/answer.ts'
import * as wire from '../chain/answer/answer.ts'
import { edit as editWire, type Change as WireChange } from '../chain/answer/edit.ts'
import { Query } from '../chain/query/query.ts'
import { Reply } from '../chain/reply/reply.ts'
import { HEADER_SIZE } from '../wire/header.ts'
import { MAX_MESSAGE_SIZE } from '../wire/layout.ts'
import { type RcodeName, rcodeFromText } from '../wire/rcodes.ts'
import { asTypeError, checkFields, Misfit } from './misfit.ts'
import { type RecordInput, recordData } from './record-data.ts'

/** The whole rcode: its number, 0 to 4095, or its name. */
export type Rcode = number | RcodeName

/** What a reply is to hold. Flags that are absent are not set. */
export interface Answer
  extends Omit<AnswerParts, 'rcode' | 'answers' | 'authorities' | 'additionals'> {
  /**
   * NOERROR if absent. Above 15 it needs an OPT: one is added if the query had one, else SERVFAIL
   * is answered.
   */
  readonly rcode?: Rcode
  readonly answers?: readonly RecordInput[]
  readonly authorities?: readonly RecordInput[]
  readonly additionals?: readonly RecordInput[]
}

/** As the `edit` of wire form, with rcodes by name. */
export interface Change extends Omit<WireChange, 'rcode'> {
  readonly rcode?: Rcode | undefined
}

const FLAGS = ['aa', 'tc', 'ra'] as const
const SECTIONS = ['answers', 'authorities', 'additionals'] as const
const ANSWER_FIELDS: ReadonlySet<string> = new Set(['rcode', ...FLAGS, ...SECTIONS, 'opt'])
const CHANGE_FIELDS: ReadonlySet<string> = new Set([
  'keep',
  'order',
  'opt',
  'ttl',
  'flags',
  'rcode',
])
const MOST_RCODE = 0xfff
/** The root's name, type, class, TTL and the length of no data. */
const LEAST_RECORD_BYTES = 11
/**
 * Records of a section that are read: one more than any message holds, so that TC is set. A list of
 * a million would take a shard so long that it counts as hung.
 */
const MOST_RECORDS = Math.floor((MAX_MESSAGE_SIZE - HEADER_SIZE) / LEAST_RECORD_BYTES) + 1

/**
 * A reply to `query`: its question, id, RD and CD, and these parts. The server adds OPT,
 * compresses, and cuts what does not fit. Throws a TypeError that names the record and the field.
 */
export const answer = (query: Query, parts: Answer = {}): Reply =>
  asTypeError('answer', () => {
    checkQuery(query)
    checkFields(parts, '', ANSWER_FIELDS)
    for (const flag of FLAGS) checkFlag(flag, parts[flag])
    const { rcode, answers, authorities, additionals, ...others } = parts
    return wire.answer(query, {
      ...others,
      rcode: rcodeOf(rcode === undefined ? 0 : rcode),
      answers: recordsOf('answers', answers),
      authorities: recordsOf('authorities', authorities),
      additionals: recordsOf('additionals', additionals),
    })
  })

/** The parts without the records that no message has room for: what is not sent costs nothing. */
export const withinMessage = (parts: Answer): Answer => {
  let within = parts
  for (const section of SECTIONS) {
    const inputs: unknown = within[section]
    if (Array.isArray(inputs) && inputs.length > MOST_RECORDS)
      within = { ...within, [section]: inputs.slice(0, MOST_RECORDS) }
  }
  return within
}

/** A reply without records. */
export const errorReply = (query: Query, rcode: Rcode): Reply =>
  asTypeError('errorReply', () => {
    checkQuery(query)
    return wire.errorReply(query, rcodeOf(rcode))
  })

/**
 * The reply with the change made; the very one if it changes nothing. Replies are values: the one
 * that is given stays as it is.
 */
export const edit = (reply: Reply, change: Change): Reply =>
  asTypeError('edit', () => {
    if (!(reply instanceof Reply)) throw new Misfit('', `${given(reply)} is no reply`)
    checkFields(change, '', CHANGE_FIELDS)
    const { rcode, ...others } = change
    return editWire(reply, rcode === undefined ? others : { ...others, rcode: rcodeOf(rcode) })
  })

/**
 * A record in wire form, for answers that are given again and again: read once, in `serve`. Throws
 * a TypeError that names the field.
 */
export const record = (input: RecordInput): RecordData =>
  asTypeError('record', () => recordData(input))

const checkQuery = (query: unknown): void => {
  if (!(query instanceof Query)) throw new Misfit('', `${given(query)} is no query`)
}

const checkFlag = (name: string, is: unknown): void => {
  if (is !== undefined && typeof is !== 'boolean')
    throw new Misfit(`.${name}`, `${given(is)} is neither true nor false`)
}

const rcodeOf = (rcode: unknown): number => {
  const number = typeof rcode === 'string' ? rcodeFromText(rcode) : rcode
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > MOST_RCODE)
    throw new Misfit('.rcode', `${given(rcode)} is no rcode: a name, or 0 to ${MOST_RCODE}`)
  return number
}

const recordsOf = (section: string, inputs: unknown): RecordData[] => {
  if (inputs === undefined) return []
  if (!Array.isArray(inputs)) throw new Misfit(`.${section}`, `${given(inputs)} is no list`)
  return Array.from(inputs.slice(0, MOST_RECORDS), (input: RecordInput, index) => {
    try {
      return recordData(input)
    } catch (error) {
      throw error instanceof Misfit ? error.within(`.${section}[${index}]`) : error
    }
  })
}
