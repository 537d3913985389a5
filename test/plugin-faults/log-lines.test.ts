// The line in the log on a plugin that fails: whose name it has, what it says of the error, and how
// often it comes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { ServerError } from '../../src/chain/errors.ts'
import type { Reply } from '../../src/chain/reply/reply.ts'
import { TYPE_A } from '../../src/wire/rrtypes.ts'
import { query } from '../support/plugin-harness.ts'
import { answers, boom, handling, PANIC, shardOf } from '../support/plugin-shard.ts'

test('a plugin has one line in a second, which counts what had none', async () => {
  const { ask, pass, lines, panics } = await shardOf(
    { evil: handling(() => boom) },
    { worse: handling(() => boom) },
  )
  for (let n = 0; n < 5; n++) await ask()
  await ask(query('x.other.test.'))
  await pass(1000)
  await ask()
  await pass(1000)
  await ask()
  assert.deepEqual(lines, [
    `[ERROR] ${PANIC} boom`,
    '[ERROR] Recovered from panic in server: "dns://:53" plugin/worse: boom',
    `[ERROR] ${PANIC} boom (and 4 more before)`,
    `[ERROR] ${PANIC} boom`,
  ])
  assert.equal(panics(), 8)
})

/** As one that was thrown in a plugin's folder. */
const thrownIn = (plugin: string): Error => {
  const error = new TypeError('boom')
  error.stack = `TypeError: boom\n    at file:///shardns/src/plugins/${plugin}/serve.ts:3:7`
  return error
}
const named: readonly { rule: string; fails: () => Promise<Reply>; text: string }[] = [
  {
    rule: 'by the stack',
    fails: () => Promise.reject(thrownIn('evil')),
    text: 'Recovered from panic in server: "dns://:53" plugin/evil: boom',
  },
  {
    rule: 'without a stack not at all',
    fails: () => Promise.reject('boom'),
    text: 'Recovered from panic in server: "dns://:53" boom',
  },
]
for (const { rule, fails, text } of named)
  test(`plugins of the program are named ${rule}`, async () => {
    const chain = { before: handling(next => next), evil: handling(() => fails) }
    const { ask, lines, panics } = await shardOf(chain, {}, '', false)
    assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
    await turnOfLoop()
    assert.deepEqual([lines, panics()], [[`[ERROR] ${text}`], 1])
  })

test('a promise that nobody waits for is named by where it failed', async () => {
  const { generation, lines, panics } = await shardOf({ answers })
  const error = new TypeError('boom')
  error.stack = 'TypeError: boom\n    at done (file:///srv/src/plugins/evil/serve.ts:1:1)'
  generation.faults.stray(error)
  generation.faults.stray('nobody knows')
  generation.faults.stray(new ServerError('CUT', 'too late for an answer'))
  assert.deepEqual(lines, [
    '[ERROR] Recovered from panic in server: plugin/evil: boom',
    '[ERROR] Recovered from panic in server: nobody knows',
  ])
  assert.equal(panics(), 2)
})

const odd: readonly { rule: string; error: unknown; text: string }[] = [
  {
    rule: 'whose stack fails',
    error: Object.defineProperty(new Error('odd'), 'stack', { get: boom }),
    text: 'odd',
  },
  {
    rule: 'whose text fails',
    error: Object.defineProperty(new Error('odd'), 'message', { get: boom }),
    text: 'something without a text',
  },
  {
    rule: 'that does not say what it is',
    error: new Proxy({}, { getPrototypeOf: boom }),
    text: 'something without a text',
  },
]
for (const { rule, error, text } of odd)
  test(`an error ${rule} costs its query all the same`, async () => {
    const evil = handling(() => query => {
      if (query.qtype === TYPE_A) throw error
      return Promise.reject(error)
    })
    const { ask, lines, generation, pass } = await shardOf({ evil })
    assert.equal((await ask())?.rcode, 'SERVFAIL')
    await pass(1000)
    assert.equal((await ask(query('evil.test.', 'AAAA')))?.rcode, 'SERVFAIL')
    generation.faults.stray(error)
    assert.deepEqual(lines, [
      `[ERROR] ${PANIC} ${text}`,
      `[ERROR] ${PANIC} ${text}`,
      `[ERROR] Recovered from panic in server: ${text}`,
    ])
  })
