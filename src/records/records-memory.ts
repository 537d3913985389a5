// The records memory of the process: one buffer, in which plugins on main make maps for shards to
// answer from. Reserved at start; the system commits pages as they are used.

import type { HashSeed } from '../memory/keyed-hash.ts'
import { sharedBuffer } from '../memory/shared-buffer.ts'
import { type Quiescence, RecordsHeap } from './heap.ts'
import { MAX_RECORDS_BYTES, MIN_RECORDS_BYTES } from './layout.ts'
import { RecordsMap } from './map.ts'

/**
 * Word 0 means none, and word 1 is the mark of a bucket whose entry is gone. The rest of the cache
 * line is left out with them.
 */
const FIRST_WORD = 16

export class RecordsMemory {
  readonly #buffer: SharedArrayBuffer
  readonly #heap: RecordsHeap
  readonly #seed: HashSeed

  /** Throws RangeError outside MIN_RECORDS_BYTES to MAX_RECORDS_BYTES. */
  constructor(bytes: number, quiescence: Quiescence, seed: HashSeed) {
    if (!(bytes >= MIN_RECORDS_BYTES && bytes <= MAX_RECORDS_BYTES)) {
      throw new RangeError(
        `records memory of ${bytes} bytes is not between ${MIN_RECORDS_BYTES} and ${MAX_RECORDS_BYTES}`,
      )
    }
    const words = Math.floor(bytes / 4)
    this.#buffer = sharedBuffer(words * 4)
    this.#heap = new RecordsHeap(new Int32Array(this.#buffer), FIRST_WORD, words, quiescence)
    this.#seed = seed
  }

  /** Throws RangeError if there is no room at all. */
  newMap(): RecordsMap {
    return new RecordsMap(this.#buffer, this.#heap, this.#seed)
  }

  /**
   * Gives pages that hold nothing any more to the system; to be called now and then. `drop` may
   * leave alone what it likes of the bytes that it is given; what it takes reads as zero.
   */
  release(drop: (bytes: Uint8Array) => void): void {
    this.#heap.release((at, words) => drop(new Uint8Array(this.#buffer, 4 * at, 4 * words)))
  }

  get capacityBytes(): number {
    return this.#buffer.byteLength
  }
  get usedBytes(): number {
    return this.#heap.usedWords * 4
  }
}
