import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EndlessError, inTime, type Patience, type PatienceTimers } from './patience.ts'

/** Time that passes by number, of which the thread is idle for a share. */
const fakeTimers = () => {
  let nowMs = 0
  let idleMs = 0
  const tasks = new Set<{ readonly atMs: number; readonly run: () => void }>()
  const timers: PatienceTimers = {
    nowMs: () => nowMs,
    idleMs: () => idleMs,
    after(delayMs, run) {
      const task = { atMs: nowMs + delayMs, run }
      tasks.add(task)
      return () => void tasks.delete(task)
    },
  }
  const pass = (ms: number, idleShare: number): void => {
    nowMs += ms
    idleMs += ms * idleShare
    for (const task of [...tasks].filter(({ atMs }) => atMs <= nowMs)) {
      tasks.delete(task)
      task.run()
    }
  }
  return { timers, pass, left: () => tasks.size }
}

/** A promise that fails. Other tests may take turns of the loop before one waits for it. */
const failed = (error: Error): Promise<never> => {
  const promise = Promise.reject(error)
  promise.catch(() => {})
  return promise
}

const never = new Promise<number>(() => {})
const endings: {
  rule: string
  work: number | PromiseLike<number>
  passes?: readonly (readonly [ms: number, idleShare: number])[]
  patience?: Partial<Patience>
  /** 'waits' if it is still waited for. */
  becomes: number | RegExp | 'waits'
}[] = [
  { rule: 'a value is given at once', work: 7, becomes: 7 },
  { rule: 'a promise gives what it becomes', work: Promise.resolve(8), becomes: 8 },
  { rule: 'a failure is passed on', work: failed(new Error('boom')), becomes: /^boom$/ },
  { rule: 'what is in time is waited for', work: never, passes: [[999, 1]], becomes: 'waits' },
  {
    rule: 'what never ends is a failure',
    work: never,
    passes: [[1000, 1]],
    becomes: /does not come to an end/,
  },
  {
    rule: 'time in which the thread works does not count',
    work: never,
    passes: [
      [1000, 0.5],
      [499, 1],
    ],
    becomes: 'waits',
  },
  {
    rule: 'idle time counts wherever it comes',
    work: never,
    passes: [
      [1000, 0.5],
      [500, 1],
    ],
    becomes: /does not come to an end/,
  },
  {
    rule: 'a signal ends the wait',
    work: never,
    patience: { signal: AbortSignal.abort(new Error('over')) },
    becomes: /^over$/,
  },
  {
    rule: 'a thenable that throws is a failure',
    // biome-ignore lint/suspicious/noThenProperty: what a plugin may give
    work: { then: () => assert.fail('thrown') } as unknown as PromiseLike<number>,
    becomes: /^thrown$/,
  },
]

for (const { rule, work, passes = [], patience, becomes } of endings)
  test(rule, async () => {
    const { timers, pass, left } = fakeTimers()
    const outcome = inTime(work, { mostMs: 1000, ...patience }, timers).catch(
      (error: Error) => error.message,
    )
    for (const [ms, idleShare] of passes) pass(ms, idleShare)
    if (becomes === 'waits') {
      const next = new Promise(resolve => setImmediate(resolve, 'waits'))
      assert.equal(await Promise.race([outcome, next]), 'waits')
      return
    }
    const got = await outcome
    if (typeof becomes === 'number') assert.equal(got, becomes)
    else assert.match(String(got), becomes)
    assert.equal(left(), 0)
  })

test('what takes long is told once, whether the thread works or not', async () => {
  const { timers, pass } = fakeTimers()
  let told = 0
  const slow = { afterMs: 5000, tell: () => void told++ }
  const outcome = inTime(never, { mostMs: 20_000, slow }, timers)
  pass(4999, 0)
  assert.equal(told, 0)
  pass(1, 0)
  pass(10_000, 0)
  assert.equal(told, 1)
  pass(20_000, 1)
  await assert.rejects(outcome, EndlessError)
})

test('what has ended is not told of', async () => {
  const { timers, pass } = fakeTimers()
  const tell = () => assert.fail('told')
  assert.equal(await inTime(1, { mostMs: 1000, slow: { afterMs: 10, tell } }, timers), 1)
  pass(5000, 1)
})
