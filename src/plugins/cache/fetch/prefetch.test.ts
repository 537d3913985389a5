import assert from 'node:assert/strict'
import { test } from 'node:test'
import { a, cacheChain, NXDOMAIN, type Step, settle } from '../../../../test/support/cache-chain.ts'
import type { ReplyOptions } from '../../../../test/support/messages.ts'

const OLD = a(100, 1)
const NEW: ReplyOptions = { answer: [a(100, 2)] }

const cases: { name: string; text: string; hitsAt: number[]; isRefreshed: boolean }[] = [
  { name: 'popular and about to expire', text: 'prefetch 2', hitsAt: [80, 90], isRefreshed: true },
  { name: 'the last hit is too early', text: 'prefetch 2', hitsAt: [80, 89], isRefreshed: false },
  { name: 'too few hits', text: 'prefetch 3', hitsAt: [80, 90], isRefreshed: false },
  {
    name: 'the gap between the hits is too long',
    text: 'prefetch 2 20s',
    hitsAt: [70, 91],
    isRefreshed: false,
  },
  { name: 'the gap just fits', text: 'prefetch 2 20s', hitsAt: [70, 90], isRefreshed: true },
  {
    name: 'the percentage sets the time',
    text: 'prefetch 1 1m 50%',
    hitsAt: [50],
    isRefreshed: true,
  },
  { name: 'off', text: 'prefetch 0', hitsAt: [98, 99], isRefreshed: false },
]

for (const c of cases) {
  test(`prefetch: ${c.name}: ${c.isRefreshed ? '' : 'not '}refreshed`, async () => {
    const chain = cacheChain(`cache {\n${c.text}\n}`, { answer: [OLD] }, NEW)
    await chain.ask()
    let at = 0
    for (const seconds of c.hitsAt) {
      chain.clock.advance((seconds - at) * 1000)
      at = seconds
      assert.deepEqual((await chain.ask()).answer, [a(100 - seconds, 1)])
    }
    await settle()
    assert.equal(chain.asked.length, c.isRefreshed ? 2 : 1)
    assert.equal(chain.count('prefetch_total'), c.isRefreshed ? 1 : 0)
    const last = c.isRefreshed ? a(100, 2) : a(100 - at, 1)
    assert.deepEqual((await chain.ask()).answer, [last])
  })
}

test("prefetch: the refresh asks over TCP, with the client's DO and CD, and counts no miss", async () => {
  const chain = cacheChain('cache {\nprefetch 1 1m 90%\n}', { answer: [OLD] }, NEW)
  await chain.ask({ do: true, cd: true })
  chain.clock.advance(50_000)
  await chain.ask({ do: true, cd: true, transport: 'udp' })
  await settle()
  const refresh = chain.asked[1]
  assert.equal(refresh?.transport, 'tcp')
  assert.equal(refresh?.do, true)
  assert.equal(chain.count('misses_total'), 1)
})

test('prefetch: the successor keeps the popularity', async () => {
  const chain = cacheChain('cache {\nprefetch 3 1m 10%\n}', { answer: [OLD] }, NEW)
  await chain.ask()
  chain.clock.advance(90_000)
  for (let n = 0; n < 3; n++) await chain.ask()
  await settle()
  assert.equal(chain.asked.length, 2)
  chain.clock.advance(50_000)
  await chain.ask()
  chain.clock.advance(45_000)
  await chain.ask()
  await settle()
  assert.equal(chain.asked.length, 3)
})

test('prefetch: one refresh at a time over all shards', async () => {
  let end = (_: ReplyOptions): void => undefined
  const slow = new Promise<ReplyOptions>(resolve => {
    end = resolve
  })
  const chain = cacheChain('cache {\nprefetch 1 1m 90%\n}', { answer: [OLD] }, slow)
  const other = chain.shard(1)
  await chain.ask()
  chain.clock.advance(50_000)
  for (const shard of [chain, chain, other, other])
    assert.deepEqual((await shard.ask()).answer, [a(50)])
  assert.equal(chain.asked.length, 2)
  assert.equal(chain.count('prefetch_total') + other.count('prefetch_total'), 1)
  end(NEW)
  await settle()
  assert.deepEqual((await other.ask()).answer, [a(100, 2)])
})

const keepsOld: { name: string; step: Step }[] = [
  { name: 'SERVFAIL', step: { rcode: 'SERVFAIL' } },
  { name: 'REFUSED', step: { rcode: 'REFUSED' } },
  { name: 'a truncated reply', step: { answer: [a(100, 2)], tc: true } },
  { name: 'a failure', step: 'UPSTREAM_TIMEOUT' },
  { name: 'a late failure', step: async () => Promise.reject(new Error('late')) },
]

for (const c of keepsOld) {
  test(`prefetch: ${c.name} replaces nothing and reaches no client`, async () => {
    const chain = cacheChain('cache {\nprefetch 1 1m 90%\n}', { answer: [OLD] }, c.step)
    await chain.ask()
    chain.clock.advance(50_000)
    await chain.ask()
    await settle()
    assert.equal(chain.asked.length, 2)
    assert.deepEqual((await chain.ask()).answer, [a(50, 1)])
  })
}

test('prefetch: a new answer removes what it contradicts', async () => {
  const chain = cacheChain(
    'cache {\nprefetch 1 1m 50%\n}',
    NXDOMAIN,
    { answer: [a(8)] },
    { answer: [a(9)] },
  )
  await chain.ask()
  chain.clock.advance(30_000)
  assert.equal((await chain.ask()).rcode, 'NXDOMAIN')
  await settle()
  assert.deepEqual((await chain.ask()).answer, [a(8)])
  chain.clock.advance(8000)
  assert.deepEqual(
    (await chain.ask()).answer,
    [a(9)],
    'the denial, whose time is not over, does not come back',
  )
})
