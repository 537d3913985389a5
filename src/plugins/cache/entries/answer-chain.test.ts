import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo } from '../../../../test/support/messages.ts'
import { type AnswerChain, answerChain } from './answer-chain.ts'

interface Case {
  name: string
  /** `a>b`: a CNAME; `a`: an address. */
  records: string
  chain: AnswerChain
  type?: string
}

const cases: Case[] = [
  { name: 'no records', records: '', chain: 'open' },
  { name: 'an address', records: 'w', chain: 'complete' },
  { name: 'an address in another case', records: 'W', chain: 'complete' },
  { name: 'an address of another name', records: 'a', chain: 'open' },
  { name: 'a chain', records: 'w>a a>b b', chain: 'complete' },
  { name: 'a chain in another order and another case', records: 'b A>B w>a', chain: 'complete' },
  { name: 'a chain to nothing', records: 'w>a a>b c', chain: 'open' },
  { name: 'a chain beside the question', records: 'a>b b', chain: 'open' },
  { name: 'the same CNAME twice', records: 'w>a w>A a', chain: 'complete' },
  { name: 'a fork', records: 'w>a w>b a', chain: 'malformed' },
  { name: 'a fork further on', records: 'w>a a>b a>c b c', chain: 'malformed' },
  { name: 'a fork that nobody comes to', records: 'w>a a c>d c>e', chain: 'complete' },
  { name: 'a CNAME, then an address of the same name', records: 'w>a w', chain: 'complete' },
  { name: 'an address, then a fork of the same name', records: 'w w>a w>b', chain: 'complete' },
  { name: 'a fork, then an address of the same name', records: 'w>a w>b w', chain: 'malformed' },
  { name: 'a circle', records: 'w>a a>w', chain: 'malformed' },
  { name: 'a CNAME to itself', records: 'w>w', chain: 'malformed' },
  { name: 'a CNAME that is asked for', records: 'w>a a>w', type: 'CNAME', chain: 'complete' },
  { name: 'anything that is asked for', records: 'a w', type: 'ANY', chain: 'complete' },
]

const recordOf = (text: string): string => {
  const [owner, target] = text.split('>')
  return target === undefined
    ? `${owner}.test. 60 IN A 192.0.2.1`
    : `${owner}.test. 60 IN CNAME ${target}.test.`
}

const recordsOf = (text: string): string[] => (text === '' ? [] : text.split(' ').map(recordOf))

for (const c of cases) {
  test(`answerChain: ${c.name}: ${c.chain}`, () => {
    const asked = query('w.test.', c.type ?? 'A')
    assert.equal(
      answerChain(asked.question, replyTo(asked, { answer: recordsOf(c.records) })),
      c.chain,
    )
  })
}

test('answerChain: records of another class do not count', () => {
  const asked = query('w.test.')
  const answer = ['w.test. 60 CH A 192.0.2.1', 'w.test. 60 CH CNAME a.test.']
  assert.equal(answerChain(asked.question, replyTo(asked, { answer })), 'open')
})

test('answerChain: a question for the root', () => {
  const asked = query('.')
  assert.equal(
    answerChain(
      asked.question,
      replyTo(asked, { answer: ['. 60 IN CNAME a.', 'a. 60 IN A 192.0.2.1'] }),
    ),
    'complete',
  )
})

/** The rule in words: from the qname on, all records of a name in turn. */
const byTheRule = (records: readonly string[]): AnswerChain => {
  let name = 'w'
  for (let step = 0; step <= 32; step++) {
    let alias: string | undefined
    for (const [owner, target] of records.map(text => text.toLowerCase().split('>'))) {
      if (owner !== name) continue
      if (target === undefined) return 'complete'
      if (alias !== undefined && alias !== target) return 'malformed'
      alias = target
    }
    if (alias === undefined) return 'open'
    name = alias
  }
  return 'malformed'
}

test('answerChain: says what the rule says of thousands of random sections', () => {
  let state = 5
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  const name = (): string => 'wabcdWABCD'[draw(10)] ?? 'w'
  const seen = new Set<AnswerChain>()
  const asked = query('w.test.')
  for (let n = 0; n < 4000; n++) {
    const records = Array.from({ length: draw(7) }, () =>
      draw(4) === 0 ? name() : `${name()}>${name()}`,
    )
    const expected = byTheRule(records)
    seen.add(expected)
    assert.equal(
      answerChain(asked.question, replyTo(asked, { answer: records.map(recordOf) })),
      expected,
      records.join(' '),
    )
  }
  assert.equal(seen.size, 3)
})
