// Steps of the fast path that fail: the query takes the slow path, and the shard goes on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastQuery } from '../../src/chain/query/fast-query.ts'
import { FAST_NEXT, TRANSPARENT } from '../../src/chain/stage/fast-step.ts'
import type { Stage } from '../../src/chain/stage/handler.ts'
import { TYPE_A } from '../../src/wire/rrtypes.ts'
import { query } from '../support/plugin-harness.ts'
import { boom, type Half, hit, PANIC, PASSES, shardOf } from '../support/plugin-shard.ts'

/** What the fast path would do with a question, as far as its steps are asked. */
const fastQuery = (listener: { index: number; label: string }) =>
  ({ qtype: TYPE_A, askedBits: 0, concernedBits: 0, listener }) as unknown as FastQuery

const steps: readonly {
  rule: string
  evil: Partial<Stage>
  isAnswered: boolean
  /** Of the fast path; the slow path has its own. */
  line?: string
}[] = [
  { rule: 'ask throws', evil: { fast: { ask: boom } }, isAnswered: false, line: 'boom' },
  {
    rule: 'shape throws',
    evil: { fast: { ask: () => FAST_NEXT, shape: boom } },
    isAnswered: false,
    line: 'boom',
  },
  { rule: 'done throws', evil: { fast: { done: boom } }, isAnswered: true, line: 'boom' },
  { rule: 'concerns throws', evil: { concerns: boom, fast: TRANSPARENT }, isAnswered: false },
  {
    rule: 'concerns gives something else',
    evil: { concerns: () => 1 as unknown as boolean, fast: TRANSPARENT },
    isAnswered: false,
  },
  {
    rule: 'ask gives something else',
    evil: { fast: { ask: () => undefined as unknown as typeof FAST_NEXT } },
    isAnswered: false,
  },
]
for (const { rule, evil, isAnswered, line } of steps)
  test(`a fast step that fails costs no shard: ${rule}`, async () => {
    let done = 0
    const counts: Half = () => ({ wrap: PASSES, fast: { done: () => void done++ } })
    const shard = await shardOf({ counts, evil: () => ({ wrap: PASSES, ...evil }), hit })
    const chain = shard.at.router.route(query('evil.test.'))?.fast ?? assert.fail()
    const asked = fastQuery(shard.at.ref)
    assert.equal(chain.answer(asked), isAnswered)
    if (isAnswered) chain.done(asked)
    assert.equal(done, isAnswered ? 1 : 0)
    assert.equal(asked.askedBits, 0)
    assert.deepEqual(shard.lines, line === undefined ? [] : [`[ERROR] ${PANIC} ${line}`])
    assert.equal(shard.panics(), shard.lines.length)
  })

test('a step that fails when a batch has been sent hides nothing of the others', async () => {
  let sent = 0
  const counts: Half = () => ({ wrap: PASSES, fast: { batchSent: () => void sent++ } })
  const shard = await shardOf({
    evil: () => ({ wrap: PASSES, fast: { batchSent: boom } }),
    counts,
    hit,
  })
  shard.generation.batchSent(1)
  assert.equal(sent, 1)
  assert.deepEqual(shard.lines, ['[ERROR] Recovered from panic in server: plugin/evil: boom'])
})
