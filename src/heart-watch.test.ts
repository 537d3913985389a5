import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeartWatch } from './heart-watch.ts'
import { beat, HEARTBEAT_ROW_WORDS } from './memory/heartbeat.ts'

const setUp = () => {
  const words = new Int32Array(new SharedArrayBuffer(2 * HEARTBEAT_ROW_WORDS * 4))
  const watch = new HeartWatch(words, 0, 2)
  watch.started(0, 0)
  watch.started(1, 0)
  return { words, watch }
}

/** Looks every 100 ms from `from` to `to`; the moments and shards that were reported. */
const lookFrom = (watch: HeartWatch, from: number, to: number, each: () => void = () => {}): string[] => {
  const reported: string[] = []
  for (let now = from; now <= to; now += 100) {
    each()
    for (const shard of watch.silent(now)) reported.push(`${shard} at ${now}`)
  }
  return reported
}

test('a shard that beats is never reported, one that stops is, once, after more than a second', () => {
  const { words, watch } = setUp()
  beat(words, 0, 1)
  assert.deepEqual(
    lookFrom(watch, 100, 5000, () => beat(words, 0, 0)),
    ['1 at 1200'],
  )
})

test('a shard that boots has twenty seconds; one that has said something has a second from then on', () => {
  const { watch } = setUp()
  watch.booted(1, 3000)
  assert.deepEqual(lookFrom(watch, 100, 21_000), ['1 at 4100', '0 at 20100'])
})

test('a successor starts anew', () => {
  const { words, watch } = setUp()
  beat(words, 0, 0)
  beat(words, 0, 1)
  assert.deepEqual(lookFrom(watch, 100, 1300), ['0 at 1200', '1 at 1200'])
  watch.started(0, 1300)
  assert.deepEqual(lookFrom(watch, 1400, 10_000), [])
})

test('time in which main was held up counts for nobody', () => {
  const { words, watch } = setUp()
  beat(words, 0, 0)
  beat(words, 0, 1)
  assert.deepEqual(lookFrom(watch, 100, 500), [])
  // Nobody had a processor for five seconds.
  assert.deepEqual(watch.silent(5500), [])
  assert.deepEqual(
    lookFrom(watch, 5600, 8000, () => beat(words, 0, 0)),
    ['1 at 6000'],
  )
})
