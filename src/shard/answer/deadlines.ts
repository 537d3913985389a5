// Queries that wait for their answer, in the order in which they came. All have the same time, so
// the first is the next whose time is over: one timer for all of them, and a link to each.

import type { Clock } from '../../base/clock.ts'

/**
 * Beyond the budget of a query: whoever keeps the deadline is late by as much as its timers are.
 */
export const GRACE_MS = 250
/** The timer rings no more often, and gives up what is over by then. */
const PAUSE_MS = 50

/** What waits. */
export class Link {
  overMs = 0
  before: Link | undefined
  behind: Link | undefined
  isListed = false
}

/** Runs a task so many milliseconds later. */
export type Later = (task: () => void, delayMs: number) => void

/** A timer that keeps no thread alive. */
export const timerLater: Later = (task, delayMs) => void setTimeout(task, delayMs).unref()

export class Deadlines<T extends Link> {
  readonly #over: (waiting: T) => void
  readonly #clock: Pick<Clock, 'ms'>
  readonly #later: Later
  readonly #ring = (): void => this.#rings()
  #first: Link | undefined
  #last: Link | undefined
  #isSet = false

  /** `over` is told of what is in the list no more, since its time is over. */
  constructor(over: (waiting: T) => void, clock: Pick<Clock, 'ms'>, later: Later = timerLater) {
    this.#over = over
    this.#clock = clock
    this.#later = later
  }

  /** `overMs`, by the clock, is not before that of what has been added earlier. */
  add(waiting: T, overMs: number): void {
    waiting.overMs = overMs
    waiting.isListed = true
    waiting.before = this.#last
    if (this.#last === undefined) this.#first = waiting
    else this.#last.behind = waiting
    this.#last = waiting
    if (!this.#isSet) this.#set(waiting)
  }

  remove(waiting: Link): void {
    if (!waiting.isListed) return
    waiting.isListed = false
    const { before, behind } = waiting
    if (before === undefined) this.#first = behind
    else before.behind = behind
    if (behind === undefined) this.#last = before
    else behind.before = before
    waiting.before = undefined
    waiting.behind = undefined
  }

  #set(first: Link): void {
    this.#isSet = true
    this.#later(this.#ring, Math.max(PAUSE_MS, first.overMs - this.#clock.ms()))
  }

  #rings(): void {
    this.#isSet = false
    const nowMs = this.#clock.ms()
    for (let first = this.#first; first !== undefined; first = this.#first) {
      if (first.overMs > nowMs) break
      this.remove(first)
      this.#over(first as T)
    }
    if (this.#first !== undefined && !this.#isSet) this.#set(this.#first)
  }
}
