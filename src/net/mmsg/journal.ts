// Queries that wait for something, such as an upstream, as they were received: kept in main's
// memory (inbound-layout.ts) until they are answered, so that a successor can go on with them. That
// happens once: a query that waits when a second shard dies may be the cause of both deaths, and is
// given up.

import {
  CONTROL_BYTES,
  JOURNAL_DATAGRAM as DATAGRAM,
  JOURNAL_FREE as FREE,
  JOURNAL,
  JOURNAL_DATAGRAM_BYTES,
  JOURNAL_ENTRIES,
  JOURNAL_ENTRY_BYTES,
  JOURNAL_LENGTH as LENGTH,
  NAME_BYTES,
  JOURNAL_STATE as STATE,
} from './inbound-layout.ts'
import type { InboundMemory } from './inbound-memory.ts'

const FD = 1
const NAME_LENGTH = 3
const CONTROL_LENGTH = 4
const NAME = 5
const CONTROL = NAME + NAME_BYTES / 4

const FIRST = 1
const SECOND = 2

/** No entry: the journal is full, or the query too long. It is answered all the same. */
export const NOT_NOTED = -1

export class Journal {
  readonly #words: Int32Array
  /** Free entries, in memory of this thread's own: a successor makes its own list. */
  readonly #free = new Uint16Array(JOURNAL_ENTRIES)
  #freeCount = 0
  /** What a predecessor left, as long as it has not been taken up. */
  readonly #left: number[] = []
  #isTakingUp = false

  /** `words` covers the shard's inbound memory. */
  constructor(words: Int32Array) {
    this.#words = words
    for (let entry = JOURNAL_ENTRIES - 1; entry >= 0; entry--) {
      const state = words[wordOf(entry) + STATE]!
      if (state === FIRST) this.#left.push(entry)
      else this.#release(entry)
    }
  }

  /** Notes datagram `index` of a batch from `fd`. `isSecond`: a predecessor's, taken up. */
  note(inbound: InboundMemory, index: number, fd: number, isSecond = this.#isTakingUp): number {
    const length = inbound.lengthOf(index)
    if (length > JOURNAL_DATAGRAM_BYTES || this.#freeCount === 0) return NOT_NOTED
    const entry = this.#free[--this.#freeCount]!
    const at = wordOf(entry)
    const words = this.#words
    words[at + FD] = fd
    words[at + LENGTH] = length
    words[at + NAME_LENGTH] = inbound.nameLength(index)
    words[at + CONTROL_LENGTH] = inbound.controlLength(index)
    copy(words, inbound.nameWord(index), at + NAME, NAME_BYTES / 4)
    if (words[at + CONTROL_LENGTH]! > 0)
      copy(words, inbound.controlWord(index), at + CONTROL, CONTROL_BYTES / 4)
    copy(words, inbound.offsetOf(index) >> 2, at + DATAGRAM, (length + 3) >> 2)
    words[at + STATE] = isSecond ? SECOND : FIRST
    return entry
  }

  /** The query has its reply, or will have none. */
  settle(entry: number): void {
    if (entry !== NOT_NOTED) this.#release(entry)
  }

  /** Whether a predecessor's queries wait to be taken up. */
  get hasLeft(): boolean {
    return this.#left.length > 0
  }

  /**
   * Puts one of the predecessor's queries into slot 0 of a batch, frees its entry, and hands its
   * descriptor to `answer`, which notes it again if it must wait.
   */
  takeUp(inbound: InboundMemory, answer: (fd: number) => void): void {
    const entry = this.#left.pop()
    if (entry === undefined) return
    const at = wordOf(entry)
    const words = this.#words
    const fd = words[at + FD]!
    const length = Math.min(Math.max(0, words[at + LENGTH]!), JOURNAL_DATAGRAM_BYTES)
    copy(words, at + NAME, inbound.nameWord(0), NAME_BYTES / 4)
    copy(words, at + CONTROL, inbound.controlWord(0), CONTROL_BYTES / 4)
    copy(words, at + DATAGRAM, inbound.offsetOf(0) >> 2, (length + 3) >> 2)
    inbound.pretend(length, words[at + NAME_LENGTH]!, words[at + CONTROL_LENGTH]!)
    this.#release(entry)
    this.#isTakingUp = true
    try {
      answer(fd)
    } finally {
      this.#isTakingUp = false
    }
  }

  #release(entry: number): void {
    this.#words[wordOf(entry) + STATE] = FREE
    this.#free[this.#freeCount++] = entry
  }
}

const wordOf = (entry: number): number => (JOURNAL + entry * JOURNAL_ENTRY_BYTES) >> 2

const copy = (words: Int32Array, from: number, to: number, count: number): void => {
  for (let k = 0; k < count; k++) words[to + k] = words[from + k]!
}
