// Streams that fail before their first message, and after it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Query } from '../../src/chain/query/query.ts'
import type { Stage } from '../../src/chain/stage/handler.ts'
import type { Connection } from '../../src/net/engine.ts'
import { query } from '../support/plugin-harness.ts'
import {
  answers,
  boom,
  errors,
  type Half,
  PANIC,
  PASSES,
  said,
  shardOf,
} from '../support/plugin-shard.ts'

const AXFR = query('evil.test.', 'AXFR')
const streams: readonly { rule: string; stream: unknown; line: string; messages: number }[] = [
  { rule: 'it throws', stream: boom, line: 'boom', messages: 0 },
  {
    rule: 'it is no stream',
    stream: () => 42,
    line: 'what stream gives is no AsyncIterable: an async generator makes one',
    messages: 0,
  },
  {
    rule: 'no message',
    stream: async function* () {},
    line: 'a stream without messages',
    messages: 0,
  },
  {
    rule: 'a message that is none',
    stream: async function* () {
      yield 42
    },
    line: 'a message of a stream is no reply',
    messages: 0,
  },
  {
    rule: 'a later one that is none',
    stream: async function* (asked: Query) {
      yield said(asked)
      yield undefined
    },
    line: 'a message of a stream is no reply',
    messages: 1,
  },
  {
    rule: 'it throws later',
    stream: async function* (asked: Query) {
      yield said(asked)
      boom()
    },
    line: 'boom',
    messages: 1,
  },
  {
    rule: 'later steps are none',
    stream: (asked: Query) => ({
      [Symbol.asyncIterator]: () => {
        let count = 0
        return { next: () => (count++ === 0 ? { value: said(asked) } : undefined), return: boom }
      },
    }),
    line: "Cannot destructure property 'done'",
    messages: 1,
  },
]
for (const { rule, stream, line, messages } of streams)
  test(`a stream that fails is named: ${rule}`, async () => {
    const evil: Half = () => ({ wrap: PASSES, stream: stream as NonNullable<Stage['stream']> })
    const { ask, lines, panics, generation } = await shardOf({ errors, evil, answers })
    let sent = 0
    const connection: Connection = {
      stream: async (_first, rest) => {
        sent++
        for await (const _ of rest) sent++
      },
    }
    const reply = await ask(AXFR, 'tcp', connection)
    assert.equal(reply?.rcode, messages === 0 ? 'SERVFAIL' : undefined)
    assert.equal(sent, messages)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.ok(lines[0]?.startsWith(`[ERROR] ${PANIC} ${line}`), lines.join())
    assert.equal(panics(), 1)
    await generation.settle(0)
  })
