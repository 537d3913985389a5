// How often shards were replaced and questions refused, for the operator. Main counts.

import type { MetricRegistrar } from '../../metrics/registrar.ts'

/** How shards end: see docs/compatibility.md. */
export const DEATH_REASONS = ['died', 'memory', 'hang', 'blocked', 'load'] as const
export type DeathReason = (typeof DEATH_REASONS)[number]

export interface DeathCounts {
  replaced(reason: DeathReason): void
  refused(): void
  late(): void
}

/**
 * On main, once, on the process's own registrar. All series are there from the start, so that
 * alerts see the first one rise.
 */
export const declareDeathCounts = (metrics: MetricRegistrar): DeathCounts => {
  const shards = metrics.counter({
    name: 'shardns_shard_replaced_total',
    help: 'Shards that ended before they were told to and were replaced, by reason.',
    labelNames: ['reason'],
  })
  const questions = metrics.counter({
    name: 'shardns_questions_refused_total',
    help: 'How often a question was refused for a while because it had killed two shards.',
  })
  const looks = metrics.counter({
    name: 'shardns_late_looks_total',
    help: 'Looks at the shards, ten a second, that came late since the main thread had no processor or was held up.',
  })
  for (const reason of DEATH_REASONS) shards.add({ reason }, 0)
  return {
    replaced: reason => shards.add({ reason }),
    refused: () => questions.add({}),
    late: () => looks.add({}),
  }
}
