// Rules beside other plugins, for transfers, and with results that cannot be sent.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bothPaths } from '../../../test/support/both-paths.ts'
import { query, type ReplyOptions, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { rewriting } from '../../../test/support/rewrite-chain.ts'
import type { Query } from '../../chain/query/query.ts'
import { type Reply, SILENCE } from '../../chain/reply/reply.ts'

const LONG = 'x'.repeat(60)
const invalid: {
  rule: string
  text: string
  name: string
  reply?: ReplyOptions
  message: string
}[] = [
  {
    rule: 'an empty label',
    text: String.raw`name regex ^e()\.test\.$ {1}..net`,
    name: 'e.test.',
    message: 'invalid name after rewrite: ..net.',
  },
  {
    rule: 'two dots at the end',
    text: 'name suffix a.test .',
    name: 'x.a.test.',
    message: 'invalid name after rewrite: x..',
  },
  {
    rule: 'a label over 63 bytes',
    text: `name prefix x ${LONG}xxxx`,
    name: 'x.test.',
    message: `invalid name after rewrite: ${LONG}xxxx.test.`,
  },
  {
    rule: 'a name over 255 bytes',
    text: `name suffix test ${`${LONG}.`.repeat(4)}`,
    name: `${LONG}.test.`,
    message: `invalid name after rewrite: ${`${LONG}.`.repeat(5)}`,
  },
  {
    rule: 'a name that grows without end is cut',
    text: `name regex (.*) ${'{1}'.repeat(3000)}`,
    name: `${LONG}.test.`,
    message: `invalid name after rewrite: ${`${LONG}.test.`.repeat(16)}`,
  },
  {
    rule: 'an owner in the reply',
    text: 'name suffix .test .net answer name (.*) {1}.x',
    name: 'a.test.',
    reply: { answer: ['a.net. 5 IN A 192.0.2.1'] },
    message: 'invalid name in the reply after rewrite: a.net..x.',
  },
  {
    rule: 'a value in the reply',
    text: 'name suffix .test .net answer value (.*) {1}',
    name: 'a.test.',
    reply: { answer: ['a.net. 5 IN CNAME b.net.'] },
    message: 'invalid name in the reply after rewrite: b.net..',
  },
  {
    rule: 'the target of an alias',
    text: 'cname suffix net. .',
    name: 'a.test.',
    reply: { answer: ['a.net. 5 IN CNAME b.net.'] },
    message: 'invalid target of an alias after rewrite: b..',
  },
  {
    rule: 'options',
    text: Array.from(
      { length: 5 },
      (_, n) => `continue edns0 local set ${n} ${'x'.repeat(4096)}`,
    ).join('\nrewrite '),
    name: 'a.test.',
    message: 'too many EDNS options after rewrite: 5, 20500 bytes',
  },
]
for (const { rule, text, name, reply, message } of invalid)
  test(`rewrite: what cannot be sent is SERVFAIL and counted: ${rule}`, async () => {
    for (const isLate of [false, true]) {
      const next = (request: Query): Reply => replyTo(request, reply)
      const { handle, failures } = await rewriting(
        `rewrite ${text}`,
        isLate ? async request => next(request) : next,
      )
      await assert.rejects(async () => handle(query(name)), { code: 'REWRITE', rcode: 2, message })
      assert.equal(failures(), 1)
    }
  })

/** Rules, and directives behind them in one block; how often the last of the chain was asked. */
const block = async (...directives: string[]) => {
  let asked = 0
  const paths = await bothPaths(directives, request => {
    asked++
    return replyTo(request, { answer: [`${request.question.name} 300 IN A 192.0.2.1`] })
  })
  const ask = async (name: string) => show((await paths.asked(query(name).bytes)) ?? SILENCE)
  return { ask, paths, asked: () => asked }
}

test('rewrite: a cache behind it keeps what was asked for, whoever asked', async () => {
  const { ask, asked, paths } = await block(
    'rewrite name suffix .front.test .in.test answer auto',
    'cache 60 in.test',
  )
  const answers = await Promise.all(['a.front.test.', 'A.Front.test.', 'a.in.test.'].map(ask))
  assert.deepEqual(
    answers.map(({ question, answer }) => [question, answer]),
    [
      ['a.front.test. IN A', ['a.front.test. 60 IN A 192.0.2.1']],
      ['A.Front.test. IN A', ['a.front.test. 60 IN A 192.0.2.1']],
      ['a.in.test. IN A', ['a.in.test. 60 IN A 192.0.2.1']],
    ],
  )
  assert.equal(asked(), 1)
  assert.notEqual(paths.fast(query('a.in.test.').bytes), undefined)
  assert.equal(paths.fast(query('a.front.test.').bytes), undefined)
})

test('rewrite: a cache for the names in front keeps nothing of those that are moved out', async () => {
  const { ask, asked } = await block(
    'rewrite name suffix .front.test .in.test answer auto',
    'cache 60 front.test',
  )
  await ask('a.front.test.')
  assert.deepEqual((await ask('a.front.test.')).answer, ['a.front.test. 300 IN A 192.0.2.1'])
  assert.equal(asked(), 2)
})

test('rewrite: acl behind it judges the name that is asked for', async () => {
  const { ask } = await block(
    'rewrite name suffix .front.test .in.test answer auto\nrewrite name guarded.test open.test',
    'acl in.test guarded.test {\nblock\n}',
  )
  const rcodes = []
  for (const name of ['a.front.test.', 'a.in.test.', 'guarded.test.', 'x.guarded.test.'])
    rcodes.push((await ask(name)).rcode)
  assert.deepEqual(rcodes, ['REFUSED', 'REFUSED', 'NOERROR', 'REFUSED'])
})

test('rewrite: every message of a transfer comes back under the names that were asked for', async () => {
  const message = (request: Query, n: number): Reply =>
    replyTo(request, { answer: [`n${n}.in.test. 5 IN A 192.0.2.${n}`] })
  const { sent } = await rewriting(
    'rewrite continue cname in.test x.test\nrewrite name suffix front.test in.test answer auto',
    request => {
      let n = 0
      const next = async () => (++n < 3 ? message(request, n) : undefined)
      return message(request, 0).followedBy({ next, end: () => undefined })
    },
  )
  const messages = await sent(query('front.test.', 'AXFR', { transport: 'tcp' }))
  assert.deepEqual(
    messages.map(bytes => [show(bytes).question, ...show(bytes).answer]),
    [0, 1, 2].map(n => ['front.test. IN AXFR', `n${n}.front.test. 5 IN A 192.0.2.${n}`]),
  )
})
