// The deaths of shards: counts replaced shards and refused questions for the operator, and decides
// what follows. A question that kills twice is refused. Too many deaths that no question has caused
// end the process, unless one question was at hand again and again. Main only; time is an argument.

import type { MetricRegistrar } from '../../metrics/registrar.ts'
import type { LastQuestion } from './post-mortem.ts'

const WINDOW_MS = 10_000
const DEATH_LIMIT = 5
/**
 * A question that killed once is forgotten after this long. Two accidents far apart are no pattern;
 * a question that really kills is asked again by its client within seconds.
 */
const QUESTION_WINDOW_MS = 10 * 60_000
/** Questions remembered; beyond that the oldest is forgotten. */
const QUESTION_LIMIT = 1000

/** Of too many deaths: more questions that were at hand as often tell of no cause. */
const REPEATED_LIMIT = 8

export type DeathVerdict = 'replace' | 'refuse' | 'too-many'

/** Of which no question is known to be the cause. */
interface Unexplained {
  readonly ms: number
  /** What the shard had not answered. */
  readonly atHand: readonly LastQuestion[]
}

export class DeathRecord {
  #unexplained: readonly Unexplained[] = []
  /** When a question killed for the first time. */
  readonly #byQuestion = new Map<number, number>()

  /**
   * `questionHash` is of the question that was to blame, undefined if none was; `atHand` is all
   * that the shard had not answered.
   */
  add(
    nowMs: number,
    questionHash: number | undefined,
    atHand: readonly LastQuestion[],
  ): DeathVerdict {
    const earlier = this.#unexplained.filter(({ ms }) => nowMs - ms < WINDOW_MS)
    if (questionHash === undefined) {
      this.#unexplained = [...earlier, { ms: nowMs, atHand }]
      return this.#unexplained.length >= DEATH_LIMIT ? 'too-many' : 'replace'
    }
    this.#unexplained = earlier.filter(
      death => !death.atHand.some(({ hash }) => hash === questionHash),
    )
    if (this.#unexplained.length < earlier.length) {
      this.#byQuestion.delete(questionHash)
      return 'refuse'
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

  /**
   * Of too many deaths: the questions that were at hand at most of them, at two at least, if they
   * are few. Those deaths are explained then. What is refused for a minute for nothing costs less
   * than the end of the process.
   */
  takeRepeated(): readonly LastQuestion[] {
    const counts = new Map<number, { readonly question: LastQuestion; deaths: number }>()
    for (const { atHand } of this.#unexplained)
      for (const question of new Map(atHand.map(one => [one.hash, one])).values()) {
        const count = counts.get(question.hash)
        if (count === undefined) counts.set(question.hash, { question, deaths: 1 })
        else count.deaths++
      }
    const most = Math.max(2, ...[...counts.values()].map(({ deaths }) => deaths))
    const repeated = [...counts.values()].filter(({ deaths }) => deaths === most)
    if (repeated.length > REPEATED_LIMIT) return []
    this.#unexplained = this.#unexplained.filter(
      ({ atHand }) => !atHand.some(({ hash }) => counts.get(hash)?.deaths === most),
    )
    return repeated.map(({ question }) => question)
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
    help: 'How often a question was refused for a while because it had killed two shards, or was unanswered at repeated deaths.',
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
