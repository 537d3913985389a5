// Micro benches of src/cache: keys, and finding and storing answers among 10,000.

import { CacheMemory } from '../../src/cache/cache-memory.ts'
import { CacheTable } from '../../src/cache/table.ts'
import { CLASS_IN, nameOf, responseOf, TYPE_A } from './messages.ts'
import type { MicroBench } from './timing.ts'

const ENTRIES = 10_000
const CACHE_BYTES = 64 << 20
const NOW = 1000
const META = {
  expirySeconds: NOW + 3600,
  staleUntilSeconds: NOW + 3600,
  ttlSeconds: 3600,
  flags: 0,
  plainBytes: 0,
}
const TTL_OFFSETS = Uint16Array.of(31)

export const cacheBenches = (): MicroBench[] => {
  const ref = new CacheMemory(CACHE_BYTES).table('bench', 4 * ENTRIES)
  const table = new CacheTable(ref, 1)
  const key = table.newKey()
  const hit = table.newHit()
  const names = Array.from({ length: ENTRIES }, (_, n) => nameOf(`n${n}.test`))
  const absent = Array.from({ length: ENTRIES }, (_, n) => nameOf(`x${n}.test`))
  const message = responseOf('n1.test', 1, true)
  const keyFor = (from: readonly Uint8Array[], n: number) =>
    key.set(TYPE_A, CLASS_IN, false, false, from[n % ENTRIES] as Uint8Array)
  const put = (n: number) => table.put(keyFor(names, n), META, message, TTL_OFFSETS, NOW)
  for (let n = 0; n < ENTRIES; n++) put(n)
  return [
    { name: 'CacheKey.set', operation: n => keyFor(names, n).hashLow },
    {
      name: 'CacheKey.set and CacheTable.find, there',
      operation: n => table.find(keyFor(names, n), hit),
    },
    {
      name: 'CacheKey.set and CacheTable.find, not there',
      operation: n => table.find(keyFor(absent, n), hit),
    },
    { name: 'CacheKey.set and CacheTable.put, in place', operation: n => put(n).stored },
    {
      name: 'CacheTable.remove and put',
      operation: n => {
        table.remove(keyFor(names, n))
        return put(n).stored
      },
    },
  ]
}
