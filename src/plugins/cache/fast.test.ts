import assert from 'node:assert/strict'
import { test } from 'node:test'
import { a, cacheChain } from '../../../test/support/cache-chain.ts'
import { query } from '../../../test/support/messages.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import { FAST_ANSWERED } from '../../chain/stage/fast-step.ts'
import { getU32 } from '../../wire/header.ts'

const STORED_SECONDS = 1000
const TTL = 30

const ages: { rule: string; nowSeconds: number; ttl: number; text?: string }[] = [
  { rule: 'just stored', nowSeconds: STORED_SECONDS, ttl: TTL },
  { rule: 'a while ago', nowSeconds: STORED_SECONDS + 10, ttl: TTL - 10 },
  { rule: 'in its last second', nowSeconds: STORED_SECONDS + TTL - 1, ttl: 1 },
  { rule: 'after the question was received', nowSeconds: STORED_SECONDS - 1, ttl: TTL },
  {
    rule: 'a while ago, with keepttl',
    nowSeconds: STORED_SECONDS + 10,
    ttl: TTL,
    text: 'cache {\nkeepttl\n}',
  },
]

for (const { rule, nowSeconds, ttl, text = 'cache' } of ages) {
  test(`fast cache hit: the TTL of what was stored ${rule}`, async () => {
    const chain = cacheChain(text, { answer: [a(TTL)] })
    chain.clock.advance(STORED_SECONDS * 1000 - chain.clock.ms())
    await chain.ask()
    const fast = new FastQuery(chain.newKey())
    query('www.example.org.').setKey(fast.key)
    fast.out = new Uint8Array(1232)
    fast.outWords = new Int32Array(fast.out.buffer)
    fast.outRoom = fast.out.length
    fast.nowSeconds = nowSeconds
    assert.equal(chain.stage.fast?.ask?.(fast), FAST_ANSWERED)
    assert.equal(fast.ttlCount, 1)
    assert.equal(getU32(fast.out, fast.ttlOffsets[0] ?? 0), ttl)
  })
}
