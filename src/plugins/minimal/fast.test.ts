import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fakeServe,
  query,
  type ReplyOptions,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { CacheKey } from '../../cache/key.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import { Reply } from '../../chain/reply/reply.ts'
import { MessageWriter } from '../../wire/writer.ts'
import { FastMinimal } from './fast.ts'
import { serve } from './serve.ts'

/** Something stands before the answer, and behind it. */
const OUT_AT = 8

const fastQuery = ({ bytes, layout }: Reply): FastQuery => {
  const fast = new FastQuery(new CacheKey([1, 2]))
  fast.out = new Uint8Array(OUT_AT + bytes.length + 8).fill(0xee)
  fast.out.set(bytes, OUT_AT)
  fast.outAt = OUT_AT
  fast.replyLength = bytes.length
  fast.plainLength = layout.uncompressedLength
  for (let index = 0; index < layout.count; index++)
    fast.ttlOffsets[index] = layout.ttlOffset(index)
  fast.ttlCount = layout.count
  return fast
}

/** The same message with its names written out. */
const plain = ({ bytes, layout }: Reply): Reply => {
  const writer = new MessageWriter()
  writer.header(0, (bytes[2]! << 8) | bytes[3]!)
  writer.question(query('www.example.org.').question.wire, 1, 1)
  for (let index = 0; index < layout.count; index++)
    writer.copyRecord(layout.sectionOf(index), bytes, layout, index)
  return new Reply(writer.finish())
}

const A = 'www.example.org. 60 IN A 192.0.2.1'
const SOA = 'example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 60'
const NS = 'example.org. 60 IN NS ns.example.org.'
const GLUE = 'ns.example.org. 60 IN A 192.0.2.53'

const cases: { rule: string; reply: ReplyOptions; isTaken: boolean; isCompressed?: true }[] = [
  { rule: 'an address', reply: { answer: [A] }, isTaken: true },
  { rule: 'nothing', reply: {}, isTaken: true },
  {
    rule: 'addresses with authority and additional records',
    reply: { answer: [A, A], authority: [NS, NS], additional: [GLUE] },
    isTaken: true,
  },
  { rule: 'no such type', reply: { authority: [SOA] }, isTaken: true },
  { rule: 'a referral', reply: { authority: [NS], additional: [GLUE] }, isTaken: true },
  {
    rule: 'no such name behind an alias',
    reply: { rcode: 'NXDOMAIN', answer: [A], authority: [SOA] },
    isTaken: true,
  },
  { rule: 'nothing but an address in additional', reply: { additional: [GLUE] }, isTaken: false },
  {
    rule: 'pointers',
    reply: { answer: [A], authority: [NS] },
    isCompressed: true,
    isTaken: false,
  },
]
for (const { rule, reply, isTaken, isCompressed } of cases)
  test(`minimal on the fast path ${isTaken ? 'takes' : 'leaves'}: ${rule}`, async () => {
    const asked = query('www.example.org.', 'A', { id: 0 })
    const compressed = replyTo(asked, reply)
    const given = isCompressed ? compressed : plain(compressed)
    const fast = fastQuery(given)
    assert.equal(new FastMinimal().shape(fast), isTaken)
    if (!isTaken) return
    const slow = await serve(undefined, fakeServe()).wrap(() => given)(asked)
    const sent = fast.out.subarray(OUT_AT, OUT_AT + fast.replyLength)
    assert.deepEqual(sent, slow.bytes)
    assert.equal(fast.plainLength, slow.layout.uncompressedLength)
    assert.equal(fast.ttlCount, slow.layout.count)
  })
