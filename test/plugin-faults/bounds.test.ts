// How much one query may lead to: questions of the server's own, calls of the rest of the chain,
// waits for upstreams.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { renamed } from '../../src/chain/answer/renamed.ts'
import type { Query } from '../../src/chain/query/query.ts'
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

const ownQuestions: readonly { rule: string; evil: Half; line: string; rcode: string }[] = [
  {
    rule: 'too deep',
    evil: scope => ({
      wrap: () => async query => renamed(query, await scope.resolve(query, 'x.test.', TYPE_A)),
    }),
    line: "[ERROR] plugin/evil: its question for x.test. A stands more than 8 questions of the server's own deep",
    rcode: 'SERVFAIL',
  },
  {
    rule: 'too many',
    evil: scope => ({
      wrap: next => async query => {
        if (query.depth > 0) return next(query)
        for (let n = 0; n < 101; n++) await scope.resolve(query, 'x.test.', TYPE_A)
        return next(query)
      },
    }),
    line: "[ERROR] plugin/evil: its question for x.test. A is one more than the 100 that a client's query may lead to",
    rcode: 'NOERROR',
  },
]
for (const { rule, evil, line, rcode } of ownQuestions)
  test(`who asks the server without end is named: ${rule}`, async () => {
    const { ask, lines, panics } = await shardOf({ errors, evil, answers })
    assert.equal((await ask())?.rcode, rcode)
    assert.deepEqual([lines, panics()], [[line], 0])
  })

test('a plugin that fails at a question of the server is named, once', async () => {
  const asks: Half = scope => ({
    wrap: next => async query => {
      if (query.depth > 0) return next(query)
      const { rcode } = await scope.resolve(query, 'x.test.', TYPE_A)
      return rcode === 2 ? said(query) : assert.fail()
    },
  })
  for (const fails of [boom, async () => turnOfLoop().then(boom)]) {
    const { ask, lines, panics } = await shardOf({ errors, asks, evil: handling(() => fails) })
    assert.equal((await ask())?.rcode, 'NOERROR')
    assert.deepEqual([lines, panics()], [[`[ERROR] ${PANIC} boom`], 1])
  }
})

/** Each keeps on for as long as nothing is thrown at it. */
const endless: readonly { rule: string; evil: Half; line: string }[] = [
  {
    rule: 'the rest of the chain, one after the other',
    evil: handling(next => async query => {
      for (;;) await next(query)
    }),
    line: `${PANIC} one query leads to more than 10000 calls of plugins`,
  },
  {
    rule: 'the rest of the chain, all at once',
    evil: handling(next => async query => {
      const replies = await Promise.all(Array.from({ length: 20_000 }, () => next(query)))
      return replies[0]
    }),
    line: `${PANIC} one query leads to more than 10000 calls of plugins`,
  },
  {
    rule: 'the rest of the chain, at once and synchronously',
    evil: handling(next => query => {
      for (;;) next(query)
    }),
    line: `${PANIC} one query leads to more than 10000 calls of plugins`,
  },
  {
    rule: 'the server, after it was refused',
    evil: scope => ({
      wrap: next => async query => {
        if (query.depth > 0) return next(query)
        for (;;) await scope.resolve(query, 'x.test.', TYPE_A)
      },
    }),
    line: "plugin/evil: its question for x.test. A is one more than the 100 that a client's query may lead to",
  },
  {
    rule: 'the server for what is no name',
    evil: scope => ({
      wrap: () => async query => {
        for (;;) await scope.resolve(query, 'a..b', TYPE_A)
      },
    }),
    line: `${PANIC} asks on after 1000 refused questions for one query`,
  },
  {
    rule: 'itself through the server, twice each time',
    evil: scope => ({
      wrap: () => async query => {
        for (;;) await Promise.all([1, 2].map(() => scope.resolve(query, 'x.test.', TYPE_A)))
      },
    }),
    line: "plugin/evil: its question for x.test. A stands more than 8 questions of the server's own deep",
  },
]
for (const { rule, evil, line } of endless)
  test(`who asks without end is stopped, and named: ${rule}`, async () => {
    const between: Half = () => ({ concerns: () => false, wrap: PASSES })
    const { ask, lines, panics } = await shardOf({ errors, evil, between, answers })
    assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
    assert.deepEqual(lines, [`[ERROR] ${line}`])
    assert.ok(panics() > 0)
  })

test('questions to upstreams are bounded more tightly', async () => {
  let sent = 0
  const upstream = handling(() => query => {
    query.mustWait()
    sent++
    return turnOfLoop().then(() => said(query))
  })
  const evil = handling(next => async query => {
    const replies = await Promise.all(Array.from({ length: 20_000 }, () => next(query)))
    return replies[0]
  })
  const { ask, lines } = await shardOf({ errors, evil, upstream })
  assert.equal((await ask())?.rcode, 'SERVFAIL')
  assert.equal(sent, 1001)
  assert.deepEqual(lines, [`[ERROR] ${PANIC} one query waits for upstreams more than 1000 times`])
})

test('a walk through a hundred domains is none too many', async () => {
  const behind = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`p${n}`, handling(next => query => next(query))]),
  )
  const walks = handling(next => async query => {
    let last = await next(query)
    for (let n = 0; n < 100; n++) last = await next(query.with({ name: wire(`n${n}.test.`) }))
    return renamed(query, last)
  })
  const { ask } = await shardOf({ walks, ...behind, answers })
  assert.equal((await ask())?.rcode, 'NOERROR')
})

test('no change of a query begins its bounds anew', () => {
  const own = query('a.test.').asOwn({ type: TYPE_A })
  const change = { depth: 0, receivedMs: 9000 } as Parameters<Query['with']>[0]
  const other = own.with(change)
  assert.deepEqual([other.depth, other.receivedMs, other.deadlineMs], [1, 0, own.deadlineMs])
})
