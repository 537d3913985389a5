// What the deaths of shards say: a question that kills twice is refused, and too many deaths for no question's sake end the process.

const WINDOW_MS = 10_000
const DEATH_LIMIT = 5
const DEATHS_PER_QUESTION = 2
/** Questions remembered; beyond that the oldest is forgotten. */
const QUESTION_LIMIT = 1000

export type DeathVerdict = 'replace' | 'refuse' | 'too-many'

export class DeathRecord {
  #unexplainedMs: number[] = []
  readonly #byQuestion = new Map<number, number>()

  /** `questionHash` is of the question that was being handled, undefined if none was. */
  add(nowMs: number, questionHash: number | undefined): DeathVerdict {
    if (questionHash === undefined) {
      this.#unexplainedMs = [...this.#unexplainedMs.filter(ms => nowMs - ms < WINDOW_MS), nowMs]
      return this.#unexplainedMs.length >= DEATH_LIMIT ? 'too-many' : 'replace'
    }
    const count = (this.#byQuestion.get(questionHash) ?? 0) + 1
    this.#byQuestion.delete(questionHash)
    if (count >= DEATHS_PER_QUESTION) return 'refuse'
    this.#byQuestion.set(questionHash, count)
    const [oldest] = this.#byQuestion.keys()
    if (this.#byQuestion.size > QUESTION_LIMIT && oldest !== undefined) this.#byQuestion.delete(oldest)
    return 'replace'
  }
}
