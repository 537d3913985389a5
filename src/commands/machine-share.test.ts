import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineShare, memoryLimit } from './machine-share.ts'
import { GIB, MIB } from './sizes.ts'

const shares: { rule: string; cpus: number; limit: number | undefined; workers: number; cache: number; inflight: number }[] = [
  { rule: 'no limit: a shard for each CPU', cpus: 16, limit: undefined, workers: 16, cache: 64, inflight: 128 },
  { rule: 'no limit: as many shards as there can be', cpus: 1000, limit: undefined, workers: 254, cache: 64, inflight: 128 },
  { rule: 'the stock Deployment on a large node', cpus: 64, limit: 170 * MIB, workers: 2, cache: 21, inflight: 21 },
  { rule: 'the stock Deployment on one CPU', cpus: 1, limit: 170 * MIB, workers: 1, cache: 21, inflight: 21 },
  { rule: 'half a GiB', cpus: 64, limit: 512 * MIB, workers: 17, cache: 64, inflight: 64 },
  { rule: 'plenty', cpus: 4, limit: 4 * GIB, workers: 4, cache: 64, inflight: 128 },
  { rule: 'too little for anything: one shard all the same', cpus: 8, limit: 32 * MIB, workers: 1, cache: 16, inflight: 8 },
]

for (const { rule, cpus, limit, workers, cache, inflight } of shares) {
  test(`share of the machine: ${rule}`, () => {
    assert.deepEqual(machineShare({ cpus, memoryLimitBytes: limit }), {
      workers,
      cacheBytes: cache * MIB,
      inflightBytes: inflight * MIB,
    })
  })
}

const limits: [constrained: number, total: number, expected: number | undefined][] = [
  [170 * MIB, 8 * GIB, 170 * MIB],
  [18_446_744_073_709_552_000, 8 * GIB, undefined],
  [0, 8 * GIB, undefined],
  [8 * GIB, 8 * GIB, undefined],
]

for (const [constrained, total, expected] of limits) {
  test(`memory limit: ${constrained} of ${total}`, () => assert.equal(memoryLimit(constrained, total), expected))
}
