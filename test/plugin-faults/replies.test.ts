// Replies that are none: to another question, of a query that was spoilt, with what no message can
// hold.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { answer, type RecordData } from '../../src/chain/answer/answer.ts'
import { edit } from '../../src/chain/answer/edit.ts'
import type { Query } from '../../src/chain/query/query.ts'
import { Reply } from '../../src/chain/reply/reply.ts'
import type { Handler } from '../../src/chain/stage/handler.ts'
import { TYPE_A } from '../../src/wire/rrtypes.ts'
import { query } from '../support/plugin-harness.ts'
import {
  answers,
  boom,
  errors,
  type Half,
  handling,
  PANIC,
  PASSES,
  said,
  shardOf,
  wire,
} from '../support/plugin-shard.ts'

const spoils: readonly { rule: string; spoil: (query: Query) => void }[] = [
  { rule: 'the bytes', spoil: ({ bytes }) => void bytes.fill(255) },
  { rule: 'the question', spoil: ({ question }) => void question.wire.fill(255) },
  {
    rule: 'all of it',
    spoil: asked => void Object.assign(asked, { bytes: undefined }),
  },
]
const ends: readonly { rule: string; end: (query: Query) => unknown; lines: number }[] = [
  { rule: 'answers', end: said, lines: 1 },
  { rule: 'fails', end: boom, lines: 1 },
  { rule: 'fails late', end: async () => boom(), lines: 1 },
]
for (const { rule, spoil } of spoils)
  for (const { rule: how, end, lines: count } of ends)
    test(`who spoils ${rule} of a query and ${how} costs that query: one answer, one line`, async () => {
      const evil = handling(() => query => {
        spoil(query)
        return end(query)
      })
      const { ask, lines, generation } = await shardOf({ evil })
      assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
      assert.equal(lines.length, count, lines.join('\n'))
      assert.match(lines[0] ?? '', /plugin\/evil: /)
      // Nothing is under way.
      assert.equal(await Promise.race([generation.settle(60_000), turnOfLoop('late')]), undefined)
    })

const others: readonly { rule: string; evil: Half; rcode: string }[] = [
  {
    rule: 'the question of another query',
    evil: handling(next => query => next(query.with({ name: wire('b.test.') }))),
    rcode: 'SERVFAIL',
  },
  {
    rule: 'one of the same length',
    evil: handling(next => async query => next(query.with({ name: wire('evil.tesu.') }))),
    rcode: 'SERVFAIL',
  },
  {
    rule: 'another type',
    evil: handling(next => query => next(query.with({ type: 28 }))),
    rcode: 'SERVFAIL',
  },
  {
    rule: 'a type that differs by what would be a case',
    evil: handling(next => query => next(query.with({ type: 0x41 }))),
    rcode: 'SERVFAIL',
  },
  {
    rule: 'the same in another case',
    evil: handling(next => query => next(query.with({ name: wire('EVIL.test.') }))),
    rcode: 'NOERROR',
  },
  {
    rule: 'none',
    evil: handling(() => query => {
      const bytes = new Uint8Array(12)
      bytes.set(said(query).bytes.subarray(0, 4))
      return new Reply(bytes)
    }),
    rcode: 'NOERROR',
  },
]
for (const { rule, evil, rcode } of others)
  test(`a reply whose question is ${rule} is ${rcode}`, async () => {
    const between: Half = () => ({ wrap: PASSES })
    const { ask, lines, panics } = await shardOf({ errors, outer: between, evil, between, answers })
    const type = rule.includes('would be a case') ? 'TYPE97' : 'A'
    assert.equal((await ask(query('evil.test.', type)))?.rcode, rcode)
    const isFault = rcode === 'SERVFAIL'
    assert.deepEqual(lines, isFault ? [`[ERROR] ${PANIC} its reply is to another question`] : [])
    assert.equal(panics(), isFault ? 1 : 0)
  })

const a: RecordData = {
  owner: wire('evil.test.'),
  type: TYPE_A,
  ttlSeconds: 60,
  rdata: Uint8Array.of(192, 0, 2, 1),
}
type AnyChange = Parameters<typeof edit>[1]
const edits = (change: unknown): ((query: Query) => Reply) => {
  return query => edit(said(query), change as AnyChange)
}
const given: readonly {
  rule: string
  gives: (query: Query, next: Handler) => unknown
  line: string
}[] = [
  ...[99_999, -1, 1.5, 'x'].map(rcode => ({
    rule: `rcode ${rcode}`,
    gives: (query: Query) => answer(query, { rcode: rcode as number }),
    line: `rcode ${rcode}: must be 0 to 4095`,
  })),
  {
    rule: 'an edited rcode',
    gives: edits({ rcode: 1e9 }),
    line: 'rcode 1000000000: must be 0 to 4095',
  },
  ...[Number.NaN, -1].flatMap(ttl => [
    {
      rule: `an edited TTL ${ttl}`,
      gives: edits({ ttl }),
      line: `a TTL of ${ttl}: must be 0 to 4294967295`,
    },
    {
      rule: `a TTL ${ttl}`,
      gives: (query: Query) => answer(query, { answers: [{ ...a, ttlSeconds: ttl }] }),
      line: `a TTL of ${ttl}: must be 0 to 4294967295`,
    },
  ]),
  {
    rule: 'rdata of text',
    gives: query => answer(query, { answers: [{ ...a, rdata: 'text' as unknown as Uint8Array }] }),
    line: 'the rdata of a record is no bytes',
  },
  { rule: 'flags', gives: edits({ flags: 5 }), line: 'flags is no object' },
  { rule: 'an OPT', gives: edits({ opt: 5 }), line: 'opt is no object' },
  {
    rule: 'an OPT of an answer',
    gives: query => answer(query, { opt: 5 as unknown as { udpSize: number } }),
    line: 'opt is no object',
  },
  {
    rule: 'a query',
    gives: query => new Reply(query.bytes.slice()),
    line: 'its reply is a query',
  },
  {
    rule: 'another type',
    gives: (query, next) => next(query.with({ type: 1e6 })),
    line: 'type 1000000: must be 0 to 65535',
  },
  {
    rule: 'a type of text',
    gives: (query, next) => next(query.with({ type: 'A' as unknown as number })),
    line: 'type A: must be 0 to 65535',
  },
  {
    rule: 'too many options',
    gives: (query, next) => next(query.with({ options: new Uint8Array(70_000) })),
    line: 'bytes of options: 70000: must be 0 to 65535',
  },
  {
    rule: 'a deadline',
    gives: (query, next) => next(query.with({ deadlineMs: Number.NaN })),
    line: 'deadlineMs is no number',
  },
  {
    rule: 'a transport',
    gives: (query, next) => next(query.with({ transport: 'pigeon' as 'tcp' })),
    line: 'transport pigeon is none',
  },
]
for (const { rule, gives, line } of given)
  test(`what no message can hold is a fault: ${rule}`, async () => {
    const evil = handling(next => query => gives(query, next))
    const { ask, lines } = await shardOf({ errors, evil, answers })
    assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
    assert.deepEqual(lines, [`[ERROR] ${PANIC} ${line}`])
  })
