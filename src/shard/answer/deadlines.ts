// Queries that wait for their answer, as a linked list in order of arrival. All have the same time
// limit, so the first in the list is the next to expire, and one timer is enough.

import type { Clock } from '../../base/time/clock.ts'

/**
 * Added to the budget of a query: a plugin that keeps the deadline may be late by the delay of its
 * timer.
 */
export const GRACE_MS = 250
/** The timer fires no more often; it ends all queries that have expired by then. */
const PAUSE_MS = 50

/** An entry of the list. */
export class Link {
  overMs = 0
  before: Link | undefined
  behind: Link | undefined
  isListed = false
}

/** Runs a task after so many milliseconds. */
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

  /** `over` is called with each entry that has expired, after it was removed. */
  constructor(over: (waiting: T) => void, clock: Pick<Clock, 'ms'>, later: Later = timerLater) {
    this.#over = over
    this.#clock = clock
    this.#later = later
  }

  /** `overMs`, by the clock, must not be earlier than that of entries added before. */
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
