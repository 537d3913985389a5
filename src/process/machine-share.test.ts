import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GIB, MIB } from '../base/text/sizes.ts'
import { inflightBeside, machineShare, memoryLimit, sharedRoom } from './machine-share.ts'

const shares: {
  rule: string
  cpus: number
  quota?: number
  limit: number | undefined
  workers: number
  streams: number
  cache: number
  inflight: number
  heap: number
}[] = [
  {
    rule: 'no limit: a shard for each CPU',
    cpus: 4,
    limit: undefined,
    workers: 4,
    streams: 2,
    cache: 64,
    inflight: 128,
    heap: 256,
  },
  {
    rule: 'no limit: eight shards at most',
    cpus: 64,
    limit: undefined,
    workers: 8,
    streams: 4,
    cache: 64,
    inflight: 128,
    heap: 256,
  },
  {
    rule: 'a tenth of a CPU of a large node',
    cpus: 64,
    quota: 0.1,
    limit: undefined,
    workers: 1,
    streams: 1,
    cache: 64,
    inflight: 128,
    heap: 256,
  },
  {
    rule: 'two and a half CPUs',
    cpus: 64,
    quota: 2.5,
    limit: undefined,
    workers: 2,
    streams: 1,
    cache: 64,
    inflight: 128,
    heap: 256,
  },
  {
    rule: 'a quota beyond the CPUs',
    cpus: 2,
    quota: 6,
    limit: undefined,
    workers: 2,
    streams: 1,
    cache: 64,
    inflight: 128,
    heap: 256,
  },
  {
    rule: 'the stock Deployment on a large node',
    cpus: 64,
    limit: 170 * MIB,
    workers: 2,
    streams: 1,
    cache: 14,
    inflight: 21,
    heap: 32,
  },
  {
    rule: 'the stock Deployment on one CPU',
    cpus: 1,
    limit: 170 * MIB,
    workers: 1,
    streams: 1,
    cache: 14,
    inflight: 21,
    heap: 32,
  },
  {
    rule: "the CoreDNS chart's limits",
    cpus: 64,
    quota: 0.1,
    limit: 128 * MIB,
    workers: 1,
    streams: 1,
    cache: 12,
    inflight: 16,
    heap: 32,
  },
  {
    rule: 'half a GiB',
    cpus: 64,
    limit: 512 * MIB,
    workers: 8,
    streams: 1,
    cache: 42,
    inflight: 64,
    heap: 148,
  },
  {
    rule: 'half a GiB and two CPUs',
    cpus: 64,
    quota: 2,
    limit: 512 * MIB,
    workers: 2,
    streams: 1,
    cache: 42,
    inflight: 64,
    heap: 256,
  },
  {
    rule: 'plenty',
    cpus: 4,
    limit: 4 * GIB,
    workers: 4,
    streams: 1,
    cache: 64,
    inflight: 128,
    heap: 256,
  },
  {
    rule: 'too little for anything: one shard all the same',
    cpus: 8,
    limit: 32 * MIB,
    workers: 1,
    streams: 1,
    cache: 12,
    inflight: 8,
    heap: 32,
  },
]

for (const { rule, cpus, quota, limit, workers, streams, cache, inflight, heap } of shares) {
  test(`share of the machine: ${rule}`, () => {
    assert.deepEqual(machineShare({ cpus, cpuQuota: quota, memoryLimitBytes: limit }), {
      workers,
      streamWorkers: streams,
      cacheBytes: cache * MIB,
      inflightBytes: inflight * MIB,
      heapLimitBytes: heap * MIB,
    })
  })
}

test('share of the machine: the stripper of types takes the place of a shard', () => {
  const machine = { cpus: 8, cpuQuota: undefined, memoryLimitBytes: 170 * MIB }
  assert.deepEqual(
    [false, true].map(isFromSource => machineShare({ ...machine, isFromSource }).workers),
    [2, 1],
  )
})

test('share of the machine: what the operator has chosen, the rest follows', () => {
  const machine = { cpus: 8, cpuQuota: undefined, memoryLimitBytes: 512 * MIB }
  assert.equal(machineShare(machine, { workers: 2 }).heapLimitBytes, 256 * MIB)
  assert.equal(machineShare(machine, { workers: 32 }).heapLimitBytes, 32 * MIB)
  assert.equal(machineShare(machine, { inflightBytes: 8 * MIB }).heapLimitBytes, 204 * MIB)
  assert.deepEqual(machineShare(machine, { cacheBytes: 300 * MIB }), {
    workers: 5,
    streamWorkers: 1,
    cacheBytes: 300 * MIB,
    inflightBytes: 64 * MIB,
    heapLimitBytes: 32 * MIB,
  })
  assert.equal(machineShare(machine, { heapLimitBytes: 90 * MIB }).heapLimitBytes, 90 * MIB)
  assert.equal(machineShare({ ...machine, memoryLimitBytes: undefined }, { workers: 3 }).workers, 3)
})

test('share of the machine: listeners for stream shards take the place of shards', () => {
  const machine = { cpus: 8, cpuQuota: undefined, memoryLimitBytes: 170 * MIB }
  const shares = [false, true].map(hasStreams => machineShare(machine, {}, hasStreams))
  assert.deepEqual(
    shares.map(({ workers, streamWorkers }) => [workers, streamWorkers]),
    [
      [2, 1],
      [1, 1],
    ],
  )
  const [without, beside] = shares.map((share, k) => sharedRoom(machine, share, {}, k === 1))
  assert.equal(without! - beside!, 6 * MIB)
  assert.equal(machineShare(machine, { streamWorkers: 2, workers: 2 }, true).workers, 2)
})

const streams: [given: { workers?: number; streamWorkers?: number }, expected: number][] = [
  [{}, 4],
  [{ workers: 3 }, 2],
  [{ workers: 190 }, 64],
  [{ workers: 8, streamWorkers: 1 }, 1],
]
for (const [given, expected] of streams)
  test(`share of the machine: stream shards with ${JSON.stringify(given)}`, () => {
    const machine = { cpus: 8, cpuQuota: undefined, memoryLimitBytes: undefined }
    assert.equal(machineShare(machine, given).streamWorkers, expected)
  })

const rooms: {
  rule: string
  workers: number
  isFromSource?: true
  taken: number
  inflight: number
}[] = [
  { rule: 'next to nothing taken', workers: 2, taken: 3, inflight: 18 },
  { rule: 'a hosts file of 200,000 lines', workers: 2, taken: 28, inflight: 8 },
  { rule: 'that and a full cache', workers: 2, taken: 49, inflight: 4 },
  { rule: 'from the source, one shard', workers: 1, isFromSource: true, taken: 4, inflight: 16 },
]

for (const { rule, workers, isFromSource, taken, inflight } of rooms)
  test(`room for traffic in 170 MiB: ${rule}`, () => {
    const machine = {
      cpus: 8,
      cpuQuota: undefined,
      memoryLimitBytes: 170 * MIB,
      ...(isFromSource && { isFromSource }),
    }
    const share = { ...machineShare(machine), workers }
    const room = sharedRoom(machine, share)
    assert.equal(inflightBeside(room ?? assert.fail(), taken * MIB), inflight * MIB)
  })

test('no room is counted without a limit, or where the operator has chosen', () => {
  const machine = { cpus: 1, cpuQuota: undefined, memoryLimitBytes: undefined }
  assert.equal(sharedRoom(machine, machineShare(machine)), undefined)
  const limited = { ...machine, memoryLimitBytes: 170 * MIB }
  const given = { inflightBytes: 10 * MIB }
  assert.equal(sharedRoom(limited, machineShare(limited, given), given), undefined)
})

const limits: [constrained: number, total: number, expected: number | undefined][] = [
  [170 * MIB, 8 * GIB, 170 * MIB],
  [18_446_744_073_709_552_000, 8 * GIB, undefined],
  [0, 8 * GIB, undefined],
  [8 * GIB, 8 * GIB, undefined],
]

for (const [constrained, total, expected] of limits) {
  test(`memory limit: ${constrained} of ${total}`, () =>
    assert.equal(memoryLimit(constrained, total), expected))
}
