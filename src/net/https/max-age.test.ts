import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, type ReplyOptions, replyTo } from '../../../test/support/messages.ts'
import { maxAge } from './max-age.ts'

const A = 'www.example.org. 60 IN A 192.0.2.1'
const LONG = 'www.example.org. 7200 IN A 192.0.2.1'
const ZERO = 'www.example.org. 0 IN A 192.0.2.1'
const SOA = 'example.org. 30 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5'
const NS = 'example.org. 300 IN NS ns.example.org.'

const cases: { name: string; reply: ReplyOptions; seconds: number; qtype?: string }[] = [
  { name: 'the TTL of an answer', reply: { answer: [A] }, seconds: 60 },
  { name: 'the least of all sections', reply: { answer: [A], authority: [SOA] }, seconds: 30 },
  { name: 'additional counts', reply: { answer: [LONG], additional: [A] }, seconds: 60 },
  { name: 'only additional', reply: { additional: [ZERO] }, seconds: 0 },
  { name: 'an hour at most', reply: { answer: [LONG] }, seconds: 3600 },
  { name: 'zero', reply: { answer: [A, ZERO] }, seconds: 0 },
  { name: 'NXDOMAIN', reply: { rcode: 'NXDOMAIN', authority: [SOA] }, seconds: 30 },
  { name: 'NODATA', reply: { authority: [SOA] }, seconds: 30 },
  { name: 'no records', reply: {}, seconds: 5 },
  { name: 'a delegation', reply: { authority: [NS] }, seconds: 5 },
  { name: 'REFUSED', reply: { rcode: 'REFUSED', authority: [SOA] }, seconds: 5 },
  { name: 'SERVFAIL', reply: { rcode: 'SERVFAIL' }, seconds: 5 },
  { name: 'a transfer', reply: { answer: [A] }, qtype: 'AXFR', seconds: 5 },
]
for (const c of cases)
  test(`max-age: ${c.name}`, () => {
    const asked = query('www.example.org.', c.qtype ?? 'A')
    assert.equal(maxAge(replyTo(asked, c.reply).bytes), c.seconds)
  })

test('max-age: an OPT record has no TTL', () => {
  const asked = query('www.example.org.', 'A', { udpSize: 1232 })
  const { bytes } = replyTo(asked, { answer: [A], opt: { udpSize: 1232 } })
  assert.equal(maxAge(bytes), 60)
})
test('max-age: what is no message', () => assert.equal(maxAge(new Uint8Array(5)), 5))
