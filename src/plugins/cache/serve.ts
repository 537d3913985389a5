// The shard half: a hit is answered here, everything else goes through Misses.

import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import { inZones } from '../../chain/query/asked.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import { OPCODE_QUERY, opcodeOf } from '../../wire/header.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { CacheShared } from './control.ts'
import { Counts } from './counts.ts'
import { answerFromHit } from './entries/hit.ts'
import { Judge } from './entries/storable.ts'
import { Store } from './entries/store.ts'
import { type CacheTables, FastHits } from './fast.ts'
import { FILL, Intake, replyFor } from './fetch/intake.ts'
import { Misses } from './fetch/miss.ts'
import { Refresher } from './fetch/refresh.ts'
import { StaleServer } from './fetch/stale.ts'
import type { CacheOptions } from './options.ts'

export const serve = (options: CacheOptions, scope: ServeScope, shared: CacheShared): Stage => {
  const counts = new Counts(scope.counters, shared.counters)
  const tables = { success: scope.table(shared.success), denial: scope.table(shared.denial) }
  return {
    concerns: inZones(ZoneIndex.fromText(options.zones), scope.block),
    wrap: next => {
      const handle = makeHandler(next, options, { scope, shared, counts, tables })
      return query => (opcodeOf(query.flags) === OPCODE_QUERY ? handle(query) : next(query))
    },
    fast: new FastHits(options, tables, counts, scope.changes),
  }
}

interface Parts {
  readonly scope: ServeScope
  readonly shared: CacheShared
  readonly counts: Counts
  readonly tables: CacheTables
}

const makeHandler = (
  next: Handler,
  options: CacheOptions,
  { scope, shared, counts, tables }: Parts,
): Handler => {
  const { clock, claims, changes } = scope
  const store = new Store(options, tables.success, tables.denial, changes)
  const judge = new Judge(options, clock)
  const intake = new Intake({
    judge,
    store,
    counts,
    clock,
    recheckSeconds: options.stale?.recheckSeconds ?? 0,
  })
  const hasLoop = scope.block.directives.includes('loop')
  const misses = new Misses({
    next,
    store,
    judge,
    intake,
    claims,
    isAlone: scope.shards === 1,
    clock,
    table: shared.success,
    hasLoop,
  })
  const refresher = new Refresher(misses, counts, options.prefetch, clock)
  const staleServer =
    options.stale && new StaleServer(options.stale, { misses, refresher, intake, counts })

  const onMiss = (query: Query): Reply | Promise<Reply> => {
    counts.miss(query)
    return after(misses.ask(query, FILL), outcome => replyFor(query, outcome))
  }

  return query => {
    const now = clock.seconds()
    counts.request(query)
    const side = store.find(query, now)
    if (side === undefined) return onMiss(query)
    counts.hit(query, side.name)
    const remaining = side.hit.remainingSeconds(now)
    if (remaining <= 0 && staleServer !== undefined) return staleServer.serve(query, side, now)
    const purpose = refresher.purposeIfDue(side, now)
    const reply = answerFromHit(query, side.hit, options.keepTtl ? side.hit.ttlSeconds : remaining)
    // After the answer is taken: a refresh reuses the side.
    if (purpose !== undefined) refresher.start(query, purpose)
    return reply
  }
}
