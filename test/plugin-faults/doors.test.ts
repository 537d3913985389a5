// The doors of a stage beside its handler, on the slow path: what they give and throw, what is no
// stage at all, and which questions they are not asked for.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Query } from '../../src/chain/query/query.ts'
import type { Stage } from '../../src/chain/stage/handler.ts'
import { query } from '../support/plugin-harness.ts'
import {
  answers,
  boom,
  costTheirQueries,
  errors,
  fastQueryOf,
  type Half,
  hit,
  PASSES,
  said,
  shardOf,
} from '../support/plugin-shard.ts'

costTheirQueries([
  {
    rule: 'concerns throws',
    evil: () => ({ concerns: boom, wrap: PASSES }),
    line: 'boom',
  },
  {
    rule: 'concerns gives a promise',
    evil: () => ({ concerns: (async () => false) as unknown as () => boolean, wrap: PASSES }),
    line: 'what concerns gives is no boolean',
  },
  {
    rule: 'accepts throws',
    evil: () => ({ accepts: boom, wrap: PASSES }),
    view: 'chosen',
    line: 'boom',
  },
  {
    rule: 'accepts gives a promise',
    evil: () => ({ accepts: (async () => false) as unknown as () => boolean, wrap: PASSES }),
    view: 'chosen',
    line: 'what accepts gives is no boolean',
  },
])

const wraps: readonly { rule: string; stage: unknown; message: string }[] = [
  {
    rule: 'wrap gives nothing',
    stage: { wrap: () => undefined },
    message: 'what wrap gives is no function',
  },
  {
    rule: 'wrap gives a promise',
    stage: { wrap: async () => said },
    message: 'what wrap gives is no function',
  },
  {
    rule: 'a door that is no function',
    stage: { wrap: PASSES, concerns: 1 },
    message: 'concerns is no function',
  },
  {
    rule: 'a door that is nothing',
    stage: { wrap: PASSES, leaving: null },
    message: 'leaving is no function',
  },
  {
    rule: 'a fast step that is none',
    stage: { wrap: PASSES, fast: 42 },
    message: 'fast is no step',
  },
  {
    rule: 'a fast step with something else',
    stage: { wrap: PASSES, fast: { ask: 1 } },
    message: 'fast.ask is no function',
  },
]
for (const { rule, stage, message } of wraps)
  test(`what cannot be a stage fails at load, by the name of its plugin: ${rule}`, async () => {
    const evil = (() => stage) as Half
    await assert.rejects(shardOf({ errors, evil, answers }), { message: `plugin/evil: ${message}` })
  })

const doors: readonly { rule: string; evil: (met: () => boolean) => Partial<Stage> }[] = [
  { rule: 'accepts', evil: met => ({ accepts: met }) },
  { rule: 'takes', evil: met => ({ accepts: met, takes: met }) },
  {
    rule: 'concerns',
    evil: met => ({ concerns: met, leaving: (_query: Query, bytes: Uint8Array) => bytes }),
  },
]
for (const { rule, evil } of doors)
  test(`no plugin is asked anything for a question that has killed: ${rule}`, async () => {
    let met = 0
    const meets = (): boolean => {
      met++
      return true
    }
    const shard = await shardOf(
      { evil: () => ({ wrap: PASSES, ...evil(meets) }), hit },
      {},
      rule === 'concerns' ? '' : 'chosen',
    )
    const asked = query('evil.test.')
    assert.equal((await shard.ask(asked))?.rcode, 'NOERROR')
    assert.ok(met > 0)
    shard.refuse(asked)
    met = 0
    assert.equal(shard.path.answer(shard.at, fastQueryOf(asked)), 0)
    assert.deepEqual(await shard.ask(asked), { rcode: 'REFUSED', answers: 0 })
    assert.equal(met, 0)
  })
