// The recorded and the received reply side by side: what differs, by part. Both are decoded and
// printed by the same code, so compression and spelling make no difference.

import { Reply } from '../../src/chain/reply/reply.ts'
import { readLayout } from '../../src/wire/layout.ts'
import { MessageWriter } from '../../src/wire/writer.ts'
import { type Shown, show } from '../support/messages.ts'
import { recordFromText } from '../support/zone-text.ts'
import { type Asked, idOf, OPCODES } from './ask.ts'
import type { Carried } from './ask-http.ts'
import type { QueryLine, Recorded } from './scenario.ts'

export type Part =
  | 'reply'
  | 'id'
  | 'rcode'
  | 'opcode'
  | 'flags'
  | 'question'
  | 'answer'
  | 'authority'
  | 'additional'
  | 'opt'
  | CarriedPart

type CarriedPart = keyof Carried

export interface Difference {
  readonly part: Part
  readonly recorded: string
  readonly received: string
}

type Section = 'answer' | 'authority' | 'additional'
type Comparable = Readonly<Record<Exclude<Part, 'reply' | 'id' | Section | CarriedPart>, string>> &
  Readonly<Record<Section, readonly string[]>>

const SECTIONS: readonly Section[] = ['answer', 'authority', 'additional']
const NAMELESS_RDATA = '*'

/**
 * `messages` is what came: none for silence, several for a transfer, whose answers are joined. TTLs
 * that may age may be younger by as many seconds as the question was asked sooner than in the
 * recording.
 */
export const differences = (
  line: QueryLine,
  recorded: Recorded,
  { messages, carried }: Pick<Asked, 'messages' | 'carried'>,
  soonerSeconds: number,
): Difference[] => {
  const [first, ...rest] = messages
  const around = aroundIt(recorded, carried, soonerSeconds)
  // What was recorded is no DNS message.
  if (recorded.body !== undefined) return around
  if (recorded.reply === 'none')
    return first === undefined
      ? []
      : [{ part: 'reply', recorded: 'none', received: summary(first) }]
  if (first === undefined) return [{ part: 'reply', recorded: recorded.rcode, received: 'none' }]
  if (!messages.every(message => readLayout(message)))
    return [{ part: 'reply', recorded: recorded.rcode, received: `malformed: ${first.toHex()}` }]
  const shown = show(first)
  const answer = [...shown.answer, ...rest.flatMap(message => show(message).answer)]
  const masks = masksOf(line)
  const received = comparable({ ...shown, answer }, masks)
  const id = idOf(line)
  const ids: Difference[] =
    shown.id === id ? [] : [{ part: 'id', recorded: String(id), received: String(shown.id) }]
  return [
    ...around,
    ...ids,
    ...compare(expected(recorded, masks), received, new Set(recorded.marks), soonerSeconds),
  ]
}

const CARRIED: readonly CarriedPart[] = ['status', 'content-type', 'cache-control', 'body', 'grpc']

/** What differs around the message. An age may have been passed on for a while, as a TTL has. */
const aroundIt = (
  recorded: Recorded,
  carried: Carried = {},
  soonerSeconds: number,
): Difference[] => {
  const isYounger = (part: CarriedPart): boolean => {
    const [left, right] = [recorded[part], carried[part]].map(text =>
      Number(/^max-age=(\d+)$/.exec(String(text))?.[1]),
    )
    return recorded.marks?.includes('ttl') === true && right! <= left! + soonerSeconds
  }
  return CARRIED.filter(part => recorded[part] !== carried[part] && !isYounger(part)).map(part => ({
    part,
    recorded: String(recorded[part]),
    received: String(carried[part]),
  }))
}

const summary = (message: Uint8Array): string => {
  if (readLayout(message) === undefined) return `malformed: ${message.toHex()}`
  const { rcode, answer } = show(message)
  return [rcode, ...answer].join('; ')
}

/** Replaces what varies in a record's text. */
type Masks = (record: string) => string

const masksOf = ({ options }: QueryLine): Masks => {
  const types = options.get('~data')?.split(',') ?? []
  return record => {
    const words = record.split(' ')
    const type = words[3] ?? ''
    if (types.includes(type)) return [...words.slice(0, 4), NAMELESS_RDATA].join(' ')
    if (type === 'SOA' && options.has('~serial')) words[6] = '*'
    if (type === 'RRSIG' && options.has('~rrsig'))
      for (const field of [8, 9, 12]) words[field] = '*'
    return words.join(' ')
  }
}

const comparable = (shown: Shown, masks: Masks): Comparable => {
  const { rcode, opcode, flags, question, edns } = shown
  return {
    rcode,
    opcode: String(opcode),
    flags,
    question,
    answer: shown.answer.map(masks),
    authority: shown.authority.map(masks),
    additional: shown.additional.map(masks),
    opt:
      edns === undefined
        ? 'none'
        : optText(
            edns.version,
            edns.udpSize,
            edns.do,
            edns.options.map(({ code, data }) => `${code}:${data}`),
          ),
  }
}

const optText = (
  version: number,
  size: number,
  isDo: boolean,
  options: readonly string[],
): string => [`version=${version}`, `size=${size}`, `do=${isDo}`, ...options].join(' ')

/** From the recorded bytes; where there are none, from the text, printed anew. */
const expected = (recorded: Recorded, masks: Masks): Comparable => {
  if (recorded.wire !== '') return comparable(show(Uint8Array.fromHex(recorded.wire)), masks)
  const { rcode, flags, opt } = recorded
  const printed = (records: readonly string[]): string[] =>
    records.map(record => masks(reprinted(record)))
  const [name, cls, type] = recorded.question[0]?.split(' ') ?? []
  return {
    rcode,
    opcode: String(OPCODES[recorded.opcode ?? 'QUERY']),
    flags,
    question: name === undefined ? '' : `${name} ${cls} ${type}`,
    answer: printed(recorded.answer),
    authority: printed(recorded.authority),
    additional: printed(recorded.additional),
    opt: opt === null ? 'none' : optText(opt.version, opt.size, opt.do, opt.options),
  }
}

const reprinted = (text: string): string => {
  if (text.endsWith(` ${NAMELESS_RDATA}`) && text.split(' ').length === 5) return text
  // A field that varies is masked afterwards: any value will do. No zone file has class ANY.
  const {
    owner,
    type,
    class: cls = 1,
    ttlSeconds,
    rdata,
  } = recordFromText(text.replaceAll(' *', ' 0000').replace(' ANY ', ' CLASS255 '))
  const writer = new MessageWriter()
  writer.header(0, 0x8000)
  writer.record(0, owner, type, cls, ttlSeconds, rdata)
  return show(new Reply(writer.finish())).answer[0] ?? ''
}

const compare = (
  recorded: Comparable,
  received: Comparable,
  marks: ReadonlySet<string>,
  soonerSeconds: number,
): Difference[] => {
  const found: Difference[] = []
  for (const part of ['rcode', 'opcode', 'flags', 'question', 'opt'] as const)
    if (recorded[part] !== received[part])
      found.push({ part, recorded: recorded[part], received: received[part] })
  for (const part of SECTIONS) {
    const [left, right] = [recorded[part], received[part]].map(records =>
      marks.has('order') ? records.toSorted() : records,
    )
    if (!areEqual(left!, right!, marks.has('ttl') ? soonerSeconds : undefined))
      found.push({
        part,
        recorded: left!.join('\n') || 'empty',
        received: right!.join('\n') || 'empty',
      })
  }
  return found
}

/** With `soonerSeconds`, TTLs may be lower than recorded, or higher by that. */
const areEqual = (
  recorded: readonly string[],
  received: readonly string[],
  soonerSeconds: number | undefined,
): boolean => {
  if (recorded.length !== received.length) return false
  if (soonerSeconds === undefined)
    return recorded.every((record, index) => record === received[index])
  const [left, right] = [recorded, received].map(records =>
    records.map(splitTtl).sort((a, b) => (a.rest < b.rest ? -1 : 1)),
  )
  return left!.every(
    ({ rest, ttl }, index) =>
      rest === right![index]!.rest && right![index]!.ttl <= ttl + soonerSeconds,
  )
}

const splitTtl = (record: string): { readonly rest: string; readonly ttl: number } => {
  const [owner, ttl, ...rest] = record.split(' ')
  return { rest: [owner, ...rest].join(' '), ttl: Number(ttl) }
}
