// Readers in threads of their own against a writer that replaces, removes, adds and rebuilds in
// little room. Bounded by a count of changes.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { generator } from '../../test/fakes/crew.ts'
import { keyBytes, SEED, versionOf } from '../../test/fakes/records-world.ts'
import {
  FOUND,
  MISSED,
  type ReaderWorld,
  STARTED,
  STOP,
  VIOLATIONS,
} from '../../test/fakes/torture-words.ts'
import { HEARTBEAT_ROW_WORDS, readBeat } from '../memory/heartbeat.ts'
import { RecordsHeap } from './heap.ts'
import { RecordsMap } from './map.ts'

const KEYS = 120
const WORDS = 1 << 15
/** Longer than every test run can afford if the environment says so: see test/fakes/crew.ts. */
const CHANGES = 120_000 * Number(process.env.TORTURE_FACTOR ?? 1)
const KIND = 1

interface Crew {
  readonly map: RecordsMap
  readonly control: Int32Array
  stop(): Promise<void>
}

/** Readers, of whom the last `holders` hold what they find. */
const start = async (t: TestContext, size: number, holders: number): Promise<Crew> => {
  const beats = new Int32Array(new SharedArrayBuffer(4 * HEARTBEAT_ROW_WORDS * size))
  const control = new Int32Array(new SharedArrayBuffer(64))
  const mark = (): number[] => Array.from({ length: size }, (_, me) => readBeat(beats, 0, me))
  const buffer = new SharedArrayBuffer(WORDS * 4)
  const hasPassed = (before: readonly number[]): boolean =>
    mark().every((beat, me) => beat !== before[me])
  const heap = new RecordsHeap(new Int32Array(buffer), 16, WORDS, { mark, hasPassed })
  const map = new RecordsMap(buffer, heap, SEED)
  map.put(KIND, keyBytes(0), versionOf(0, 0, 100))
  const exits = Array.from({ length: size }, (_, me) => {
    const workerData: ReaderWorld = {
      ref: map.ref,
      control,
      beats,
      me,
      keys: KEYS,
      isHolding: me >= size - holders,
    }
    const worker = new Worker(new URL('../../test/fakes/reader-worker.ts', import.meta.url), {
      workerData,
    })
    t.after(() => worker.terminate())
    return once(worker, 'exit')
  })
  for (let started = 0; started < size; started = Atomics.load(control, STARTED)) {
    const waiting = Atomics.waitAsync(control, STARTED, started)
    if (waiting.async) await waiting.value
  }
  const stop = async (): Promise<void> => {
    Atomics.store(control, STOP, 1)
    assert.deepEqual((await Promise.all(exits)).flat(), new Array(size).fill(0))
  }
  return { map, control, stop }
}

test('readers never see a torn value, whatever is replaced, removed, added and rebuilt', async t => {
  const { map, control, stop } = await start(t, 3, 0)
  const below = generator(9)
  const done = { changed: 0, removed: 0, full: 0 }
  for (let n = 0; n < CHANGES; n++) {
    // Most keys are there most of the time; now and then all go, so that tables shrink and grow.
    const key = below(KEYS)
    if (n % 4000 === 0) for (let k = 0; k < KEYS; k++) map.remove(KIND, keyBytes(k))
    if (below(4) === 0) done.removed += map.remove(KIND, keyBytes(key)) ? 1 : 0
    else {
      const outcome = map.put(KIND, keyBytes(key), versionOf(key, n, 12 + below(150)))
      if (outcome !== 'same') done[outcome]++
    }
  }
  await stop()
  t.diagnostic(`${JSON.stringify(done)}; found ${control[FOUND]}, missed ${control[MISSED]}`)
  assert.equal(control[VIOLATIONS], 0)
  assert.ok((control[FOUND] ?? 0) > 1000 && (control[MISSED] ?? 0) > 100)
  assert.ok(done.changed > 2000 && done.removed > 1000, 'there was room again and again')
})

test('what a reader holds that never comes round is not written to, until there is no room for anything', async t => {
  const { map, control, stop } = await start(t, 2, 1)
  let changed = 0
  while (changed < WORDS && map.put(KIND, keyBytes(0), versionOf(0, changed + 1, 100)) !== 'full')
    changed++
  for (let n = 0; n < 1000; n++)
    assert.equal(map.put(KIND, keyBytes(0), versionOf(0, n, 104)), 'full')
  assert.ok(changed > 100 && changed * 25 < WORDS, `${changed} blocks`)
  await stop()
  assert.equal(control[VIOLATIONS], 0)
})
