// Answers of several messages between the stages of a chain: who streams, what the stages in front
// of and behind it see and change, over connections in memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edit } from '../../src/chain/answer/edit.ts'
import type { Query } from '../../src/chain/query/query.ts'
import { after } from '../../src/chain/reply/after.ts'
import { eachMessage, messagesOf } from '../../src/chain/reply/stream.ts'
import { inFront, noNext, type Stage } from '../../src/chain/stage/handler.ts'
import { observe } from '../../src/chain/stage/observe.ts'
import { cache } from '../../src/plugins/cache/index.ts'
import { chain, query, show } from '../support/plugin-harness.ts'
import {
  type Asking,
  ask,
  axfr,
  many,
  message,
  numbers,
  type Script,
  streamingStage,
  until,
  world,
} from '../support/streaming-shard.ts'

const whoStreams: readonly {
  rule: string
  asked?: Query
  asking?: Asking
  script?: Script
  expected: readonly number[]
}[] = [
  { rule: 'AXFR over TCP', expected: [0, 1, 2] },
  { rule: 'IXFR over TLS', asked: query('example.org.', 'IXFR'), expected: [0, 1, 2] },
  { rule: 'one message', script: many(1), expected: [0] },
  { rule: 'over UDP the handler answers', asking: { transport: 'udp' }, expected: [99] },
  {
    rule: 'where a question gets one message the handler answers',
    asking: { transport: 'https', canStream: false },
    expected: [99],
  },
  { rule: 'another question', asked: query('example.org.', 'TXT'), expected: [99] },
  { rule: 'a stage that has no stream for it', script: () => undefined, expected: [99] },
]
for (const { rule, asked = axfr, asking, script = many(3), expected } of whoStreams) {
  test(`who streams: ${rule}`, async () => {
    const { stage, fate } = streamingStage(script)
    const got = await ask(world([stage]), asked, {
      ...asking,
      canStream: asking?.canStream ?? asking?.transport !== 'udp',
    })
    assert.deepEqual(numbers(got.messages), expected)
    await until(() => fate.open === 0)
  })
}

test('each message has the id, the question and an OPT for its client', async () => {
  const { stage } = streamingStage(many(3))
  const asked = query('eXample.org.', 'AXFR', { id: 77, udpSize: 4096 })
  const { messages } = await ask(world([stage]), asked)
  assert.deepEqual(
    messages.map(show).map(({ id, question, edns }) => [id, question, edns?.udpSize]),
    Array(3).fill([77, 'eXample.org. IN AXFR', 4096]),
  )
})

test('stages in front see one reply, the first message; what edits it keeps the others', async () => {
  const seen: number[] = []
  const watches: Stage = {
    wrap: observe({
      onReply: (_query, reply) => void seen.push(...numbers([reply.bytes])),
      onFailure: () => assert.fail('failed'),
    }),
  }
  const edits: Stage = {
    wrap: next => query => after(next(query), reply => edit(reply, { ttl: 3605 })),
  }
  const { stage } = streamingStage(many(3))
  const { messages } = await ask(world([watches, edits, stage]), axfr)
  assert.deepEqual([seen, numbers(messages)], [[5], [5, 1, 2]])
})

test('a stage in front can change every message, and one behind can be its source', async () => {
  const changes: Stage = {
    wrap: next => query =>
      after(next(query), reply => eachMessage(reply, one => edit(one, { ttl: s => s + 10 }))),
  }
  const { stage, fate } = streamingStage(many(3))
  assert.deepEqual(numbers((await ask(world([changes, stage]), axfr)).messages), [10, 11, 12])
  const wraps: Stage = {
    wrap: next => next,
    async *stream(query, next) {
      yield message(query, 50)
      yield* messagesOf(await next(query))
    },
  }
  assert.deepEqual(numbers((await ask(world([wraps, stage]), axfr)).messages), [50, 0, 1, 2])
  assert.equal(fate.open, 0)
})

test('cache lets the messages pass as they are, and shares them with nobody', async () => {
  const { stage, fate } = streamingStage(many(3))
  const { handle } = await chain(cache, 'cache', { next: inFront(stage, noNext('test')) })
  const { receiver, ...rest } = world([{ wrap: () => handle }])
  for (let n = 0; n < 2; n++)
    assert.deepEqual(
      (await Promise.all([1, 2].map(() => ask({ receiver, ...rest }, axfr)))).map(got =>
        numbers(got.messages),
      ),
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    )
  assert.deepEqual(fate, { asked: 12, open: 0 })
})

test('every message passes the stages that see it leave, with the same query', async () => {
  const queries = new Set<Query>()
  const signs: Stage = {
    wrap: next => next,
    reserves: 1,
    leaving(query, bytes) {
      queries.add(query)
      return Uint8Array.of(...bytes, 7)
    },
  }
  const { stage } = streamingStage(many(3))
  const { messages } = await ask(world([signs, stage]), axfr)
  assert.deepEqual(
    messages.map(bytes => bytes.at(-1)),
    [7, 7, 7],
  )
  assert.equal(queries.size, 1)
})

test('the client leaves: the stage is told', async () => {
  const { stage, fate } = streamingStage(many(1000))
  const { messages } = await ask(world([stage]), axfr, { leavesAfter: 3 })
  assert.equal(messages.length, 3)
  await until(() => fate.open === 0)
  assert.ok(fate.asked < 6, `${fate.asked} asked for`)
})
