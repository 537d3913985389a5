import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, type ReplyOptions, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { rewriting, SOA } from '../../../test/support/rewrite-chain.ts'
import { SILENCE } from '../../chain/reply/reply.ts'

const ALIASES: ReplyOptions = {
  rcode: 'NXDOMAIN',
  aa: true,
  answer: [
    'a.test. 5 IN A 192.0.2.9',
    'a.test. 5 IN CNAME b.test.',
    'b.test. 6 IN CNAME Old.test.',
  ],
  authority: [SOA],
  opt: { udpSize: 1400 },
}
const FOUND: ReplyOptions = { answer: ['new.test. 7 IN A 192.0.2.1'], tc: true }
const aliases: {
  rule: string
  text: string
  target?: string
  found?: ReplyOptions
  answer: string[]
}[] = [
  {
    rule: 'aliases down to it, what was found behind them',
    text: 'cname old.test new.test',
    target: 'new.test.',
    found: FOUND,
    answer: [
      'a.test. 5 IN CNAME b.test.',
      'b.test. 6 IN CNAME new.test.',
      'new.test. 7 IN A 192.0.2.1',
    ],
  },
  {
    rule: 'the first that matches decides',
    text: 'cname suffix .test. .net.',
    target: 'b.net.',
    found: {},
    answer: ['a.test. 5 IN CNAME b.net.'],
  },
  {
    rule: 'regex',
    text: String.raw`cname regex ^O(.*)\. n{1}.`,
    target: 'nld.test.',
    found: {},
    answer: ['a.test. 5 IN CNAME b.test.', 'b.test. 6 IN CNAME nld.test.'],
  },
  { rule: 'none matches', text: 'cname x.test y.test', answer: ALIASES.answer as string[] },
  {
    rule: 'no reply',
    text: 'cname prefix old new',
    target: 'new.test.',
    answer: ALIASES.answer as string[],
  },
  {
    rule: 'rules in front of it go on with what was found',
    text: 'continue ttl a.test 60\nrewrite continue cname old.test new.test',
    target: 'new.test.',
    found: FOUND,
    answer: [
      'a.test. 60 IN CNAME b.test.',
      'b.test. 60 IN CNAME new.test.',
      'new.test. 60 IN A 192.0.2.1',
    ],
  },
]
for (const { rule, text, target, found, answer } of aliases)
  test(`rewrite cname: ${rule}`, async () => {
    const looked: string[] = []
    const { handle } = await rewriting(
      `rewrite ${text}`,
      request => replyTo(request, ALIASES),
      async (asked, name, type) => {
        looked.push(`${name} ${type}`)
        return found === undefined ? SILENCE : replyTo(asked, found)
      },
    )
    const shown = show(await handle(query('a.test.', 'A', { udpSize: 1400 })))
    assert.deepEqual(looked, target === undefined ? [] : [`${target} 1`])
    assert.deepEqual(shown.answer, answer)
    assert.deepEqual(
      [shown.rcode, shown.authority.length, shown.edns?.udpSize],
      ['NXDOMAIN', 1, 1400],
    )
    assert.equal(shown.flags, found?.tc ? 'qr aa tc rd' : 'qr aa rd')
  })
