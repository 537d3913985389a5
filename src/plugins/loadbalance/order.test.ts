import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
  show,
} from '../../../test/support/messages.ts'
import { type Reply, SILENCE } from '../../chain/reply/reply.ts'
import type { LoadbalanceOptions } from './options.ts'
import type { Draw } from './random.ts'
import { makeStage } from './serve.ts'
import { makeBoard, writeBoard } from './weight-board.ts'
import { parseWeights } from './weight-table.ts'

/**
 * 59 is one below a multiple of 2, 3, 4 and 5: up to five items stay where they are, and the last
 * is picked.
 */
const last: Draw = () => 59
/** Items move one place to the left, and the first is picked. */
const zero: Draw = () => 0

const ROUND_ROBIN: LoadbalanceOptions = { weighted: undefined, prefer: [] }
const a = (n: number, ttl = 300): string => `www.example.org. ${ttl} IN A 192.0.2.${n}`
const aaaa = (n: number): string => `www.example.org. 300 IN AAAA 2001:db8::${n}`
const mx = (n: number): string => `example.org. 300 IN MX ${n} mx${n}.example.org.`
const alias = 'web.example.org. 300 IN CNAME www.example.org.'
const txt = 'www.example.org. 300 IN TXT "text"'

interface Case {
  name: string
  reply: ReplyOptions
  expected: { answer?: string[]; authority?: string[]; additional?: string[] }
  qtype?: string
  query?: QueryOptions
  prefer?: string[]
  weights?: string
  draw?: Draw
}

const stageFor = (c: Case): ReturnType<typeof makeStage> => {
  const board = c.weights === undefined ? undefined : makeBoard()
  if (board !== undefined) writeBoard(board, parseWeights(c.weights ?? '', 'weights'))
  return makeStage({ ...ROUND_ROBIN, prefer: c.prefer ?? [] }, { board }, c.draw ?? zero)
}

const WEIGHTS = 'WWW.example.org\n192.0.2.2 3\n2001:db8::2 5\nother.example.org.\n192.0.2.3 200\n'

const cases: Case[] = [
  {
    name: 'addresses are shuffled',
    reply: { answer: [a(1), a(2), a(3)] },
    expected: { answer: [a(2), a(3), a(1)] },
  },
  {
    name: 'TTLs go with their addresses',
    reply: { answer: [a(1, 10), a(2, 20)] },
    expected: { answer: [a(2, 20), a(1, 10)] },
  },
  {
    name: 'AAAA records are shuffled',
    reply: { answer: [aaaa(1), aaaa(2)] },
    expected: { answer: [aaaa(2), aaaa(1)] },
  },
  {
    name: 'A and AAAA are shuffled together',
    reply: { answer: [a(1), aaaa(2)] },
    expected: { answer: [aaaa(2), a(1)] },
  },
  {
    name: 'the CNAME stays in front of its addresses',
    reply: { answer: [alias, a(1), a(2)] },
    expected: { answer: [alias, a(2), a(1)] },
  },
  {
    name: 'CNAMEs, other types, addresses, mail exchangers',
    reply: { answer: [mx(1), a(1), txt, alias] },
    expected: { answer: [alias, txt, a(1), mx(1)] },
  },
  {
    name: 'mail exchangers are shuffled',
    reply: { answer: [mx(1), mx(2)] },
    qtype: 'MX',
    expected: { answer: [mx(2), mx(1)] },
  },
  {
    name: 'authority and additional are shuffled too',
    reply: { answer: [mx(1)], authority: [a(1), a(2)], additional: [a(3), a(4)], opt: {} },
    qtype: 'MX',
    expected: { answer: [mx(1)], authority: [a(2), a(1)], additional: [a(4), a(3)] },
  },
  {
    name: 'a draw may change nothing',
    reply: { answer: [a(1), a(2)] },
    draw: last,
    expected: { answer: [a(1), a(2)] },
  },
  {
    name: 'NXDOMAIN keeps its order',
    reply: { rcode: 'NXDOMAIN', answer: [a(1), a(2)] },
    expected: { answer: [a(1), a(2)] },
  },
  {
    name: 'a zone transfer keeps its order',
    reply: { answer: [a(1), a(2)] },
    qtype: 'AXFR',
    expected: { answer: [a(1), a(2)] },
  },
  {
    name: 'an incremental transfer keeps its order',
    reply: { answer: [a(1), a(2)] },
    qtype: 'IXFR',
    expected: { answer: [a(1), a(2)] },
  },
  {
    name: 'prefer: the first subnet first, then the second, then the rest in shuffled order',
    prefer: ['192.0.2.4/32', '192.0.2.2/31'],
    draw: last,
    reply: { answer: [a(1), a(2), a(3), a(4), a(5)] },
    expected: { answer: [a(4), a(2), a(3), a(1), a(5)] },
  },
  {
    name: 'prefer: IPv6 subnets, and other types behind mail exchangers',
    prefer: ['2001:db8::2/128'],
    draw: last,
    reply: { answer: [txt, mx(1), a(1), aaaa(2), alias] },
    expected: { answer: [alias, aaaa(2), a(1), mx(1), txt] },
  },
  {
    name: 'prefer: additional is ordered, authority is not',
    prefer: ['192.0.2.2/32'],
    draw: last,
    reply: { authority: [a(1), a(2)], additional: [a(1), a(2)] },
    expected: { authority: [a(1), a(2)], additional: [a(2), a(1)] },
  },
  {
    name: 'weighted: the chosen one changes places with the first',
    weights: WEIGHTS,
    draw: last,
    reply: { answer: [a(1), a(2), a(3)] },
    expected: { answer: [a(3), a(2), a(1)] },
  },
  {
    name: 'weighted: MX questions keep their order',
    weights: WEIGHTS,
    draw: () => 1,
    qtype: 'MX',
    reply: { answer: [mx(1)], additional: [a(1), a(2)] },
    expected: { answer: [mx(1)], additional: [a(1), a(2)] },
  },
  {
    name: 'weighted: additional of SRV answers is ordered, authority is not',
    weights: WEIGHTS,
    draw: () => 1,
    qtype: 'SRV',
    reply: { authority: [a(1), a(2)], additional: [a(1), a(2), a(3)] },
    expected: { authority: [a(1), a(2)], additional: [a(2), a(1), a(3)] },
  },
  {
    name: 'weighted: no addresses, no change',
    weights: WEIGHTS,
    qtype: 'A',
    reply: { answer: [txt, alias] },
    expected: { answer: [txt, alias] },
  },
]

for (const c of cases) {
  test(`loadbalance: ${c.name}`, async () => {
    const request = query('www.example.org.', c.qtype ?? 'A', c.query)
    const reply = await stageFor(c).wrap(() => replyTo(request, c.reply))(request)
    const { answer, authority, additional, question } = show(reply)
    assert.deepEqual(
      { answer, authority, additional },
      { answer: [], authority: [], additional: [], ...c.expected },
    )
    assert.equal(question, show(replyTo(request)).question)
  })
}

test('loadbalance: weights decide how often each address is first', async () => {
  const request = query('www.example.org.')
  const weights = 'www.example.org\n192.0.2.1 1\n192.0.2.2 3\n192.0.2.3 2\n'
  const firsts = new Map<string, number>()
  for (let draw = 0; draw < 6; draw++) {
    const stage = stageFor({ name: '', reply: {}, expected: {}, weights, draw: () => draw })
    const first =
      show(await stage.wrap(() => replyTo(request, { answer: [a(1), a(2), a(3)] }))(request))
        .answer[0] ?? ''
    firsts.set(first, (firsts.get(first) ?? 0) + 1)
  }
  assert.deepEqual(Object.fromEntries(firsts), { [a(1)]: 1, [a(2)]: 3, [a(3)]: 2 })
})

test('loadbalance: a reply that comes late is ordered too', async () => {
  const request = query('www.example.org.')
  const stage = makeStage(ROUND_ROBIN, { board: undefined }, zero)
  const reply = await stage.wrap(async () => replyTo(request, { answer: [a(1), a(2)] }))(request)
  assert.deepEqual(show(reply).answer, [a(2), a(1)])
})

test('loadbalance: the reply given is not changed, and is passed on itself when nothing moves', () => {
  const request = query('www.example.org.')
  const reply = replyTo(request, { answer: [a(1), a(2)] })
  const before = reply.bytes.slice()
  const through = (draw: Draw, given: Reply): Reply | Promise<Reply> =>
    makeStage(ROUND_ROBIN, { board: undefined }, draw).wrap(() => given)(request)
  assert.notEqual(through(zero, reply), reply)
  assert.deepEqual(reply.bytes, before)
  assert.equal(through(last, reply), reply)
  assert.equal(through(zero, SILENCE), SILENCE)
})

test('loadbalance: OPT survives when records are written anew', async () => {
  const request = query('www.example.org.')
  const options = [{ code: 10, data: '0102030405060708' }]
  const stage = makeStage(ROUND_ROBIN, { board: undefined }, zero)
  const shown = show(
    await stage.wrap(() => replyTo(request, { answer: [a(1), alias], opt: { do: true, options } }))(
      request,
    ),
  )
  assert.deepEqual(shown.answer, [alias, a(1)])
  assert.equal(shown.edns?.do, true)
  assert.deepEqual(shown.edns?.options, options)
})
