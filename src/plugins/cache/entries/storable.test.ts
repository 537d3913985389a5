import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
} from '../../../../test/support/messages.ts'
import { Reply } from '../../../chain/reply/reply.ts'
import { setQdcount } from '../../../wire/header.ts'
import type { CacheOptions } from '../options.ts'
import { Judge, type Verdict } from './storable.ts'

const OPTIONS: CacheOptions = {
  zones: ['.'],
  success: {
    capacity: 1024,
    ttlSeconds: 3600,
    minTtlSeconds: 5,
    disabledZones: ['off.example.net.'],
  },
  denial: {
    capacity: 1024,
    ttlSeconds: 1800,
    minTtlSeconds: 10,
    disabledZones: ['off.example.net.', 'nodenial.example.net.'],
  },
  servfailSeconds: 7,
  prefetch: undefined,
  stale: undefined,
  preferPositive: false,
  keepTtl: false,
}

const judge = new Judge(OPTIONS, { wallMs: () => Date.UTC(2026, 0, 1) })

const SOA = 'example.org. 900 IN SOA ns.example.org. admin.example.org. 1 2 3 4 60'
const NS = 'example.org. 900 IN NS ns.example.org.'
const a = (ttl: number, name = 'www.example.org.'): string => `${name} ${ttl} IN A 192.0.2.1`
const alias = (from: string, to: string, ttl = 300): string =>
  `${from}.example.org. ${ttl} IN CNAME ${to}.example.org.`

interface Case {
  name: string
  reply: ReplyOptions
  /** table and TTL; '-' for not stored. */
  kept: string
  qname?: string
  qtype?: string
  query?: QueryOptions
}

const stored: Case[] = [
  {
    name: 'the least TTL of all sections counts',
    reply: {
      answer: [a(300)],
      authority: ['example.org. 100 IN NS ns.example.org.'],
      additional: [a(200, 'ns.example.org.')],
    },
    kept: 'success 100',
  },
  { name: 'OPT has no TTL', reply: { answer: [a(300)], opt: {} }, kept: 'success 300' },
  { name: 'a TTL is raised to the minimum', reply: { answer: [a(0)] }, kept: 'success 5' },
  { name: 'a TTL is lowered to the maximum', reply: { answer: [a(86400)] }, kept: 'success 3600' },
  {
    name: 'a TTL with the top bit set counts as 0',
    reply: { answer: [a(2 ** 31)] },
    kept: 'success 5',
  },
  { name: 'an answer without any record is kept for 5 seconds', reply: {}, kept: 'success 5' },
  { name: 'an answer in additional alone', reply: { additional: [a(60)] }, kept: 'success 60' },
  { name: 'a delegation is kept for 5 seconds', reply: { authority: [NS] }, kept: 'success 5' },
  {
    name: 'NODATA goes by the TTL of the SOA, not by its minimum field',
    reply: { authority: [SOA] },
    kept: 'denial 900',
  },
  {
    name: 'NXDOMAIN goes by the TTL of the SOA',
    reply: { rcode: 'NXDOMAIN', authority: [SOA] },
    kept: 'denial 900',
  },
  {
    name: 'a denial is lowered to the maximum of denials',
    reply: { authority: [SOA.replace('900', '86400')] },
    kept: 'denial 1800',
  },
  { name: 'SERVFAIL', reply: { rcode: 'SERVFAIL' }, kept: 'denial 7' },
  { name: 'NOTIMP', reply: { rcode: 'NOTIMP' }, kept: 'denial 7' },
  {
    name: 'a CNAME chain to the type asked for',
    reply: { answer: [alias('www', 'b'), alias('b', 'c'), a(60, 'c.example.org.')] },
    kept: 'success 60',
  },
  {
    name: 'a CNAME chain in another order',
    reply: { answer: [a(60, 'c.example.org.'), alias('b', 'c'), alias('www', 'b')] },
    kept: 'success 60',
  },
  {
    name: 'names compare in any letter case',
    reply: { answer: [alias('WWW', 'B'), a(60, 'b.EXAMPLE.org.')] },
    kept: 'success 60',
  },
  {
    name: 'a CNAME asked for as such',
    reply: { answer: [alias('www', 'b')] },
    qtype: 'CNAME',
    kept: 'success 300',
  },
  {
    name: 'ANY is answered by anything at the name',
    reply: { answer: [alias('www', 'b')] },
    qtype: 'ANY',
    kept: 'success 300',
  },
  {
    name: 'the same CNAME twice',
    reply: { answer: [alias('www', 'b'), alias('www', 'B'), a(60, 'b.example.org.')] },
    kept: 'success 60',
  },
  {
    name: 'a CNAME chain that ends without data, with SOA, is a denial',
    reply: { answer: [alias('www', 'b')], authority: [SOA] },
    kept: 'denial 300',
  },
  {
    name: 'denials of one kind may be disabled for a zone',
    reply: { answer: [a(60, 'x.nodenial.example.net.')] },
    qname: 'x.nodenial.example.net.',
    kept: 'success 60',
  },
]

const notStored: Case[] = [
  { name: 'truncated', reply: { answer: [a(300)], tc: true }, kept: '- 300' },
  {
    name: 'REFUSED, and its records get 5 seconds',
    reply: { rcode: 'REFUSED', answer: [a(300)] },
    kept: '- 5',
  },
  { name: 'FORMERR', reply: { rcode: 'FORMERR' }, kept: '- 5' },
  {
    name: 'NXDOMAIN with a CNAME',
    reply: { rcode: 'NXDOMAIN', answer: [alias('www', 'b')], authority: [SOA] },
    kept: '- 5',
  },
  { name: 'NXDOMAIN without SOA', reply: { rcode: 'NXDOMAIN' }, kept: '- 10' },
  {
    name: 'a CNAME chain that ends without data and without SOA',
    reply: { answer: [alias('www', 'b', 60)] },
    kept: '- 60',
  },
  {
    name: 'a CNAME chain that forks',
    reply: { answer: [alias('www', 'b', 60), alias('www', 'c', 60)], authority: [SOA] },
    kept: '- 60',
  },
  {
    name: 'a CNAME circle',
    reply: { answer: [alias('www', 'b', 60), alias('b', 'www', 60)], authority: [SOA] },
    kept: '- 60',
  },
  { name: 'data beside the chain', reply: { answer: [a(60, 'other.example.org.')] }, kept: '- 60' },
  {
    name: 'data of another class',
    reply: { answer: ['www.example.org. 60 CH A 192.0.2.1'] },
    kept: '- 60',
  },
  { name: 'a zone transfer', reply: { answer: [SOA] }, qtype: 'AXFR', kept: '- 5' },
  {
    name: "a subnet's own answer",
    reply: { answer: [a(60)], opt: { options: [{ code: 8, data: '00011818c00002' }] } },
    kept: '- 60',
  },
  {
    name: 'both kinds disabled',
    reply: { answer: [a(60, 'x.off.example.net.')] },
    qname: 'x.off.example.net.',
    kept: '- 60',
  },
  {
    name: 'denials disabled',
    reply: { rcode: 'NXDOMAIN', authority: [SOA] },
    qname: 'nodenial.example.net.',
    kept: '- 900',
  },
]

const shown = ({ table, ttlSeconds }: Verdict): string => `${table ?? '-'} ${ttlSeconds}`

for (const c of [...stored, ...notStored]) {
  test(`judge: ${c.name}: ${c.kept}`, () => {
    const request = query(c.qname ?? 'www.example.org.', c.qtype ?? 'A', c.query)
    const verdict = judge.judge(request, replyTo(request, c.reply))
    assert.equal(shown(verdict), c.kept)
    assert.equal(verdict.isMismatch, false)
  })
}

test('judge: a subnet option with scope 0 holds for all', () => {
  const request = query('www.example.org.')
  const reply = replyTo(request, {
    answer: [a(60)],
    opt: { options: [{ code: 8, data: '00011800c00002' }] },
  })
  assert.equal(shown(judge.judge(request, reply)), 'success 60')
})

test('judge: the longest chain that is followed has 32 CNAMEs', () => {
  const request = query('n0.example.org.')
  const chainOf = (length: number): ReplyOptions => ({
    answer: [
      ...Array.from({ length }, (_, i) => alias(`n${i}`, `n${i + 1}`)),
      a(60, `n${length}.example.org.`),
    ],
  })
  assert.equal(shown(judge.judge(request, replyTo(request, chainOf(32)))), 'success 60')
  assert.equal(shown(judge.judge(request, replyTo(request, chainOf(33)))), '- 60')
})

const noQuestion = (): Reply => {
  const bytes = replyTo(query('www.example.org.'), { rcode: 'SERVFAIL' }).bytes.slice(0, 12)
  setQdcount(bytes, 0, 0)
  return new Reply(bytes)
}

const mismatches: { name: string; reply: Reply }[] = [
  { name: 'name', reply: replyTo(query('other.example.org.'), { answer: [a(60)] }) },
  { name: 'type', reply: replyTo(query('www.example.org.', 'AAAA'), { answer: [a(60)] }) },
  {
    name: 'class',
    reply: replyTo(query('www.example.org.', 'A', { class: 3 }), { answer: [a(60)] }),
  },
  { name: 'lack of a question', reply: noQuestion() },
  { name: 'lack of QR', reply: new Reply(query('www.example.org.').bytes) },
]

for (const c of mismatches) {
  test(`judge: a reply that does not match by ${c.name} is a mismatch`, () => {
    const verdict = judge.judge(query('www.example.org.'), c.reply)
    assert.equal(verdict.table, undefined)
    assert.equal(verdict.isMismatch, true)
  })
}

test('judge: SERVFAIL is not kept with servfail 0', () => {
  const request = query('www.example.org.')
  const verdict = new Judge({ ...OPTIONS, servfailSeconds: 0 }, { wallMs: () => 0 }).judge(
    request,
    replyTo(request, { rcode: 'SERVFAIL' }),
  )
  assert.equal(shown(verdict), '- 0')
})

test('judge: neverStores names only what both lists disable', () => {
  assert.equal(judge.neverStores(query('x.off.example.net.')), true)
  assert.equal(judge.neverStores(query('nodenial.example.net.')), false)
  assert.equal(judge.neverStores(query('www.example.org.')), false)
})
