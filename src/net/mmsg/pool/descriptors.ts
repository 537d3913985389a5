// The descriptors of a shard's pooled sockets, noted in memory of main's (inbound-layout.ts). libc
// closes nothing when a thread ends, so a shard that dies leaves them open, and its successor
// closes them. A number is here only while it certainly belongs to the socket: it is noted after
// the socket was opened, and removed before it is closed.

import { POOLED, POOLED_ENTRIES } from '../inbound-layout.ts'
import type { Libc } from '../libc.ts'

const FIRST = POOLED >> 2
const NONE = 0

/** No entry: more sockets are open than can be noted. */
const NOT_NOTED = -1

export class PooledDescriptors {
  readonly #words: Int32Array
  readonly #free: number[] = []
  #used = 0

  /** `words` covers the shard's inbound memory. */
  constructor(libc: Libc, words: Int32Array) {
    this.#words = words
    for (let word = FIRST; word < FIRST + POOLED_ENTRIES; word++) {
      const left = words[word]! - 1
      words[word] = NONE
      if (left >= 0) libc.close(left)
    }
  }

  /** The entry, to be given to `forget`. */
  note(fd: number): number {
    const entry = this.#free.pop() ?? (this.#used < POOLED_ENTRIES ? this.#used++ : NOT_NOTED)
    if (entry !== NOT_NOTED) this.#words[FIRST + entry] = fd + 1
    return entry
  }

  forget(entry: number): void {
    if (entry === NOT_NOTED) return
    this.#words[FIRST + entry] = NONE
    this.#free.push(entry)
  }
}
