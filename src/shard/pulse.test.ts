import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualTimers } from '../../test/fakes/api-server.ts'
import {
  BEAT_MS,
  HEARTBEAT_ROW_WORDS,
  layToRest,
  REST_BEAT_MS,
  readBeat,
  rouse,
  WorkCount,
} from '../memory/heartbeat.ts'
import { Pulse } from './pulse.ts'

/** A pulse on a time of its own, and how often it has beaten after so many milliseconds more. */
const begin = () => {
  const timers = new ManualTimers()
  const words = new Int32Array(new SharedArrayBuffer(HEARTBEAT_ROW_WORDS * 4))
  const pulse = new Pulse(words, 0, 0, timers)
  const work = new WorkCount(words, 0, 0)
  work.onRoused = pulse.quicken
  const after = (ms: number): number => {
    timers.advance(ms)
    return readBeat(words, 0, 0)
  }
  return { words, pulse, work, after }
}

test('it beats often, and seldom from the beat on that sees the rest', () => {
  const { words, after } = begin()
  assert.deepEqual([after(BEAT_MS - 1), after(1), after(9 * BEAT_MS)], [0, 1, 10])
  layToRest(words, 0, 0)
  assert.deepEqual(
    [after(BEAT_MS), after(REST_BEAT_MS - 1), after(1), after(4 * REST_BEAT_MS)],
    [11, 11, 12, 16],
  )
})

test('work makes it beat often at once, but does not beat: a query is under way', () => {
  const { words, work, after } = begin()
  layToRest(words, 0, 0)
  assert.equal(after(BEAT_MS), 1)
  work.add()
  assert.deepEqual([after(BEAT_MS - 1), after(1), after(3 * BEAT_MS)], [1, 2, 5])
})

test('without work it beats often once it is told that its rest has ended', () => {
  const { words, pulse, after } = begin()
  layToRest(words, 0, 0)
  after(BEAT_MS)
  pulse.quicken()
  assert.equal(after(REST_BEAT_MS - 1), 1)
  rouse(words, 0, 0)
  pulse.quicken()
  assert.deepEqual([after(BEAT_MS - 1), after(1)], [1, 2])
})

test('to be told again and again delays no beat', () => {
  const { pulse, after } = begin()
  for (let n = 0; n < 10; n++) {
    after(BEAT_MS / 10)
    pulse.quicken()
  }
  assert.equal(after(0), 1)
})

test('asked for a beat it beats at once, and the next one follows in time', () => {
  const { pulse, after } = begin()
  after(BEAT_MS / 2)
  pulse.beat()
  assert.deepEqual([after(0), after(BEAT_MS - 1), after(1)], [1, 1, 2])
})

test('after its end it never beats again', () => {
  const { pulse, after } = begin()
  pulse.end()
  assert.equal(after(10 * REST_BEAT_MS), 0)
  pulse.beat()
  assert.equal(after(10 * REST_BEAT_MS), 1)
})
