import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded } from '../../../test/fakes/raw-message.ts'
import { query, type ReplyOptions, replyBytes } from '../../../test/support/messages.ts'
import { CacheKey } from '../../cache/key.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import type { Query } from '../../chain/query/query.ts'
import { Reply } from '../../chain/reply/reply.ts'
import type { LoadbalanceOptions } from './options.ts'
import type { Draw } from './random.ts'
import { makeStage } from './serve.ts'
import { makeBoard } from './weight-board.ts'

const ROUND_ROBIN: LoadbalanceOptions = { weighted: undefined, prefer: [] }
/** Where answers stand in the memory of these tests: something stands before and behind them. */
const OUT_AT = 8

const a = (n: number, owner = 'www.example.org.'): string => `${owner} ${300 + n} IN A 192.0.2.${n}`
const aaaa = (n: number, owner = 'www.example.org.'): string =>
  `${owner} ${300 + n} IN AAAA 2001:db8::${n}`
const mx = (n: number): string => `example.org. 300 IN MX ${n} mx${n}.example.org.`
const ns = (n: number): string => `example.org. 300 IN NS ns${n}.example.org.`
const alias = 'web.example.org. 300 IN CNAME www.example.org.'
const txt = 'www.example.org. 300 IN TXT "text"'
const many = (count: number, record: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => record(n + 1))

/** The answer as the fast path has it. */
const fastQuery = (request: Query, bytes: Uint8Array): FastQuery => {
  const fast = new FastQuery(new CacheKey([1, 2]))
  const { layout } = new Reply(bytes)
  fast.qtype = request.question.type
  fast.questionEnd = layout.questionEnd
  fast.out = new Uint8Array(OUT_AT + bytes.length + 8).fill(0xee)
  fast.out.set(bytes, OUT_AT)
  fast.outAt = OUT_AT
  fast.replyLength = bytes.length
  for (let index = 0; index < layout.count; index++)
    fast.ttlOffsets[index] = layout.ttlOffset(index)
  fast.ttlCount = layout.count
  return fast
}

/** Draws that begin anew in each call: the two paths get the same ones. */
const counted = (seed: number): { draw: Draw; count: () => number } => {
  const random = seeded(seed)
  let count = 0
  const draw = (): number => {
    count++
    return random(65536)
  }
  return { draw, count: () => count }
}

/** Sends an answer through both paths and compares them; whether the fast one took it. */
const compare = (request: Query, bytes: Uint8Array, seed: number): boolean => {
  const slow = counted(seed)
  const expected = makeStage(ROUND_ROBIN, { board: undefined }, slow.draw).wrap(
    () => new Reply(bytes),
  )(request)
  assert.ok(expected instanceof Reply)
  const fast = counted(seed)
  const step = makeStage(ROUND_ROBIN, { board: undefined }, fast.draw).fast
  const given = fastQuery(request, bytes)
  const before = given.out.slice()
  const isTaken = step?.shape?.(given) ?? false
  before.set(isTaken ? expected.bytes : bytes, OUT_AT)
  assert.deepEqual(given.out, before)
  assert.equal(fast.count(), isTaken ? slow.count() : 0)
  return isTaken
}

const cases: { name: string; reply: ReplyOptions; qtype?: string; isTaken: boolean }[] = [
  { name: 'no record', reply: {}, isTaken: true },
  { name: 'a single address', reply: { answer: [a(1)] }, isTaken: true },
  { name: 'several A', reply: { answer: many(5, a) }, isTaken: true },
  { name: 'several AAAA', reply: { answer: many(3, aaaa) }, qtype: 'AAAA', isTaken: true },
  { name: 'a CNAME and several A', reply: { answer: [alias, ...many(4, a)] }, isTaken: true },
  { name: 'a CNAME and one A', reply: { answer: [alias, a(1)] }, isTaken: true },
  { name: '70 A', reply: { answer: many(70, a) }, isTaken: true },
  {
    name: 'other types and addresses',
    reply: { answer: [alias, txt, a(1), a(2), mx(1)] },
    qtype: 'ANY',
    isTaken: true,
  },
  { name: 'several name servers', reply: { authority: many(3, ns) }, isTaken: true },
  {
    name: 'one mail exchanger',
    reply: { answer: [mx(1)], additional: [a(1, 'mx1.example.org.'), a(2, 'mx1.example.org.')] },
    qtype: 'MX',
    isTaken: true,
  },
  {
    name: 'a referral whose servers have one address each',
    reply: { authority: many(2, ns), additional: [a(1, 'ns1.example.org.')] },
    isTaken: true,
  },
  {
    name: 'several sections',
    reply: {
      answer: many(3, a),
      authority: many(3, ns),
      additional: many(4, n => a(n, 'ns1.example.org.')),
    },
    isTaken: true,
  },
  {
    name: 'NXDOMAIN',
    reply: { rcode: 'NXDOMAIN', answer: [alias, a(1), a(2), txt] },
    isTaken: true,
  },
  { name: 'AXFR', reply: { answer: [a(1), a(2), txt] }, qtype: 'AXFR', isTaken: true },
  { name: 'IXFR', reply: { answer: [a(1), a(2), txt] }, qtype: 'IXFR', isTaken: true },
  { name: 'mixed families', reply: { answer: [a(1), aaaa(2)] }, isTaken: false },
  {
    name: 'several mail exchangers',
    reply: { answer: [mx(1), mx(2)] },
    qtype: 'MX',
    isTaken: false,
  },
  {
    name: 'addresses whose owner is spelt out in the first one only',
    reply: { answer: [a(1, 'a.example.net.'), a(2, 'a.example.net.')] },
    isTaken: false,
  },
  { name: 'a CNAME behind an address', reply: { answer: [a(1), alias] }, isTaken: false },
  {
    name: 'another type behind the addresses',
    reply: { answer: [a(1), a(2), txt] },
    isTaken: false,
  },
  {
    name: 'addresses of two names',
    reply: { answer: [a(1), a(2, 'a.example.net.')] },
    isTaken: false,
  },
  {
    name: 'a last section that cannot be done, behind one that can',
    reply: { answer: many(3, a), additional: [a(1), aaaa(1)] },
    isTaken: false,
  },
  {
    name: 'addresses of two classes',
    reply: { answer: [a(1), 'www.example.org. 300 CH A 192.0.2.2'] },
    isTaken: false,
  },
]

for (const c of cases) {
  test(`fast round robin ${c.isTaken ? 'takes' : 'leaves to the slow path'}: ${c.name}`, () => {
    const request = query('www.example.org.', c.qtype ?? 'A')
    const bytes = replyBytes(request, c.reply)
    for (let seed = 1; seed <= 20; seed++) assert.equal(compare(request, bytes, seed), c.isTaken)
  })
}

test('fast round robin: any answer that it takes is the one of the slow path', () => {
  const below = seeded(7)
  const owners = [
    'www.example.org.',
    'www.example.org.',
    'www.example.org.',
    'WWW.example.org.',
    'a.b.',
  ]
  const records = [
    a,
    a,
    a,
    a,
    aaaa,
    (n: number, owner: string) => `${owner} 5 IN TXT "${'x'.repeat(n)}"`,
    () => alias,
    mx,
  ]
  const section = (): string[] => {
    const kinds = Array.from({ length: 1 + below(2) }, () => records[below(records.length)]!)
    return Array.from({ length: below(7) }, () =>
      kinds[below(kinds.length)]!(1 + below(200), owners[below(owners.length)]!),
    )
  }
  const taken = [0, 0]
  for (let round = 0; round < 4000; round++) {
    const request = query(owners[below(owners.length)]!)
    const rcode = below(10) === 0 ? 'NXDOMAIN' : 'NOERROR'
    const bytes = replyBytes(request, {
      rcode,
      answer: section(),
      authority: section(),
      additional: below(2) ? section() : [],
    })
    taken[compare(request, bytes, round) ? 1 : 0]!++
  }
  assert.ok(taken[0]! > 500 && taken[1]! > 500, `${taken}`)
})

test('fast round robin: not for weights or preferred subnets', () => {
  const draw = (): number => 0
  assert.equal(makeStage(ROUND_ROBIN, { board: makeBoard() }, draw).fast, undefined)
  assert.equal(
    makeStage({ ...ROUND_ROBIN, prefer: ['192.0.2.0/24'] }, { board: undefined }, draw).fast,
    undefined,
  )
})
