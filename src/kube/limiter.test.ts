import assert from 'node:assert/strict'
import test from 'node:test'
import { ManualTimers } from '../../test/fakes/api-server.ts'
import { Backoff } from './backoff.ts'
import { Limiter, type LimiterOptions } from './limiter.ts'

const NEVER = new AbortController().signal

/** Asks for `count` turns; counts those that were given. */
const crowd = (options: Partial<LimiterOptions>, count: number) => {
  const timers = new ManualTimers()
  const limiter = new Limiter({ qps: 0, burst: 0, maxInflight: 0, timers, ...options })
  const releases: (() => void)[] = []
  for (let index = 0; index < count; index++)
    void limiter.acquire(NEVER).then(release => releases.push(release))
  return { timers, limiter, releases }
}
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const RATES: readonly {
  name: string
  options: Partial<LimiterOptions>
  atOnce: number
  after1s: number
  after2s: number
}[] = [
  {
    name: 'the defaults are 5 a second and 10 at once',
    options: {},
    atOnce: 10,
    after1s: 14,
    after2s: 19,
  },
  {
    name: 'rate and burst can be set',
    options: { qps: 2, burst: 3 },
    atOnce: 3,
    after1s: 4,
    after2s: 6,
  },
  {
    name: 'less than one a second',
    options: { qps: 0.5, burst: 1 },
    atOnce: 1,
    after1s: 1,
    after2s: 1,
  },
]

for (const { name, options, atOnce, after1s, after2s } of RATES)
  test(`limiter: ${name}`, async () => {
    const { timers, releases } = crowd(options, 100)
    for (const expected of [atOnce, after1s, after2s]) {
      await settled()
      assert.equal(releases.length, expected)
      timers.advance(1000)
    }
  })

test('limiter: so many at a time, and the next when one is over; saying so twice counts once', async () => {
  const { releases } = crowd({ burst: 100, maxInflight: 2 }, 5)
  await settled()
  assert.equal(releases.length, 2)
  releases[0]!()
  releases[0]!()
  await settled()
  assert.equal(releases.length, 3)
})

test('limiter: who gives up loses the turn and leaves no timer', async () => {
  const { timers, limiter } = crowd({ qps: 1, burst: 1 }, 1)
  const given = new AbortController()
  const waiting = limiter.acquire(given.signal)
  assert.equal(timers.pending.length, 1)
  given.abort(new Error('given up'))
  await assert.rejects(waiting, /given up/)
  assert.deepEqual(timers.pending, [])
  await assert.rejects(limiter.acquire(given.signal), /given up/)
})

test('limiter: a first in line that gives up lets the next one through', async () => {
  const { releases, limiter } = crowd({ burst: 10, maxInflight: 1 }, 1)
  const given = new AbortController()
  const first = limiter.acquire(given.signal)
  const second = limiter.acquire(NEVER)
  given.abort(new Error('given up'))
  await assert.rejects(first)
  await settled()
  releases[0]!()
  ;(await second)()
})

test('backoff: doubles from 0.8 s to 30 s, and begins again after a reset', () => {
  const backoff = new Backoff(() => 0)
  const delays = Array.from({ length: 8 }, () => backoff.next())
  assert.deepEqual(delays, [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  backoff.reset()
  assert.equal(backoff.next(), 800)
})

test('backoff: jitter makes it up to twice as long', () =>
  assert.equal(new Backoff(() => 0.5).next(), 1200))

const RETRY_AFTER = [
  { askedMs: 100, delayMs: 800 },
  { askedMs: 7000, delayMs: 7000 },
  { askedMs: 86_400_000, delayMs: 60_000 },
]
for (const { askedMs, delayMs } of RETRY_AFTER)
  test(`backoff: a server that asks for ${askedMs} ms gets ${delayMs}`, () =>
    assert.equal(new Backoff(() => 0).next(askedMs), delayMs))
