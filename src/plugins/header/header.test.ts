import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chain,
  options,
  parseError,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { answer, errorReply, unwritten } from '../../chain/answer/answer.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import { FLAG_AA, FLAG_RA, FLAG_RD } from '../../wire/header.ts'
import { RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { header } from './index.ts'
import type { HeaderOptions } from './options.ts'

const block = (...lines: string[]): string => `header {\n${lines.join('\n')}\n}`

const parsed: { rule: string; text: string; expected: HeaderOptions }[] = [
  {
    rule: 'the last rule for a flag counts, words are in any case',
    text: block('Query SET rd aa', 'query clear AA', 'RESPONSE Clear ra'),
    expected: { query: { rd: true, aa: false }, response: { ra: false } },
  },
  {
    rule: 'without a selector',
    text: block('set aa', 'clear ra rd'),
    expected: { query: {}, response: { aa: true, ra: false, rd: false } },
  },
  {
    rule: 'the first directive with rules counts',
    text: `header {\n}\n${block('response clear aa')}\n${block('response set ra')}`,
    expected: { query: {}, response: { aa: false } },
  },
]
for (const { rule, text, expected } of parsed)
  test(`header: ${rule}`, () => assert.deepEqual(options(header, text), expected))

const count = (line: number, word: string): string =>
  `Corefile:${line} - Error during parsing: Wrong argument count or unexpected line ending after '${word}'`
const errors: [text: string, message: string][] = [
  ['header', count(2, 'header')],
  ['header {\n}', count(3, '}')],
  [`header x {\nset aa\n}`, count(2, 'x')],
  [block('reply set aa'), 'setting up rule: invalid selector=reply should be query or response'],
  [block('response'), 'setting up rule: no flag action provided'],
  [
    block('response set'),
    'setting up rule: invalid length for flags, at least one should be provided',
  ],
  [block('query flip aa'), 'setting up rule: unknown flag action=flip, should be set or clear'],
  [block('query set aa ZZ'), 'setting up rule: unknown/unsupported flag=zz'],
]
for (const [text, message] of errors)
  test(`header refuses: ${text.replaceAll('\n', ' ')}`, () =>
    assert.equal(parseError(header, text), message))

test('header changes the flags of a query, for the plugins behind and in the reply', async () => {
  const seen: number[] = []
  const { handle } = await chain(header, block('query set ra aa', 'query clear rd'), {
    next: asked => {
      seen.push(asked.flags)
      return answer(asked, {})
    },
  })
  const asked = query('example.org.', 'A', { cd: true })
  const before = asked.bytes.slice()
  assert.equal(show(await handle(asked)).flags, 'qr cd')
  assert.deepEqual(asked.bytes, before)
  assert.equal(seen[0]! & (FLAG_AA | FLAG_RA | FLAG_RD), FLAG_AA | FLAG_RA)
})

test('header asks with the very query if its rules change nothing', async () => {
  const asked = query('example.org.')
  const { handle } = await chain(header, block('query set rd', 'query clear aa ra'), {
    next: seen => {
      assert.equal(seen, asked)
      return answer(seen, {})
    },
  })
  await handle(asked)
})

const replies = [
  { rule: 'an answer', reply: { ra: true, answer: ['example.org. 60 IN A 192.0.2.1'] } },
  { rule: 'an error that a plugin has written', reply: { ra: true, rcode: 'NXDOMAIN' } },
]
for (const { rule, reply } of replies)
  test(`header changes the flags of ${rule}`, async () => {
    const { handle } = await chain(header, block('response set aa', 'response clear ra rd'), {
      next: asked => replyTo(asked, reply),
    })
    assert.equal(show(await handle(query('example.org.'))).flags, 'qr aa')
  })

test('header leaves what no plugin has written, and silence', async () => {
  const asked = query('example.org.')
  for (const reply of [unwritten(asked, RCODE_SERVFAIL), SILENCE]) {
    const { handle } = await chain(header, block('response set aa'), { next: () => reply })
    assert.equal(await handle(asked), reply)
  }
})

test('header changes the flags of all messages of a transfer', async () => {
  const asked = query('example.org.', 'AXFR', { transport: 'tcp' })
  const messages = [errorReply(asked, 0), errorReply(asked, 0)]
  const first = errorReply(asked, 0).followedBy({
    next: async () => messages.shift(),
    end: () => undefined,
  })
  const { sent } = await chain(header, block('response set aa'), { next: () => first })
  assert.deepEqual(
    (await sent(asked)).map(bytes => show(bytes).flags),
    ['qr aa rd', 'qr aa rd', 'qr aa rd'],
  )
})
