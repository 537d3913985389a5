// Micro benches of src/memory: counters, the keyed hash, claims and permits.

import { randomBytes } from 'node:crypto'
import { CLAIM_ENTRIES, CLAIM_WORDS, Claims } from '../../src/memory/claims.ts'
import { COUNTER_WORDS, CounterRow, histogramWords } from '../../src/memory/counters.ts'
import { KeyedHash, newHashSeed } from '../../src/memory/keyed-hash.ts'
import { Permits, permitWords } from '../../src/memory/permits.ts'
import type { MicroBench } from './timing.ts'

const BOUNDS = Array.from({ length: 16 }, (_, n) => 0.00025 * 2 ** n)
const SHAPE = { bounds: BOUNDS, unitsPerOne: 1e9 }

const shared = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4))

const hashOf = (bytes: number): MicroBench => {
  const hash = new KeyedHash(newHashSeed(randomBytes(8)))
  const words = Int32Array.from({ length: Math.ceil(bytes / 4) }, (_, n) => n * 0x1234567)
  return {
    name: `KeyedHash.hash, ${bytes} bytes`,
    operation: () => {
      hash.hash(words, 0, bytes)
      return hash.low
    },
  }
}

const permitsOf = (shards: number): MicroBench => {
  const permits = new Permits(shared(permitWords(shards)), 0, shards, 0, 1000)
  return {
    name: `Permits, taken and given back, ${shards} shards`,
    operation: () => {
      const isTaken = permits.tryAcquire()
      permits.release()
      return isTaken
    },
  }
}

export const memoryBenches = (): MicroBench[] => {
  const row = new CounterRow(shared(COUNTER_WORDS + histogramWords(SHAPE)), 0)
  const claims = new Claims(shared(CLAIM_ENTRIES * CLAIM_WORDS), 0, CLAIM_ENTRIES, 1)
  return [
    { name: 'CounterRow.add', operation: () => row.add(0) },
    {
      name: 'CounterRow.observe, 16 buckets',
      operation: n => row.observe(COUNTER_WORDS, SHAPE, (n & 1023) * 1e-5),
    },
    hashOf(14),
    hashOf(48),
    { name: 'Claims, claimed and released', operation: n => claims.release(claims.claim(n, ~n)) },
    permitsOf(1),
    permitsOf(8),
  ]
}
