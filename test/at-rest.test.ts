// Shards that nobody asks anything, on real threads: they are laid to rest, and whoever waits for
// their beats gets them all the same.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { MIB } from '../src/base/text/sizes.ts'
import { systemClock } from '../src/base/time/clock.ts'
import { CacheMemory } from '../src/cache/cache-memory.ts'
import { isAtRest } from '../src/memory/heartbeat.ts'
import { layoutRegion } from '../src/memory/region.ts'
import { MetricsRegistry } from '../src/metrics/registry.ts'
import { declareShardCounters } from '../src/metrics/shard-counts.ts'
import { declareDeathCounts } from '../src/process/shards/deaths.ts'
import { Supervisor } from '../src/process/shards/supervisor.ts'
import { fakeLogger } from './support/plugin-harness.ts'

const SHARDS = 2
const LIMIT = { timeout: 60_000 }

const start = (t: TestContext) => {
  const metrics = new MetricsRegistry({ version: '', revision: '', corednsVersion: '' }).process
  const cache = new CacheMemory(MIB)
  const logged: string[] = []
  const supervisor = new Supervisor({
    shards: SHARDS,
    streamShards: 0,
    heapLimitBytes: 64 * MIB,
    recvBufferBytes: MIB,
    maxTcpConnections: 10,
    inflightBytes: MIB,
    canReusePort: true,
    engine: 'dgram',
    noFastPath: false,
    counters: declareShardCounters(metrics),
    onFallback: () => {},
    onRestart: () => {},
    hashSeed: cache.seed,
    cache,
    clock: systemClock,
    log: fakeLogger(logged),
    deaths: declareDeathCounts(metrics),
    fatal: text => assert.fail(text),
  })
  t.after(() => supervisor.stop(0))
  const { heartbeats } = layoutRegion(SHARDS)
  const resting = (): boolean[] =>
    Array.from({ length: SHARDS }, (_, shard) =>
      isAtRest(supervisor.regionWords, heartbeats, shard),
    )
  return { supervisor, logged, resting }
}

const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await pause(5)
}

test(
  'a mark of the records memory ends the rest of all shards, and their beats follow',
  LIMIT,
  async t => {
    const { supervisor, logged, resting } = start(t)
    const { quiescence } = supervisor
    for (let round = 0; round < 2; round++) {
      await until(() => !resting().includes(false))
      const mark = quiescence.mark()
      assert.deepEqual(resting(), [false, false])
      await until(() => quiescence.hasPassed(mark))
    }
    assert.deepEqual(logged, [])
  },
)

test('shards at rest end with the process', LIMIT, async t => {
  const { supervisor, logged, resting } = start(t)
  await until(() => !resting().includes(false))
  await supervisor.stop(1000)
  assert.deepEqual(resting(), [false, false])
  assert.deepEqual(logged, [])
})
