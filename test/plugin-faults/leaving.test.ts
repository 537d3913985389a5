// What `leaving` gives and throws for bytes that leave.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServerError } from '../../src/chain/errors.ts'
import {
  answers,
  boom,
  costTheirQueries,
  errors,
  type Half,
  never,
  PASSES,
  shardOf,
} from '../support/plugin-shard.ts'

costTheirQueries([
  { rule: 'leaving throws', evil: () => ({ wrap: PASSES, leaving: boom }), line: 'boom' },
  ...[
    { rule: 'nothing', gives: () => undefined, line: 'what leaving gives is no bytes' },
    {
      rule: 'no bytes at all',
      gives: () => new Uint8Array(0),
      line: 'leaving gives 0 bytes for 52, and reserves 0',
    },
    {
      rule: 'more than it reserves',
      gives: () => new Uint8Array(53),
      line: 'leaving gives 53 bytes for 52, and reserves 0',
    },
    {
      rule: 'more than fits into any message',
      gives: () => new Uint8Array(70_000),
      line: 'leaving gives 70000 bytes for 52, and reserves 0',
    },
    { rule: 'a promise', gives: () => never(), line: 'what leaving gives is no bytes' },
  ].map(({ rule, gives, line }) => ({
    rule: `leaving gives ${rule}`,
    evil: () => ({ wrap: PASSES, leaving: gives as unknown as () => Uint8Array }),
    line,
  })),
  {
    rule: 'concerns throws where messages leave',
    evil: () => ({ concerns: boom, wrap: PASSES, leaving: (_query, bytes) => bytes }),
    line: 'boom',
  },
])

test('when a message leaves nobody else logs an operating failure', async () => {
  const evil: Half = () => ({
    wrap: PASSES,
    leaving: () => {
      throw new ServerError('NO_KEY', 'no key', 5)
    },
  })
  const { ask, lines, panics } = await shardOf({ errors, evil, answers })
  assert.deepEqual(await ask(), { rcode: 'REFUSED', answers: 0 })
  assert.deepEqual([lines, panics()], [['[ERROR] plugin/evil: no key'], 0])
})
