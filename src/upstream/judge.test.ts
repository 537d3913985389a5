// Messages under the id of the question `www.example.org. A`: which of them are its reply, and what
// is handed on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, type ReplyOptions, replyBytes, show } from '../../test/support/messages.ts'
import { MessageWriter } from '../wire/writer.ts'
import { isReply, readReply } from './judge.ts'

const asked = query('www.example.org.')
const A = 'www.example.org. 60 IN A 192.0.2.1'
const made = (options: ReplyOptions = {}): Uint8Array => replyBytes(asked, options)
const changed = (
  bytes: Uint8Array,
  ...changes: readonly (readonly [offset: number, value: number])[]
): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  for (const [offset, value] of changes) copy[offset] = value
  return copy
}
const header = (flags: number, ...counts: number[]): Uint8Array => {
  const bytes = new Uint8Array(12)
  bytes.set([0x12, 0x34, flags >> 8, flags & 255])
  for (const [index, count] of counts.entries()) bytes[5 + 2 * index] = count
  return bytes
}
const QDCOUNT = 5
const ANCOUNT = 7

/** OPT in the middle of a section, as the writer would not do it. */
const withOptIn = (section: 0 | 1, twice = false): Uint8Array => {
  const source = made({ answer: [A], opt: { options: [] } })
  const writer = new MessageWriter()
  writer.header(asked.id, 0x8180)
  writer.question(asked.question.wire, 1, 1)
  writer.record(0, asked.question.wire, 1, 1, 60, Uint8Array.of(192, 0, 2, 1))
  writer.record(section, Uint8Array.of(0), 41, 1232, 0x0100_0000, new Uint8Array(0))
  if (twice) writer.opt({ udpSize: 1232 })
  assert.ok(source.length > 0)
  return writer.finish()
}

const withOptOf = (options: readonly number[]): Uint8Array => {
  const writer = new MessageWriter()
  writer.header(asked.id, 0x8180)
  writer.question(asked.question.wire, 1, 1)
  writer.record(0, asked.question.wire, 1, 1, 60, Uint8Array.of(192, 0, 2, 1))
  writer.opt({ udpSize: 1232, options: Uint8Array.from(options) })
  return writer.finish()
}

/**
 * `shown`: rcode, flags and records of what is handed on; 'malformed', or 'mismatch' if it is not
 * the reply at all.
 */
const cases: { name: string; message: Uint8Array; shown: string; stream?: string }[] = [
  { name: 'a whole reply', message: made({ answer: [A] }), shown: `NOERROR qr rd ${A}` },
  {
    name: 'a whole reply with bytes behind it',
    message: Uint8Array.of(...made({ answer: [A] }), 1, 2, 3),
    shown: `NOERROR qr rd ${A}`,
  },
  { name: 'an empty reply', message: made(), shown: 'NOERROR qr rd' },
  { name: 'an error', message: made({ rcode: 'REFUSED' }), shown: 'REFUSED qr rd' },
  {
    name: 'an extended rcode',
    message: made({ rcode: 'BADCOOKIE', opt: {} }),
    shown: 'BADCOOKIE qr rd',
  },
  { name: 'an error without a question', message: header(0x8105), shown: 'REFUSED qr rd' },
  {
    name: 'an error without a question, with OPT',
    message: Uint8Array.of(...header(0x8100 | 5, 0, 0, 0, 1), 0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0),
    shown: 'BADALG qr rd',
  },
  {
    name: 'BADVERS without a question, whose low bits are zero',
    message: Uint8Array.of(...header(0x8100, 0, 0, 0, 1), 0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0),
    shown: 'BADSIG qr rd',
  },
  {
    name: 'an error without a question whose OPT is cut',
    message: Uint8Array.of(...header(0x8101, 0, 0, 0, 1), 0, 0, 41),
    shown: 'FORMERR qr rd',
  },
  {
    name: 'a bare header with the counts of the query',
    message: header(0x8101, 1, 0, 0, 1),
    shown: 'FORMERR qr rd',
  },
  {
    name: 'a bare header with TC',
    message: header(0x8300, 1),
    shown: 'NOERROR qr tc rd',
    stream: 'malformed',
  },
  { name: 'a bare header that says nothing', message: header(0x8100, 1), shown: 'malformed' },
  { name: 'no error and no question', message: header(0x8100, 0, 0, 0, 1), shown: 'malformed' },
  {
    name: 'no error, no question, but a record',
    message: changed(made({ answer: [A] }), [QDCOUNT, 0]),
    shown: 'mismatch',
  },
  {
    name: 'an error without a question, but with a record',
    message: changed(made({ rcode: 5, answer: [A] }), [QDCOUNT, 0]),
    shown: 'mismatch',
  },
  { name: 'two questions', message: changed(made(), [QDCOUNT, 2]), shown: 'mismatch' },
  { name: 'a query', message: changed(made(), [2, 0x01]), shown: 'mismatch' },
  { name: 'another opcode', message: changed(made(), [2, 0xa1]), shown: 'mismatch' },
  { name: 'another name', message: changed(made(), [13, 0x78]), shown: 'mismatch' },
  {
    name: 'the name in another case',
    message: changed(made(), [13, 0x57]),
    shown: 'NOERROR qr rd',
  },
  { name: 'another type', message: changed(made(), [30, 2]), shown: 'mismatch' },
  { name: 'a record cut off', message: made({ answer: [A] }).subarray(0, -3), shown: 'malformed' },
  {
    name: 'counts beyond the end',
    message: changed(made({ answer: [A] }), [ANCOUNT, 9]),
    shown: 'malformed',
  },
  {
    name: 'TC, and a record cut off',
    message: made({ tc: true, answer: [A, A] }).subarray(0, -3),
    shown: 'NOERROR qr tc rd',
    stream: 'malformed',
  },
  {
    name: 'TC, and whole',
    message: made({ tc: true, answer: [A] }),
    shown: `NOERROR qr tc rd ${A}`,
  },
  {
    name: 'an OPT whose options are cut',
    message: withOptOf([0, 15, 1]),
    shown: `NOERROR qr rd ra ${A}`,
  },
  { name: 'OPT in the answer', message: withOptIn(0), shown: `NOERROR qr rd ra ${A}` },
  { name: 'OPT in authority', message: withOptIn(1), shown: `NOERROR qr rd ra ${A}` },
  { name: 'two OPT', message: withOptIn(0, true), shown: `NOERROR qr rd ra ${A}` },
]

for (const { name, message, shown, stream = shown } of cases) {
  for (const [isStream, expected] of [
    [false, shown],
    [true, stream],
  ] as const) {
    test(`an upstream's message over ${isStream ? 'a stream' : 'UDP'}: ${name}`, () => {
      assert.equal(verdictOn(message, isStream), expected)
    })
  }
}

const verdictOn = (message: Uint8Array, isStream: boolean): string => {
  if (!isReply(message, asked.flags, asked.question)) return 'mismatch'
  const reply = readReply(message, asked.question, isStream)
  if (reply === undefined) return 'malformed'
  const { rcode, flags, answer, authority, additional, question } = show(reply)
  assert.equal(question.toLowerCase(), 'www.example.org. in a')
  return [rcode, flags, ...answer, ...authority, ...additional].join(' ')
}
