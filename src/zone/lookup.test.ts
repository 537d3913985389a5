// What recorded.test.ts leaves open: answers that no recording shows, and what a caller is told
// beside the records.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wire } from '../../test/fakes/raw-message.ts'
import { nameToText } from '../wire/name.ts'
import {
  RCODE_NOERROR,
  RCODE_NXDOMAIN,
  RCODE_REFUSED,
  RCODE_SERVFAIL,
  rcodeToText,
} from '../wire/rcodes.ts'
import { TYPE_A, typeFromText } from '../wire/rrtypes.ts'
import { loadZone } from './load-zone.ts'
import {
  canFallThrough,
  completeAlias,
  lookup,
  MAX_ALIAS_DEPTH,
  type ZoneAnswer,
  type ZoneQuestion,
} from './lookup.ts'
import { recordText, type ZoneRecord } from './record-text.ts'
import { type RRset, recordsOf, ZoneTree } from './tree.ts'

const load = (text: string, origin = 'lan'): ZoneTree => {
  const tree = loadZone({ file: 'db', origin: wire(origin), text })
  return tree instanceof ZoneTree ? tree : assert.fail(JSON.stringify(tree))
}

const LAN = load(`$TTL 5
@ SOA ns admin 1 2 3 4 5
@ NS ns.x.
a.b A 192.0.2.1
*.w A 192.0.2.2
x.y.w A 192.0.2.3
c CNAME a.b
d CNAME nx
e CNAME o.other.
g CNAME z.sub
h CNAME q.w
sub NS ns.sub
ns.sub A 192.0.2.4
old DNAME new
p.new CNAME a.b
two MX 1 e.f
two CNAME a.b
two CNAME c
*.v CNAME a.b
one.out DNAME long.${'a'.repeat(60)}.${'a'.repeat(60)}
`)

const question = (text: string, aliasDepth = 0): ZoneQuestion => {
  const [name = '', type = ''] = text.split(' ')
  return { qname: wire(name), qtype: typeFromText(type) ?? TYPE_A, aliasDepth }
}

const shown = (sets: readonly RRset[]): string[] => sets.flatMap(recordsOf).map(recordText)

const SOA = 'lan. 5 IN SOA ns.lan. admin.lan. 1 2 3 4 5'
const NS = 'lan. 5 IN NS ns.x.'
const A_B = 'a.b.lan. 5 IN A 192.0.2.1'

interface Case {
  readonly asked: string
  readonly outcome: ZoneAnswer['outcome']
  readonly answer?: readonly string[]
  readonly authority: readonly string[]
  readonly additional?: readonly string[]
  readonly chase?: string
  readonly wildcard?: string
  readonly isAuthoritative?: boolean
  readonly fallsThrough?: boolean
}

const CASES: readonly Case[] = [
  { asked: 'b.lan A', outcome: 'empty-non-terminal', authority: [SOA], fallsThrough: true },
  { asked: 'nx.lan A', outcome: 'nxdomain', authority: [SOA], fallsThrough: true },
  { asked: 'A.B.LAN AAAA', outcome: 'nodata', authority: [SOA] },
  { asked: 'a.b.lan ANY', outcome: 'nodata', authority: [SOA] },
  { asked: 'A.B.Lan A', outcome: 'success', answer: [A_B], authority: [NS] },
  {
    asked: 'Q.w.lan A',
    outcome: 'success',
    answer: ['q.w.lan. 5 IN A 192.0.2.2'],
    authority: [NS],
    wildcard: '*.w.lan.',
  },
  { asked: 'q.w.lan MX', outcome: 'nodata', authority: [SOA], wildcard: '*.w.lan.' },
  { asked: 'q.y.w.lan A', outcome: 'nxdomain', authority: [SOA], fallsThrough: true },
  {
    asked: 'c.lan A',
    outcome: 'success',
    answer: ['c.lan. 5 IN CNAME a.b.lan.', A_B],
    authority: [NS],
  },
  {
    asked: 'c.lan MX',
    outcome: 'success',
    answer: ['c.lan. 5 IN CNAME a.b.lan.'],
    authority: [NS],
  },
  {
    asked: 'c.lan CNAME',
    outcome: 'success',
    answer: ['c.lan. 5 IN CNAME a.b.lan.'],
    authority: [NS],
  },
  {
    asked: 'd.lan A',
    outcome: 'success',
    answer: ['d.lan. 5 IN CNAME nx.lan.'],
    authority: [NS],
    chase: 'nx.lan.',
  },
  {
    asked: 'e.lan A',
    outcome: 'success',
    answer: ['e.lan. 5 IN CNAME o.other.'],
    authority: [NS],
    chase: 'o.other.',
  },
  {
    asked: 'h.lan A',
    outcome: 'success',
    answer: ['h.lan. 5 IN CNAME q.w.lan.'],
    authority: [NS],
    chase: 'q.w.lan.',
  },
  {
    asked: 'c.lan NS',
    outcome: 'success',
    answer: ['c.lan. 5 IN CNAME a.b.lan.'],
    authority: [NS],
    chase: 'a.b.lan.',
  },
  {
    asked: 'g.lan A',
    outcome: 'delegation',
    answer: ['g.lan. 5 IN CNAME z.sub.lan.'],
    authority: ['sub.lan. 5 IN NS ns.sub.lan.'],
    additional: ['ns.sub.lan. 5 IN A 192.0.2.4'],
  },
  {
    asked: 'z.sub.lan A',
    outcome: 'delegation',
    authority: ['sub.lan. 5 IN NS ns.sub.lan.'],
    additional: ['ns.sub.lan. 5 IN A 192.0.2.4'],
    isAuthoritative: false,
  },
  { asked: 'sub.lan DS', outcome: 'nodata', authority: [SOA] },
  { asked: 'lan MX', outcome: 'empty-non-terminal', authority: [SOA], fallsThrough: true },
  {
    asked: 'P.old.lan A',
    outcome: 'success',
    answer: [
      'old.lan. 5 IN DNAME new.lan.',
      'p.old.lan. 5 IN CNAME p.new.lan.',
      'p.new.lan. 5 IN CNAME a.b.lan.',
      A_B,
    ],
    authority: [NS],
  },
  {
    asked: 'old.lan DNAME',
    outcome: 'success',
    answer: ['old.lan. 5 IN DNAME new.lan.'],
    authority: [NS],
  },
  {
    asked: 'two.lan A',
    outcome: 'success',
    answer: ['two.lan. 5 IN CNAME a.b.lan.', 'two.lan. 5 IN CNAME c.lan.', A_B],
    authority: [NS],
  },
  {
    asked: 'i.v.lan A',
    outcome: 'success',
    answer: ['i.v.lan. 5 IN CNAME a.b.lan.', A_B],
    authority: [NS],
    wildcard: '*.v.lan.',
  },
  {
    asked: `${'a'.repeat(63)}.${'a'.repeat(60)}.one.out.lan A`,
    outcome: 'name-too-long',
    answer: [`one.out.lan. 5 IN DNAME long.${'a'.repeat(60)}.${'a'.repeat(60)}.lan.`],
    authority: [],
  },
]
for (const { asked, fallsThrough = false, ...expected } of CASES) {
  test(`lookup: ${asked.length > 60 ? 'a DNAME whose name is too long' : asked}`, () => {
    const found = lookup(LAN, question(asked))
    const { outcome, answer, authority, additional, chase, wildcard, isAuthoritative } = found
    const names = {
      ...(chase && { chase: nameToText(chase) }),
      ...(wildcard && { wildcard: nameToText(wildcard) }),
    }
    assert.deepEqual(
      {
        outcome,
        answer: shown(answer),
        authority: shown(authority),
        additional: shown(additional),
        isAuthoritative,
        ...names,
      },
      { answer: [], additional: [], isAuthoritative: true, ...expected },
    )
    assert.equal(canFallThrough(found), fallsThrough)
  })
}

const FOREIGN: ZoneRecord = {
  owner: wire('o.other'),
  type: TYPE_A,
  class: 1,
  ttlSeconds: 9,
  rdata: Uint8Array.of(192, 0, 2, 9),
}

const ENDS: readonly {
  rcode: number
  records: readonly ZoneRecord[]
  outcome: string
  sent: string
  authority: string
}[] = [
  { rcode: RCODE_NOERROR, records: [FOREIGN], outcome: 'success', sent: 'NOERROR', authority: NS },
  { rcode: RCODE_NOERROR, records: [], outcome: 'nodata', sent: 'NOERROR', authority: SOA },
  { rcode: RCODE_NXDOMAIN, records: [], outcome: 'nxdomain', sent: 'NXDOMAIN', authority: SOA },
  { rcode: RCODE_SERVFAIL, records: [], outcome: 'servfail', sent: 'SERVFAIL', authority: NS },
  { rcode: RCODE_REFUSED, records: [], outcome: 'success', sent: 'NOERROR', authority: NS },
]
for (const { rcode, records, outcome, sent, authority } of ENDS) {
  test(`completeAlias: ${rcodeToText(rcode)} with ${records.length} records`, () => {
    const asked = question('e.lan A')
    const found = completeAlias(LAN, asked, lookup(LAN, asked), rcode, records)
    const { chase, isAuthoritative, additional } = found
    const answer = ['e.lan. 5 IN CNAME o.other.', ...records.map(recordText)]
    assert.deepEqual(
      [found.outcome, rcodeToText(found.rcode), shown(found.answer), shown(found.authority)],
      [outcome, sent, answer, [authority]],
    )
    assert.deepEqual(
      { chase, isAuthoritative, additional },
      { chase: undefined, isAuthoritative: true, additional: [] },
    )
  })
}

test('lookup: after so many aliases the server asks itself no more', () => {
  assert.equal(lookup(LAN, question('a.b.lan A', MAX_ALIAS_DEPTH)).outcome, 'success')
  const { outcome, isAuthoritative, answer } = lookup(
    LAN,
    question('a.b.lan A', MAX_ALIAS_DEPTH + 1),
  )
  assert.deepEqual(
    { outcome, isAuthoritative, answer },
    { outcome: 'servfail', isAuthoritative: false, answer: [] },
  )
})

test('lookup: a zone of nothing but SOA and NS', () => {
  const tree = load('@ 5 SOA ns a 1 2 3 4 5\n@ 5 NS ns')
  const outcomes = ['lan SOA', 'lan NS', 'lan A', 'x.lan A'].map(
    asked => lookup(tree, question(asked)).outcome,
  )
  assert.deepEqual(outcomes, ['success', 'success', 'nxdomain', 'nxdomain'])
})

test('lookup: a zone without NS', () => {
  const tree = load('@ 5 SOA ns a 1 2 3 4 5\na 5 A 192.0.2.1')
  assert.deepEqual(lookup(tree, question('a.lan A')).authority, [])
  const { outcome, answer, authority } = lookup(tree, question('lan NS'))
  assert.deepEqual(
    { outcome, answer, authority },
    { outcome: 'success', answer: [], authority: [] },
  )
})

test('lookup: the root zone', () => {
  const tree = load(
    '@ 5 SOA ns a 1 2 3 4 5\n@ 5 NS ns\norg 5 NS ns.org\nns.org 5 A 192.0.2.1\n@ 5 TXT x',
    '.',
  )
  assert.deepEqual(shown(lookup(tree, question('. TXT')).answer), ['. 5 IN TXT "x"'])
  assert.equal(lookup(tree, question('example.org A')).outcome, 'delegation')
  assert.equal(lookup(tree, question('com A')).outcome, 'nxdomain')
})

test('lookup: CNAMEs that go round end after ten', () => {
  const tree = load('@ 5 SOA ns a 1 2 3 4 5\na 5 CNAME b\nb 5 CNAME a')
  const { outcome, answer } = lookup(tree, question('a.lan A'))
  assert.deepEqual([outcome, shown(answer).length], ['success', 10])
})

test('lookup: signatures and denial come only if asked for, and change no outcome', () => {
  const signature = (owner: string, type: string): string =>
    `${owner} 5 RRSIG ${type} 13 2 5 20300101000000 20200101000000 1 lan. AQID`
  const lines = [
    '@ 5 SOA ns a 1 2 3 4 5',
    signature('@', 'SOA'),
    '@ 5 NSEC b SOA',
    'b 5 A 192.0.2.1',
    'b 5 NSEC @ A',
    signature('b', 'A'),
    signature('b', 'NSEC'),
  ]
  const tree = load(lines.join('\n'))
  const types = (asked: string, withDnssec: boolean): string[] => {
    const { answer, authority } = lookup(tree, { ...question(asked), withDnssec })
    return [...shown(answer), ...shown(authority)].map(text =>
      text
        .split(' ')
        .slice(3, 5)
        .join(' ')
        .replace(/^(?!RRSIG)(\w+) .*/, '$1'),
    )
  }
  assert.deepEqual(types('b.lan A', false), ['A'])
  assert.deepEqual(types('b.lan A', true), ['A', 'RRSIG A'])
  assert.deepEqual(types('b.lan MX', true), ['SOA', 'RRSIG SOA', 'NSEC', 'RRSIG NSEC'])
  assert.deepEqual(types('c.lan MX', false), ['SOA'])
  assert.deepEqual(types('c.lan MX', true), ['SOA', 'RRSIG SOA', 'NSEC', 'RRSIG NSEC', 'NSEC'])
})
