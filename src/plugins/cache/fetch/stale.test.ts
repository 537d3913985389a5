import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { a, cacheChain, NXDOMAIN, type Step, settle } from '../../../../test/support/cache-chain.ts'
import type { ReplyOptions } from '../../../../test/support/messages.ts'
import { ServerError } from '../../../chain/errors.ts'

const OLD: ReplyOptions = { answer: [a(60, 1)] }
const NEW: ReplyOptions = { answer: [a(60, 2)] }
const cacheWith = (...lines: string[]): string => `cache {\n${lines.join('\n')}\n}`
const never = new Promise<ReplyOptions>(() => undefined)

test('serve_stale immediate: the stale answer at once, with TTL 0, and a refresh over TCP', async () => {
  const chain = cacheChain(cacheWith('serve_stale'), OLD, NEW)
  await chain.ask()
  chain.clock.advance(3_600_000)
  assert.deepEqual((await chain.ask()).answer, [a(0, 1)])
  await settle()
  assert.equal(chain.asked[1]?.transport, 'tcp')
  assert.deepEqual((await chain.ask()).answer, [a(60, 2)])
  assert.equal(chain.count('served_stale_total'), 1)
  assert.equal(chain.count('hits_total', { type: 'success' }), 2)
  assert.equal(chain.count('prefetch_total'), 1)
  assert.equal(chain.count('misses_total'), 1)
})

test('serve_stale: an entry is too old once DURATION has passed since it expired', async () => {
  const chain = cacheChain(cacheWith('serve_stale 10s'), OLD, never)
  await chain.ask()
  chain.clock.advance(69_000)
  assert.deepEqual((await chain.ask()).answer, [a(0, 1)])
  const other = cacheChain(cacheWith('serve_stale 10s'), OLD, NEW)
  await other.ask()
  other.clock.advance(70_000)
  assert.deepEqual((await other.ask()).answer, [a(60, 2)])
})

test('serve_stale: RESPONSE_TTL, also with keepttl', async () => {
  for (const lines of [
    ['serve_stale 1h immediate 30s'],
    ['serve_stale 1h verify 0s 30s', 'keepttl'],
  ]) {
    const chain = cacheChain(cacheWith(...lines), OLD, 'UPSTREAM_TIMEOUT')
    await chain.ask()
    chain.clock.advance(60_000)
    assert.deepEqual((await chain.ask()).answer, [a(30, 1)])
  }
})

const bad: { name: string; step: Step }[] = [
  { name: 'SERVFAIL', step: { rcode: 'SERVFAIL' } },
  { name: 'REFUSED', step: { rcode: 'REFUSED' } },
  { name: 'a failure', step: 'UPSTREAM_TIMEOUT' },
  {
    name: 'a late failure',
    step: () => settle().then(() => Promise.reject(new ServerError('LATE', 'late'))),
  },
]

for (const mode of ['immediate', 'verify']) {
  for (const c of bad) {
    test(`serve_stale ${mode}: ${c.name} replaces nothing`, async () => {
      const chain = cacheChain(cacheWith(`serve_stale 1h ${mode}`), OLD, c.step)
      await chain.ask()
      chain.clock.advance(60_000)
      for (let n = 0; n < 2; n++) {
        assert.deepEqual((await chain.ask()).answer, [a(0, 1)])
        await settle()
      }
      assert.equal(chain.asked.length, 3)
      assert.equal(chain.count('served_stale_total'), 2)
    })

    test(`serve_stale ${mode}: after ${c.name} an entry rests for FAILURE_RECHECK`, async () => {
      const timeout = mode === 'verify' ? ' 0s' : ''
      const chain = cacheChain(cacheWith(`serve_stale 1h ${mode}${timeout} 0s 10s`), OLD, c.step)
      await chain.ask()
      chain.clock.advance(60_000)
      await chain.ask()
      await settle()
      chain.clock.advance(9000)
      for (const shard of [chain, chain.shard(1)])
        assert.deepEqual((await shard.ask()).answer, [a(0, 1)])
      await settle()
      assert.equal(chain.asked.length, 2)
      chain.script(NEW)
      chain.clock.advance(1000)
      await chain.ask()
      await settle()
      assert.equal(chain.asked.length, 3)
      assert.deepEqual((await chain.ask()).answer, [a(60, 2)])
    })
  }

  test(`serve_stale ${mode}: NXDOMAIN replaces the stale answer for good`, async () => {
    const chain = cacheChain(cacheWith(`serve_stale 1h ${mode}`), { answer: [a(600)] }, NXDOMAIN)
    await chain.ask()
    chain.clock.advance(600_000)
    await chain.ask()
    await settle()
    assert.equal((await chain.ask()).rcode, 'NXDOMAIN')
    chain.clock.advance(60_000)
    assert.equal((await chain.ask()).rcode, 'NXDOMAIN')
  })
}

test('serve_stale verify: a fresh answer goes out and is kept', async () => {
  const chain = cacheChain(cacheWith('serve_stale 1h verify'), OLD, NEW)
  await chain.ask()
  chain.clock.advance(60_000)
  assert.deepEqual((await chain.ask()).answer, [a(60, 2)])
  assert.deepEqual((await chain.ask()).answer, [a(60, 2)])
  assert.equal(chain.asked.length, 2)
  assert.equal(chain.asked[1]?.transport, 'udp')
  assert.equal(chain.count('served_stale_total'), 0)
})

test('serve_stale verify: after VERIFY_TIMEOUT the stale answer, and the question goes on', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  let end = (_: ReplyOptions): void => undefined
  const slow = new Promise<ReplyOptions>(resolve => {
    end = resolve
  })
  const chain = cacheChain(cacheWith('serve_stale 1h verify 200ms'), OLD, slow)
  await chain.ask()
  chain.clock.advance(60_000)
  const answer = chain.ask()
  mock.timers.tick(200)
  assert.deepEqual((await answer).answer, [a(0, 1)])
  assert.equal(chain.count('served_stale_total'), 1)
  end(NEW)
  await settle()
  assert.deepEqual((await chain.ask()).answer, [a(60, 2)])
  assert.equal(chain.asked.length, 2)
})

test('serve_stale verify: a VERIFY_TIMEOUT beyond what Node takes as a timer is not over at once', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const slow = Promise.withResolvers<ReplyOptions>()
  const chain = cacheChain(cacheWith('serve_stale 1h verify 600h'), OLD, slow.promise)
  await chain.ask()
  chain.clock.advance(60_000)
  const answer = chain.ask()
  mock.timers.tick(60_000)
  slow.resolve(NEW)
  assert.deepEqual((await answer).answer, [a(60, 2)])
})

test('serve_stale verify: what is no operating failure is not hidden', async () => {
  const chain = cacheChain(cacheWith('serve_stale 1h verify'), OLD, () => {
    throw new TypeError('a defect')
  })
  await chain.ask()
  chain.clock.advance(60_000)
  await assert.rejects(async () => chain.ask(), { message: 'a defect' })
})

test('serve_stale: SERVFAIL is never served stale', async () => {
  const chain = cacheChain(cacheWith('serve_stale'), { rcode: 'SERVFAIL' }, NEW)
  await chain.ask()
  chain.clock.advance(5000)
  assert.deepEqual((await chain.ask()).answer, [a(60, 2)])
})

test('serve_stale: one refresh at a time', async () => {
  const chain = cacheChain(cacheWith('serve_stale'), OLD, never)
  await chain.ask()
  chain.clock.advance(60_000)
  for (const shard of [chain, chain, chain.shard(1)])
    assert.deepEqual((await shard.ask()).answer, [a(0, 1)])
  assert.equal(chain.asked.length, 2)
})

const nonAnswers: { name: string; reply: ReplyOptions }[] = [
  { name: 'NXDOMAIN', reply: NXDOMAIN },
  { name: 'NODATA', reply: { authority: NXDOMAIN.authority ?? [] } },
  { name: 'an empty answer', reply: {} },
  { name: 'a delegation', reply: { authority: ['example.org. 60 IN NS ns.example.org.'] } },
]

for (const mode of ['immediate', 'verify']) {
  for (const c of nonAnswers) {
    test(`prefer_positive ${mode}: ${c.name} does not replace an answer with data, until that is too old`, async () => {
      const text = cacheWith(`serve_stale 1h ${mode}`, 'serve_stale_policy prefer_positive')
      const chain = cacheChain(text, OLD, c.reply)
      await chain.ask()
      chain.clock.advance(60_000)
      assert.deepEqual((await chain.ask()).answer, [a(0, 1)])
      await settle()
      assert.deepEqual((await chain.ask()).answer, [a(0, 1)])
      chain.clock.advance(3_600_000)
      assert.deepEqual((await chain.ask()).answer, [])
    })
  }
}

test('prefer_positive: another answer with data replaces', async () => {
  const chain = cacheChain(
    cacheWith('serve_stale 1h verify', 'serve_stale_policy prefer_positive'),
    OLD,
    NEW,
  )
  await chain.ask()
  chain.clock.advance(60_000)
  assert.deepEqual((await chain.ask()).answer, [a(60, 2)])
})

test('serve_stale verify: a time-out is a failed refresh, and the entry rests for FAILURE_RECHECK', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const chain = cacheChain(cacheWith('serve_stale 1h verify 300ms 0s 10s'), OLD, never)
  await chain.ask()
  chain.clock.advance(60_000)
  const first = chain.ask()
  await settle()
  mock.timers.tick(300)
  assert.deepEqual((await first).answer, [a(0, 1)])
  chain.clock.advance(6000)
  // At once: no timer runs any more.
  assert.deepEqual((await chain.ask()).answer, [a(0, 1)])
  assert.equal(chain.asked.length, 2)
})

test('serve_stale verify: the failure of an odd query keeps nobody else from asking', async () => {
  const chain = cacheChain(
    cacheWith('serve_stale 1h verify 0s 0s 10s'),
    OLD,
    { rcode: 'REFUSED' },
    NEW,
  )
  await chain.ask()
  chain.clock.advance(60_000)
  assert.deepEqual((await chain.ask({ rd: false })).answer, [a(0, 1)])
  assert.deepEqual((await chain.ask()).answer, [a(60, 2)])
})
