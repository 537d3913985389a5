import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FloodEvent, FloodWatch } from './flood.ts'

const KIB = 1024

/** Steps: milliseconds, and bytes that have come until then; `ask`: a request is whole. */
const byteCases: {
  name: string
  steps: [ms: number, bytes: number, ask?: 'ask'][]
  isFlood: boolean
}[] = [
  { name: 'the longest request', steps: [[10, 80 * KIB]], isFlood: false },
  { name: 'as much as is allowed', steps: [[0, 128 * KIB]], isFlood: false },
  { name: 'a byte more', steps: [[0, 128 * KIB + 1]], isFlood: true },
  {
    name: 'in pieces',
    steps: [
      [1, 60 * KIB],
      [2, 120 * KIB],
      [3, 180 * KIB],
    ],
    isFlood: true,
  },
  {
    name: 'requests between',
    steps: [
      [1, 120 * KIB, 'ask'],
      [2, 240 * KIB, 'ask'],
      [3, 360 * KIB],
    ],
    isFlood: false,
  },
  {
    name: 'bytes are forgiven with time',
    steps: [
      [0, 100 * KIB],
      [60_000, 140 * KIB],
    ],
    isFlood: false,
  },
  {
    name: 'time before does not count for later bytes',
    steps: [
      [600_000, 0],
      [600_000, 129 * KIB],
    ],
    isFlood: true,
  },
  {
    name: 'more than is forgiven, for long',
    steps: Array.from({ length: 70 }, (_, s): [number, number] => [1000 * s, 3 * KIB * s]),
    isFlood: true,
  },
]
for (const c of byteCases)
  test(`bytes: ${c.name}`, () => {
    const watch = new FloodWatch(0)
    let isFlood = false
    for (const [ms, bytes, ask] of c.steps) {
      isFlood = watch.read(bytes, ms) || isFlood
      if (ask) watch.asked(bytes, ms)
    }
    assert.equal(isFlood, c.isFlood)
  })

const eventCases: { event: FloodEvent; most: number }[] = [
  { event: 'abort', most: 100 },
  { event: 'ping', most: 60 },
  { event: 'settings', most: 10 },
]
for (const { event, most } of eventCases) {
  const meet = (watch: FloodWatch, times: number, ms: number): boolean =>
    Array.from({ length: times }, () => watch.met(event, ms)).some(Boolean)
  test(`${event}: ${most} in ten seconds, no more`, () => {
    const watch = new FloodWatch(0)
    assert.equal(meet(watch, most, 9999), false)
    assert.equal(meet(watch, 1, 9999), true)
  })
  test(`${event}: counted anew after ten seconds`, () => {
    const watch = new FloodWatch(0)
    assert.equal(meet(watch, most, 0), false)
    assert.equal(meet(watch, most, 10_000), false)
  })
}

test('events are counted apart', () => {
  const watch = new FloodWatch(0)
  for (let n = 0; n < 10; n++) assert.equal(watch.met('settings', 0), false)
  assert.equal(watch.met('ping', 0), false)
})
