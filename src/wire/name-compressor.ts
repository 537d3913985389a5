// Compression of the names that go into one message: which suffix of a name the message has
// already, and which part is new. Of a message that records are copied from, each place is read
// once, however many names lead there.

import { CompressionTargets, hashLabel, KnownPlaces, ROOT } from './compression.ts'
import { MAX_LABEL_SIZE } from './name.ts'
import { steps } from './work.ts'

/**
 * Of the name looked at last: where its labels stand that no known name has, from the first on.
 * Nothing in it outlives a look at a name.
 */
const labels = new Uint16Array(127)
/**
 * Of the message that is copied from. It outlives a call. A compressor that finds it in use for
 * another compressor or message starts again.
 */
const places = new KnownPlaces()

export class NameCompressor {
  readonly #targets = new CompressionTargets()
  #isCopying = false
  /** How many of `labels` are new. */
  #fresh = 0

  /** The names to come stand in `source`; undefined: each in memory of its own. */
  readFrom(source: Uint8Array | undefined): void {
    this.#isCopying = source !== undefined
    if (source !== undefined) places.aim(this, source)
  }

  /** Whether a name of the source that begins there, or points there, has been written. */
  isKnown(place: number): boolean {
    return this.#isCopying && places.target(place) !== ROOT
  }

  /**
   * The longest suffix of the name at `offset` that `message` has, ROOT for none. The name is
   * well-formed.
   */
  knownSuffix(message: Uint8Array, bytes: Uint8Array, offset: number): number {
    let at = offset
    let count = 0
    let target = ROOT
    for (let size = bytes[at]!; size !== 0; size = bytes[at]!, steps[0]!++) {
      if (size > MAX_LABEL_SIZE) {
        at = ((size & 0x3f) << 8) | bytes[at + 1]!
        continue
      }
      if (this.#isCopying) target = places.target(at)
      if (target !== ROOT) break
      labels[count++] = at
      at += size + 1
    }
    for (; count > 0; count--) {
      const label = labels[count - 1]!
      const found = this.#targets.find(
        hashLabel(bytes, label, target),
        target,
        message,
        bytes,
        label,
      )
      if (found === ROOT) break
      target = found
      if (this.#isCopying) places.note(label, target)
    }
    this.#fresh = count
    return target
  }

  /** Bytes of what stands before the suffix that knownSuffix has found. */
  freshSize(bytes: Uint8Array): number {
    let size = 0
    for (let k = 0; k < this.#fresh; k++) size += bytes[labels[k]!]! + 1
    return size
  }

  /** Copies these bytes to `out`, which has room from `to` on. */
  copyFresh(bytes: Uint8Array, out: Uint8Array, to: number): void {
    let next = to
    for (let k = 0; k < this.#fresh; k++) {
      const label = labels[k]!
      for (let at = label; at <= label + bytes[label]!; at++) out[next++] = bytes[at]!
    }
  }

  /**
   * Makes the name that has been written at `start`, `known` behind its new labels, a target with
   * all its suffixes. The target; ROOT if it is none.
   */
  add(bytes: Uint8Array, start: number, known: number): number {
    let offset = start + this.freshSize(bytes)
    let parent = known
    for (let k = this.#fresh - 1; k >= 0; k--) {
      const label = labels[k]!
      offset -= bytes[label]! + 1
      if (!this.#targets.add(hashLabel(bytes, label, parent), parent, offset)) return ROOT
      if (this.#isCopying) places.note(label, offset)
      parent = offset
    }
    return parent
  }

  /** What was written from `offset` on has been taken back. */
  forget(offset: number): void {
    this.#targets.forget(offset)
    places.leave(this)
  }

  /** Lets go of the source. */
  leave(): void {
    places.leave(this)
  }
}
