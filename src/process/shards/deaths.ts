// The deaths of shards: counts replaced shards and refused questions for the operator, and decides
// what follows. A question that kills twice is refused. Too many deaths that no question has caused
// end the process. Main only; time is an argument.

import type { MetricRegistrar } from '../../metrics/registrar.ts'

const WINDOW_MS = 10_000
const DEATH_LIMIT = 5
/**
 * A question that killed once is forgotten after this long. Two accidents far apart are no pattern;
 * a question that really kills is asked again by its client within seconds.
 */
const QUESTION_WINDOW_MS = 10 * 60_000
/** Questions remembered; beyond that the oldest is forgotten. */
const QUESTION_LIMIT = 1000

export type DeathVerdict = 'replace' | 'refuse' | 'too-many'

export class DeathRecord {
  #unexplainedMs: number[] = []
  /** When a question killed for the first time. */
  readonly #byQuestion = new Map<number, number>()

  /** `questionHash` is of the question that was being handled, undefined if none was. */
  add(nowMs: number, questionHash: number | undefined): DeathVerdict {
    if (questionHash === undefined) {
      this.#unexplainedMs = [...this.#unexplainedMs.filter(ms => nowMs - ms < WINDOW_MS), nowMs]
      return this.#unexplainedMs.length >= DEATH_LIMIT ? 'too-many' : 'replace'
    }
    const firstMs = this.#byQuestion.get(questionHash)
    this.#byQuestion.delete(questionHash)
    if (firstMs !== undefined && nowMs - firstMs < QUESTION_WINDOW_MS) return 'refuse'
    this.#byQuestion.set(questionHash, nowMs)
    const [oldest] = this.#byQuestion.keys()
    if (this.#byQuestion.size > QUESTION_LIMIT && oldest !== undefined)
      this.#byQuestion.delete(oldest)
    return 'replace'
  }
}

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
