import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, type ReplyOptions, replyTo } from '../../../test/support/messages.ts'
import { classify, classOf, type ResponseClass, type ResponseType } from './classify.ts'

const SOA = 'example.org. 300 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5'
const NS = 'example.org. 300 IN NS ns.example.org.'
const A = 'www.example.org. 300 IN A 192.0.2.1'
const NOW_MS = Date.UTC(2026, 0, 1)
const now = NOW_MS / 1000
const rrsig = (inception: number, expiration: number): string =>
  `www.example.org. 300 IN RRSIG A 13 3 300 ${expiration >>> 0} ${inception >>> 0} 1 example.org. AAAA`

const cases: {
  name: string
  reply: ReplyOptions
  type: ResponseType
  qtype?: string
  opcode?: number
}[] = [
  { name: 'an answer is NOERROR', reply: { answer: [A] }, type: 'NOERROR' },
  {
    name: 'an answer with SOA in authority is NOERROR',
    reply: { answer: [A], authority: [SOA] },
    type: 'NOERROR',
  },
  { name: 'nothing at all is NOERROR', reply: {}, type: 'NOERROR' },
  {
    name: 'SOA in authority without answer is NODATA',
    reply: { authority: [NS, SOA] },
    type: 'NODATA',
  },
  {
    name: 'NS in authority without answer is DELEGATION',
    reply: { authority: [NS] },
    type: 'DELEGATION',
  },
  { name: 'SOA in additional is no NODATA', reply: { additional: [SOA] }, type: 'NOERROR' },
  { name: 'NXDOMAIN with SOA', reply: { rcode: 'NXDOMAIN', authority: [SOA] }, type: 'NXDOMAIN' },
  { name: 'NXDOMAIN without SOA', reply: { rcode: 'NXDOMAIN' }, type: 'NXDOMAIN' },
  {
    name: 'NXDOMAIN with an answer is an error',
    reply: { rcode: 'NXDOMAIN', answer: [A], authority: [SOA] },
    type: 'OTHERERROR',
  },
  { name: 'SERVFAIL', reply: { rcode: 'SERVFAIL' }, type: 'SERVERERROR' },
  { name: 'NOTIMP', reply: { rcode: 'NOTIMP' }, type: 'SERVERERROR' },
  {
    name: 'SERVFAIL with an answer',
    reply: { rcode: 'SERVFAIL', answer: [A] },
    type: 'SERVERERROR',
  },
  { name: 'REFUSED', reply: { rcode: 'REFUSED', authority: [SOA] }, type: 'OTHERERROR' },
  {
    name: 'an extended rcode is not its lower four bits',
    reply: { rcode: 'BADSIG', opt: {} },
    type: 'OTHERERROR',
  },
  { name: 'a zone transfer is META', reply: { answer: [SOA] }, qtype: 'AXFR', type: 'META' },
  {
    name: 'an incremental transfer is META',
    reply: { answer: [SOA] },
    qtype: 'IXFR',
    type: 'META',
  },
  { name: 'NOTIFY is META', reply: {}, opcode: 4, type: 'META' },
  { name: 'UPDATE is UPDATE', reply: {}, opcode: 5, type: 'UPDATE' },
  {
    name: 'a signature in time',
    reply: { answer: [A, rrsig(now - 10, now + 10)], opt: { do: true } },
    type: 'NOERROR',
  },
  {
    name: 'an expired signature with DO is an error',
    reply: { answer: [A, rrsig(now - 20, now - 1)], opt: { do: true } },
    type: 'OTHERERROR',
  },
  {
    name: 'a signature of tomorrow with DO is an error',
    reply: { answer: [A, rrsig(now + 1, now + 9)], opt: { do: true } },
    type: 'OTHERERROR',
  },
  {
    name: 'an expired signature without DO',
    reply: { answer: [A, rrsig(now - 20, now - 1)], opt: {} },
    type: 'NOERROR',
  },
  {
    name: 'an expired signature without OPT',
    reply: { answer: [A, rrsig(now - 20, now - 1)] },
    type: 'NOERROR',
  },
]

for (const c of cases) {
  test(`classify: ${c.name}`, () => {
    const request = query(
      'www.example.org.',
      c.qtype ?? 'A',
      c.opcode === undefined ? {} : { opcode: c.opcode },
    )
    assert.equal(classify(request, replyTo(request, c.reply), { wallMs: () => NOW_MS }), c.type)
  })
}

test('classify: signature times are serial numbers that pass 2^32', () => {
  const late = 2 ** 32 + 100
  const request = query('www.example.org.')
  const reply = replyTo(request, { answer: [rrsig(late - 200, late + 100)], opt: { do: true } })
  assert.equal(classify(request, reply, { wallMs: () => late * 1000 }), 'NOERROR')
})

const classes: Readonly<Record<ResponseType, ResponseClass>> = {
  NOERROR: 'success',
  DELEGATION: 'success',
  NXDOMAIN: 'denial',
  NODATA: 'denial',
  SERVERERROR: 'error',
  META: 'error',
  UPDATE: 'error',
  OTHERERROR: 'error',
}

for (const [type, expected] of Object.entries(classes)) {
  test(`classOf: ${type} is ${expected}`, () =>
    assert.equal(classOf(type as ResponseType), expected))
}
