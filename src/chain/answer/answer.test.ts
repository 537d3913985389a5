import assert from 'node:assert/strict'
import test from 'node:test'
import { readEdns } from '../../wire/edns.ts'
import {
  FLAG_AA,
  FLAG_AD,
  FLAG_CD,
  FLAG_QR,
  FLAG_RA,
  FLAG_RD,
  FLAG_TC,
  getFlags,
  getId,
} from '../../wire/header.ts'
import { readLayout } from '../../wire/layout.ts'
import { nameFromText } from '../../wire/name.ts'
import type { OptParts } from '../../wire/opt-record.ts'
import { readQuestion } from '../../wire/question.ts'
import { rdataA } from '../../wire/rdata.ts'
import { MessageWriter } from '../../wire/writer.ts'
import { Query } from '../query/query.ts'
import type { Reply } from '../reply/reply.ts'
import { answer, errorReply, type RecordData } from './answer.ts'

const name = (text: string): Uint8Array => nameFromText(text) ?? assert.fail(text)

const query = (options: { flags?: number; opt?: OptParts } = {}): Query => {
  const writer = new MessageWriter()
  writer.header(0xbeef, options.flags ?? 0)
  writer.question(name('eXample.ORG'), 1, 1)
  if (options.opt !== undefined) writer.opt(options.opt)
  const bytes = writer.finish()
  const question = readQuestion(bytes)
  const layout = readLayout(bytes)
  assert.ok(question && layout)
  const edns = readEdns(bytes, layout)
  assert.ok(edns !== 'malformed')
  const peer = { address: '192.0.2.9', port: 5353, family: 4 } as const
  const listener = { index: 0, label: 'dns://:53' }
  return new Query({
    bytes,
    question,
    edns,
    transport: 'udp',
    client: peer,
    local: peer,
    listener,
    receivedMs: 0,
  })
}

const record = (owner: string): RecordData => ({
  owner: name(owner),
  type: 1,
  ttlSeconds: 60,
  rdata: rdataA('192.0.2.1'),
})
const flagsOf = (reply: Reply): number => getFlags(reply.bytes, 0)
const NOTIFY = 4 << 11

const flagCases: readonly {
  name: string
  asked: number
  reply: (query: Query) => Reply
  flags: number
}[] = [
  { name: 'QR is set', asked: 0, reply: q => answer(q, {}), flags: FLAG_QR },
  {
    name: 'RD and CD are copied for QUERY',
    asked: FLAG_RD | FLAG_CD,
    reply: q => answer(q, {}),
    flags: FLAG_QR | FLAG_RD | FLAG_CD,
  },
  {
    name: 'RD and CD are not copied for NOTIFY',
    asked: NOTIFY | FLAG_RD | FLAG_CD,
    reply: q => answer(q, {}),
    flags: FLAG_QR | NOTIFY,
  },
  {
    name: 'AA, TC, RA, Z, AD and rcode are not copied',
    asked: 0x06ef & ~FLAG_CD,
    reply: q => answer(q, {}),
    flags: FLAG_QR,
  },
  {
    name: 'AA if asked for',
    asked: 0,
    reply: q => answer(q, { aa: true }),
    flags: FLAG_QR | FLAG_AA,
  },
  {
    name: 'RA if asked for',
    asked: 0,
    reply: q => answer(q, { ra: true, aa: false }),
    flags: FLAG_QR | FLAG_RA,
  },
  {
    name: 'TC if asked for',
    asked: 0,
    reply: q => answer(q, { tc: true }),
    flags: FLAG_QR | FLAG_TC,
  },
  { name: 'the rcode', asked: FLAG_AD, reply: q => answer(q, { rcode: 3 }), flags: FLAG_QR | 3 },
  {
    name: 'errorReply has the rcode, no AA',
    asked: FLAG_RD | FLAG_AA,
    reply: q => errorReply(q, 5),
    flags: FLAG_QR | FLAG_RD | 5,
  },
]
for (const c of flagCases) {
  test(`answer: ${c.name}`, () => {
    const reply = c.reply(query({ flags: c.asked }))
    assert.equal(flagsOf(reply).toString(16), c.flags.toString(16))
  })
}

test('answer: id and question are the query’s, letter case included; an error has nothing else', () => {
  const asked = query({ opt: { udpSize: 1232 } })
  const reply = errorReply(asked, 2)
  assert.equal(getId(reply.bytes, 0), 0xbeef)
  assert.deepEqual(reply.bytes.slice(12), asked.bytes.slice(12, asked.question.end))
  assert.equal(reply.rcode, 2)
  assert.equal(reply.layout.count, 0)
})

test('answer: records go to their sections in order, names written out, class IN unless given', () => {
  const chaos = { ...record('c.example.org'), class: 3 }
  const reply = answer(query(), {
    answers: [record('a.example.org'), record('b.example.org')],
    authorities: [chaos],
    additionals: [record('d.example.org')],
  })
  const { layout } = reply
  assert.deepEqual([layout.answerCount, layout.authorityCount, layout.additionalCount], [2, 1, 1])
  assert.deepEqual(
    [0, 1, 2, 3].map(i => layout.class(i)),
    [1, 1, 3, 1],
  )
  assert.equal(reply.bytes.length, layout.uncompressedLength)
})

const opts: readonly {
  name: string
  opt?: OptParts
  rcode: number
  own?: OptParts
  expected: number[] | undefined
  whole: number
}[] = [
  {
    name: 'no OPT unless a plugin brings one',
    opt: { udpSize: 1232, flags: 0x8000 },
    rcode: 0,
    expected: undefined,
    whole: 0,
  },
  {
    name: 'an OPT of the plugin',
    rcode: 0,
    own: { udpSize: 512, flags: 1 },
    expected: [512, 0, 1],
    whole: 0,
  },
  {
    name: 'an rcode over 15 brings an OPT',
    opt: { udpSize: 1232, flags: 0x8000 },
    rcode: 23,
    expected: [1232, 1, 0x8000],
    whole: 23,
  },
  {
    name: 'an rcode over 15 in an OPT of the plugin',
    rcode: 16,
    own: { udpSize: 0, extendedRcode: 9 },
    expected: [0, 1, 0],
    whole: 16,
  },
  {
    name: 'an rcode over 15 that no OPT can carry is SERVFAIL',
    rcode: 23,
    expected: undefined,
    whole: 2,
  },
]
for (const c of opts) {
  test(`answer: ${c.name}`, () => {
    const parts = { rcode: c.rcode, additionals: [record('a.org')], ...(c.own && { opt: c.own }) }
    const reply = answer(query(c.opt && { opt: c.opt }), parts)
    const edns = readEdns(reply.bytes, reply.layout)
    assert.ok(edns !== 'malformed')
    assert.deepEqual(edns && [edns.udpSize, edns.extendedRcode, edns.flags], c.expected)
    assert.equal(reply.rcode, c.whole)
    if (edns !== undefined) assert.equal(reply.layout.optIndex, 1)
  })
}

const manyRecords = (count: number): RecordData[] =>
  Array.from({ length: count }, () => record('some.host.below.example.org'))

test('answer: is compressed when it would exceed 65535 bytes', () => {
  const reply = answer(query(), { answers: manyRecords(2000) })
  assert.equal(reply.layout.count, 2000)
  assert.ok(reply.layout.uncompressedLength > 65535 && reply.bytes.length < 65535)
  assert.equal(flagsOf(reply) & FLAG_TC, 0)
})

test('answer: what does not fit compressed is left out with TC; OPT stays', () => {
  const reply = answer(query(), {
    answers: manyRecords(5000),
    additionals: [record('.')],
    opt: { udpSize: 1232 },
  })
  assert.ok(reply.bytes.length <= 65535)
  assert.equal(flagsOf(reply) & FLAG_TC, FLAG_TC)
  assert.ok(reply.layout.answerCount > 4000)
  assert.equal(reply.layout.additionalCount, 1)
  assert.equal(reply.layout.optIndex, reply.layout.answerCount)
})
