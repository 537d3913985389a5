// Plugins that keep no deadline: the client has its answer, the plugin is named, and what comes
// later harms nobody.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { ServerError } from '../../src/chain/errors.ts'
import type { Query } from '../../src/chain/query/query.ts'
import { after } from '../../src/chain/reply/after.ts'
import type { Reply } from '../../src/chain/reply/reply.ts'
import { TYPE_A } from '../../src/wire/rrtypes.ts'
import {
  answers,
  boom,
  errors,
  type Half,
  handling,
  never,
  PASSES,
  type Plugins,
  said,
  shardOf,
} from '../support/plugin-shard.ts'

const LATE = 'no answer to evil.test. A within 5 s'
const waits: readonly { rule: string; plugins: Plugins; by: string }[] = [
  { rule: 'the last', plugins: { errors, evil: handling(() => never) }, by: 'evil' },
  {
    rule: 'the innermost that still waits',
    plugins: { outer: () => ({ wrap: PASSES }), evil: handling(() => never) },
    by: 'evil',
  },
  {
    rule: 'not who has answered',
    plugins: {
      evil: handling(next => async query => {
        await next(query)
        return never()
      }),
      answers,
    },
    by: 'evil',
  },
  {
    rule: 'late answers are changed by somebody for ever',
    plugins: {
      evil: handling(next => query => after(next(query), never)),
      last: handling(() => async query => said(query)),
    },
    by: 'evil',
  },
  {
    rule: 'who asks in a loop',
    plugins: {
      evil: handling(next => async query => {
        for (;;) {
          await next(query)
          await turnOfLoop()
        }
      }),
      answers,
    },
    by: 'evil',
  },
]
for (const { rule, plugins, by } of waits)
  test(`who keeps no deadline is named, and the client gets SERVFAIL: ${rule}`, async () => {
    const { ask, pass, lines, panics } = await shardOf(plugins)
    const reply = ask()
    await pass(5000)
    assert.deepEqual(lines, [])
    await pass(300)
    assert.deepEqual(await reply, { rcode: 'SERVFAIL', answers: 0 })
    assert.deepEqual([lines, panics()], [[`[ERROR] plugin/${by}: ${LATE}`], 0])
  })

test('a plugin of the program that keeps no deadline is told without a name', async () => {
  const { ask, pass, lines } = await shardOf({ slow: handling(() => never) }, {}, '', false)
  const reply = ask()
  await pass(5300)
  assert.deepEqual(await reply, { rcode: 'SERVFAIL', answers: 0 })
  assert.deepEqual(lines, [`[ERROR] ${LATE}`])
})

const settles: readonly { rule: string; end: (query: Query) => Reply }[] = [
  { rule: 'with an answer', end: said },
  { rule: 'with a failure', end: boom },
  { rule: 'with rubbish', end: () => undefined as unknown as Reply },
]
for (const { rule, end } of settles)
  test(`what comes after the deadline harms nobody: ${rule}`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let ended = 0
    const evil = handling(() => async query => {
      await promise
      ended++
      return end(query)
    })
    const { ask, pass, lines, panics, generation, held } = await shardOf({ errors, evil })
    const reply = ask()
    assert.ok(held() > 0)
    await pass(5300)
    assert.equal(held(), 0)
    assert.equal((await reply)?.rcode, 'SERVFAIL')
    // Nothing is under way: the generation could end.
    await generation.settle(0)
    resolve()
    await turnOfLoop()
    assert.equal(held(), 0)
    assert.deepEqual([ended, lines, panics()], [1, [`[ERROR] plugin/evil: ${LATE}`], 0])
  })

test('what is cut is asked nothing more: a loop around the rest of the chain ends', async () => {
  let asked = 0
  let failure: unknown
  const evil = handling(next => async query => {
    try {
      for (;;) {
        await next(query)
        await turnOfLoop()
      }
    } catch (error) {
      failure = error
      throw error
    }
  })
  const { ask, pass } = await shardOf({
    evil,
    last: handling(() => query => {
      asked++
      return said(query)
    }),
  })
  const reply = ask()
  await pass(5300)
  await reply
  await turnOfLoop()
  await turnOfLoop()
  const before = asked
  await turnOfLoop()
  assert.equal(asked, before)
  assert.ok(failure instanceof ServerError)
})

test('one timer serves all that wait, and none rings when nobody does', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const evil = handling(() => async query => {
    await promise
    return said(query)
  })
  const { ask, pass, timers } = await shardOf({ evil })
  const replies = Array.from({ length: 100 }, () => ask())
  assert.equal(timers(), 1)
  await pass(1000)
  replies.push(ask())
  assert.equal(timers(), 1)
  resolve()
  await Promise.all(replies)
  await pass(6000)
  assert.equal(timers(), 0)
})

test('for a query that is cut nobody is asked any more', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let failure: unknown
  let asked = 0
  const evil: Half = scope => ({
    wrap: next => async query => {
      if (query.depth > 0) {
        asked++
        return next(query)
      }
      await promise
      await scope.resolve(query, 'x.test.', TYPE_A).catch(error => (failure = error))
      return next(query)
    },
  })
  const { ask, pass } = await shardOf({ evil, answers })
  const reply = ask()
  await pass(5300)
  await reply
  resolve()
  await turnOfLoop()
  assert.ok(failure instanceof ServerError)
  assert.equal(asked, 0)
})
