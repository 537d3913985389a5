// How an answer of several messages ends before its time: failures, bounds, a stage that is silent,
// a configuration that is replaced.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { systemClock } from '../../src/base/time/clock.ts'
import { answer } from '../../src/chain/answer/answer.ts'
import { ServerError } from '../../src/chain/errors.ts'
import type { Query } from '../../src/chain/query/query.ts'
import { after } from '../../src/chain/reply/after.ts'
import { SILENCE } from '../../src/chain/reply/reply.ts'
import type { Handler, Stage } from '../../src/chain/stage/handler.ts'
import type { StreamLimits } from '../../src/shard/answer/stream.ts'
import { ShardGeneration, type ShardParts } from '../../src/shard/generation.ts'
import type { GenerationMessage } from '../../src/shard/messages.ts'
import { show } from '../support/plugin-harness.ts'
import {
  ask,
  axfr,
  boom,
  endless,
  MIB,
  many,
  message,
  numbers,
  type Script,
  streamingStage,
  until,
  world,
} from '../support/streaming-shard.ts'

const failures: readonly {
  rule: string
  script: Script
  /** Before it broke off; undefined: the answer is SERVFAIL. */
  expected: readonly number[] | undefined
  panics: number
  log: RegExp
}[] = [
  {
    rule: 'a failure after some messages breaks off',
    script: query => boom(query, 2, () => new ServerError('DISK', 'cannot read')),
    expected: [0, 1],
    panics: 0,
    log: /plugin\/stage0: stream of example\.org\. AXFR broken off: cannot read/,
  },
  {
    rule: 'so does a defect, which is a panic',
    script: query => boom(query, 2, () => new TypeError('broken')),
    expected: [0, 1],
    panics: 1,
    log: /Recovered from panic .*plugin\/stage0: broken/,
  },
  {
    rule: 'a failure before the first message is an answer',
    script: query => boom(query, 0, () => new TypeError('broken')),
    expected: undefined,
    panics: 1,
    log: /plugin\/stage0: broken/,
  },
  {
    rule: 'no message at all is a defect',
    script: query => boom(query, 0, () => undefined),
    expected: undefined,
    panics: 1,
    log: /plugin\/stage0: a stream without messages/,
  },
  {
    rule: 'silence has no place between messages',
    async *script(query) {
      yield message(query, 0)
      yield SILENCE
    },
    expected: [0],
    panics: 1,
    log: /plugin\/stage0: .*silence, or does not fit/,
  },
  {
    rule: 'a message that does not fit would lose records',
    async *script(query) {
      yield message(query, 0)
      yield message(query, 1, 70_000)
    },
    expected: [0],
    panics: 1,
    log: /plugin\/stage0: .*silence, or does not fit/,
  },
]
for (const { rule, script, expected, panics, log } of failures) {
  test(`failing streams: ${rule}`, async () => {
    const { stage, fate } = streamingStage(script)
    const one = world([stage])
    const got = await ask(one, axfr)
    if (expected === undefined) assert.deepEqual(got.messages.map(show)[0]?.rcode, 'SERVFAIL')
    else assert.deepEqual(numbers(got.messages), expected)
    assert.equal(got.isCut, expected !== undefined)
    assert.equal(one.panics(), panics)
    await until(() => one.logged.length > 0)
    assert.match(one.logged.join('\n'), log)
    await until(() => fate.open === 0)
  })
}

const bounds: readonly { rule: string; streamLimits: StreamLimits; most: number }[] = [
  { rule: 'messages', streamLimits: { messages: 20, bytes: MIB }, most: 21 },
  { rule: 'bytes', streamLimits: { messages: 1000, bytes: 10_000 }, most: 11 },
]
for (const { rule, streamLimits, most } of bounds) {
  test(`a stream without an end is broken off: ${rule}`, async () => {
    const { stage, fate } = streamingStage(endless)
    const one = world([stage], { streamLimits })
    const got = await ask(one, axfr)
    assert.equal(got.isCut, true)
    assert.ok(got.messages.length <= most, `${got.messages.length} messages`)
    assert.match(one.logged.join('\n'), /broken off: more than/)
    await until(() => fate.open === 0)
  })
}

test('a stream without an end leaves others their turns', async () => {
  const { stage } = streamingStage(endless)
  const one = world([stage], { streamLimits: { messages: 2000, bytes: 100 * MIB } })
  const stream = ask(one, axfr)
  let isOver = false
  void stream.then(() => (isOver = true))
  for (let n = 0; n < 100; n++) await turnOfLoop()
  assert.equal(isOver, false)
  await stream
})

for (const [rule, first] of [
  ['the first message', 0],
  ['a later one', 2],
] as const) {
  test(`a stage whose next message never comes: ${rule}`, async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { stage, fate } = streamingStage(async function* (query, fate) {
      for (let n = 0; n < first; n++) yield message(query, n)
      fate.asked++
      await new Promise(() => {})
    })
    const one = world([stage])
    const stream = ask(one, axfr)
    await until(() => fate.asked === 1)
    t.mock.timers.tick(5000)
    const got = await stream
    assert.equal(got.isCut, first > 0)
    assert.deepEqual(got.messages.length, Math.max(1, first))
  })
}

test('a stage that begins stream after stream for one question is stopped, and all are ended', async () => {
  const { stage, fate } = streamingStage(many(3))
  const greedy: Stage = {
    wrap: next => async query => {
      for (;;) await next(query)
    },
  }
  const one = world([greedy, stage])
  const { messages } = await ask(one, axfr)
  assert.equal(show(messages[0]!).rcode, 'SERVFAIL')
  assert.match(one.logged.join('\n'), /more than 8 streams/)
  await until(() => fate.open === 0)
  assert.equal(fate.asked, 8)
})

test('a reply that a stage in front puts in the place of a stream ends the stream', async () => {
  const { stage, fate } = streamingStage(many(3))
  const refuses: Stage = {
    wrap: next => query => after(next(query), () => answer(query, { rcode: 5 })),
  }
  const { messages } = await ask(world([refuses, stage]), axfr)
  assert.deepEqual(
    messages.map(bytes => show(bytes).rcode),
    ['REFUSED'],
  )
  await until(() => fate.open === 0)
})

test('a message that brings others of its own is a defect: they would be lost', async () => {
  const { stage } = streamingStage(many(3))
  const forgets: Stage = {
    wrap: next => next,
    async *stream(query: Query, next: Handler) {
      yield message(query, 0)
      yield await next(query)
    },
  }
  const one = world([forgets, stage])
  const got = await ask(one, axfr)
  assert.deepEqual([got.isCut, numbers(got.messages)], [true, [0]])
  assert.match(one.logged.join('\n'), /brings others/)
})

const generation = (): Promise<ShardGeneration> =>
  ShardGeneration.load(
    {
      id: 1,
      listeners: [],
      blocks: [],
      words: new SharedArrayBuffer(64),
      sharedWords: 0,
      rowWords: 16,
      panics: 0,
    } as unknown as GenerationMessage,
    { shard: 0, clock: systemClock } as unknown as ShardParts,
  )

/** A stream that gives its next message when told to. */
const held = (count: number) => {
  let tell = (): void => {}
  const { stage, fate } = streamingStage(async function* (query, fate) {
    for (let n = 0; n < count; n++) {
      yield message(query, n)
      fate.asked++
      await new Promise<void>(resolve => {
        tell = resolve
      })
    }
  })
  return { stage, fate, tell: () => tell() }
}

test('a configuration that is replaced waits for its streams within its grace', async () => {
  const { stage, fate, tell } = held(2)
  const its = await generation()
  const stream = ask(world([stage], { generation: its }), axfr)
  await until(() => fate.asked === 1)
  let isRetired = false
  const retiring = its.retire(60_000).then(() => (isRetired = true))
  for (let n = 0; n < 20; n++) await turnOfLoop()
  assert.equal(isRetired, false)
  tell()
  await until(() => fate.asked === 2)
  tell()
  const got = await stream
  await retiring
  assert.deepEqual([got.isCut, numbers(got.messages)], [false, [0, 1]])
})

test('a stream that outlasts the grace is broken off', async () => {
  const { stage, fate, tell } = held(10)
  const its = await generation()
  const one = world([stage], { generation: its })
  const stream = ask(one, axfr)
  await until(() => fate.asked === 1)
  await its.retire(0)
  tell()
  const got = await stream
  assert.equal(got.isCut, true)
  assert.ok(fate.asked <= 2)
  assert.match(one.logged.join('\n'), /its configuration has ended/)
  await until(() => fate.open === 0)
})
