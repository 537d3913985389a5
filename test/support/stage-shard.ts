// The answering half of a shard around composed stages: no threads, no sockets. Messages come from
// whatever listener the test makes.

import assert from 'node:assert/strict'
import type { Clock } from '../../src/base/time/clock.ts'
import { CacheKey } from '../../src/cache/key.ts'
import type { Query } from '../../src/chain/query/query.ts'
import type { Logger } from '../../src/log/logger.ts'
import { BlackBox } from '../../src/memory/black-box.ts'
import { ByteBudget } from '../../src/memory/byte-budget.ts'
import { CounterRow } from '../../src/memory/counters.ts'
import { WorkCount } from '../../src/memory/heartbeat.ts'
import type { HashSeed } from '../../src/memory/keyed-hash.ts'
import { refuse } from '../../src/memory/refused.ts'
import { layoutRegion, makeRegion } from '../../src/memory/region.ts'
import { type ShardCounters, ShardCounts } from '../../src/metrics/shard-counts.ts'
import { WaitingRoom } from '../../src/net/waiting-room.ts'
import type { Composed } from '../../src/shard/answer/chain.ts'
import type { Later } from '../../src/shard/answer/deadlines.ts'
import { Dispatcher } from '../../src/shard/answer/dispatch.ts'
import { FastPath } from '../../src/shard/answer/fast-path.ts'
import { Faults } from '../../src/shard/answer/faults.ts'
import type { StreamLimits } from '../../src/shard/answer/stream.ts'
import type { ServedListener } from '../../src/shard/generation.ts'
import { Router } from '../../src/shard/router.ts'
import { nameFromText } from '../../src/wire/name.ts'

const NO_VECTOR = { base: 0, step: 2 }
const NAMES = [
  'rejected',
  'unsent',
  'datagrams',
  'batches',
  'connections',
  'cuts',
  'stalls',
] as const
const COUNTERS = Object.fromEntries(
  NAMES.map(name => [name, NO_VECTOR]),
) as unknown as ShardCounters

/** For chains whose fast steps do not fail. */
export const noFault = (fault: unknown): never => {
  throw fault
}

export interface StageShard {
  readonly dispatcher: Dispatcher
  readonly at: ServedListener
  readonly path: FastPath
  /** What queries hold that wait. */
  readonly budget: ByteBudget
  /** From here on: as if it had killed. */
  refuse(asked: Query): void
}

interface ShardSetting {
  readonly clock: Clock
  readonly log: Logger
  readonly seed: HashSeed
  readonly zones: readonly string[]
  readonly label?: string
  readonly generation?: ServedListener['generation'] | undefined
  /** Of a generation that the test does not give. */
  readonly countPanic?: () => void
  readonly streamLimits?: StreamLimits
  readonly later?: Later
}

export const shardWith = (
  { handler, fast, leaving, accepts, takes }: Composed,
  {
    clock,
    log,
    seed,
    zones,
    label = 'dns://:53',
    generation,
    countPanic = () => {},
    streamLimits,
    later,
  }: ShardSetting,
): StageShard => {
  const router = new Router()
  const route = { handler, fast, leaving, accepts, takes, view: '' }
  for (const zone of zones) router.add(nameFromText(zone) ?? assert.fail(zone), route, false)
  const layout = layoutRegion(1)
  const regionWords = new Int32Array(makeRegion(layout))
  const row = new CounterRow(regionWords, layout.counts)
  const counts = new ShardCounts(row, COUNTERS, new WorkCount(regionWords, layout.heartbeats, 0))
  const refusals = { key: new CacheKey(seed), regionWords, refusedOffset: layout.refused }
  const blackBox = new BlackBox(regionWords, layout.blackBoxes, 0)
  const budget = new ByteBudget(regionWords, layout.budget, 1, 0, 64 * 1024 * 1024)
  const waitingRoom = new WaitingRoom(budget, [1, 2], () => {})
  const parts = { ...refusals, clock, log, blackBox, counts, waitingRoom, streamLimits, later }
  const at = {
    ref: { index: 0, label },
    router,
    generation: generation ?? {
      faults: new Faults({ clock, log, stacktrace: false, countPanic }),
      enter: () => {},
      leave: () => {},
      isRetired: false,
    },
    countDropped: () => {},
  } as unknown as ServedListener
  return {
    dispatcher: new Dispatcher(parts),
    at,
    path: new FastPath(refusals),
    budget,
    refuse: ({ question: { type, class: cls, folded } }) => {
      const { hashLow } = new CacheKey(seed).set(type, cls, false, false, folded)
      refuse(regionWords, layout.refused, hashLow, clock.seconds() + 60)
    },
  }
}
