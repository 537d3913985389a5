import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LONGEST_TIMER_MS, wait } from './timers.ts'

const DAY_MS = 24 * 3600 * 1000
const settle = () => new Promise(setImmediate)

for (const { name, ms } of [
  { name: 'a second', ms: 1000 },
  { name: 'the longest that Node takes', ms: LONGEST_TIMER_MS },
  { name: 'a millisecond more', ms: LONGEST_TIMER_MS + 1 },
  { name: '25 days', ms: 25 * DAY_MS },
  { name: '100 years', ms: 36_500 * DAY_MS },
])
  test(`wait: ${name} is over then and not earlier`, async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let isOver = false
    const waited = wait(ms).then(() => {
      isOver = true
    })
    const pass = async (passingMs: number) => {
      for (let leftMs = passingMs; leftMs > 0; leftMs -= LONGEST_TIMER_MS) {
        t.mock.timers.tick(Math.min(leftMs, LONGEST_TIMER_MS))
        await settle()
      }
    }
    await pass(ms - 1)
    assert.equal(isOver, false)
    await pass(1)
    assert.equal(isOver, true)
    await waited
  })

test('wait: ends when its signal aborts, and at once if it has', async () => {
  const abort = new AbortController()
  const waited = wait(40 * DAY_MS, abort.signal)
  abort.abort()
  await waited
  await wait(40 * DAY_MS, abort.signal)
})

test('wait: none is over soon', async () => {
  await wait(0)
  await wait(-1)
})
