// What the deaths of shards say: a question that kills twice is refused, and too many deaths for no
// question's sake end the process. Time is an argument.

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
