// Which names a message under construction holds already, so that later ones can point to them (RFC
// 1035 section 4.1.4). Names match byte for byte, letter case included, as in miekg/dns: a reader
// sees every name in the case it was given.

import { steps } from './work.ts'

/** Names beyond it are still compressed against those before, but are no targets themselves. */
export const MAX_TARGETS = 2048
/** Pointers hold 14 bits. */
const MAX_TARGET_OFFSET = 0x3fff
const FIRST_SLOTS = 128
/** A lookup looks at so many slots at most, whatever names a client made up. */
const MAX_PROBES = 16
/** The root in place of a target: there is no name in the header. */
export const ROOT = 0

/**
 * A hash table from names to their offsets in the message. A name is known by its first label and
 * its parent, the target that the rest of it is: one look-up compares one label, however long the
 * name is, and equal names are one target.
 */
export class CompressionTargets {
  /**
   * For each slot the hash, then the offset and behind it the parent's, 16 bits each; 0 is a free
   * slot.
   */
  #slots = new Int32Array(2 * FIRST_SLOTS)
  #count = 0

  /**
   * The offset in `message` of the name whose first label stands at `at` of `bytes`, under
   * `parent`; ROOT if it is not known.
   */
  find(hash: number, parent: number, message: Uint8Array, bytes: Uint8Array, at: number): number {
    const slots = this.#slots
    const mask = slots.length - 2
    for (
      let probe = 0, slot = (hash << 1) & mask;
      probe < MAX_PROBES;
      probe++, slot = (slot + 2) & mask
    ) {
      steps[0]!++
      const place = slots[slot + 1]!
      if (place === 0) return ROOT
      const offset = place >>> 16
      if (
        slots[slot] === hash &&
        (place & 0xffff) === parent &&
        areLabelsEqual(message, offset, bytes, at)
      )
        return offset
    }
    return ROOT
  }

  /** Whether the name at `offset` of the message is a target from now on. It is not known yet. */
  add(hash: number, parent: number, offset: number): boolean {
    if (offset > MAX_TARGET_OFFSET || this.#count >= MAX_TARGETS) return false
    if (this.#count * 4 >= this.#slots.length) this.#grow()
    if (!place(this.#slots, hash, (offset << 16) | parent)) return false
    this.#count++
    return true
  }

  /**
   * Takes back all targets from `offset` on: the bytes there are written again. Nothing before them
   * was added after them.
   */
  forget(offset: number): void {
    const slots = this.#slots
    for (let slot = 0; slot < slots.length; slot += 2) {
      if (slots[slot + 1]! >>> 16 < offset || slots[slot + 1] === 0) continue
      slots[slot + 1] = 0
      this.#count--
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    for (let slot = 0; slot < old.length; slot += 2)
      if (old[slot + 1] !== 0) place(this.#slots, old[slot]!, old[slot + 1]!)
  }
}

const place = (slots: Int32Array, hash: number, value: number): boolean => {
  const mask = slots.length - 2
  for (
    let probe = 0, slot = (hash << 1) & mask;
    probe < MAX_PROBES;
    probe++, slot = (slot + 2) & mask
  ) {
    if (slots[slot + 1] !== 0) continue
    slots[slot] = hash
    slots[slot + 1] = value
    return true
  }
  return false
}

const areLabelsEqual = (
  message: Uint8Array,
  offset: number,
  bytes: Uint8Array,
  at: number,
): boolean => {
  steps[0]!++
  const size = bytes[at]!
  for (let k = 0; k <= size; k++) if (message[offset + k] !== bytes[at + k]) return false
  return true
}

/** The hash of the label at `at`, its length byte included, under `parent`. */
export const hashLabel = (bytes: Uint8Array, at: number, parent: number): number => {
  let hash = Math.imul(parent ^ 0x811c9dc5, 0x01000193)
  for (let k = at + bytes[at]!; k >= at; k--) hash = Math.imul(hash ^ bytes[k]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

/**
 * Which names of one message are targets in another: by their offsets, so that a name that many
 * point to is written out once.
 */
export class KnownPlaces {
  readonly #targets = new Uint16Array(0x10000)
  readonly #used = new Uint16Array(0x10000)
  #count = 0
  #writer: unknown
  #source: Uint8Array | undefined

  /**
   * Makes these the places of `source` that `writer` has written; what others were noted for is
   * forgotten.
   */
  aim(writer: unknown, source: Uint8Array): this {
    if (this.#writer !== writer || this.#source !== source) {
      this.clear()
      this.#writer = writer
      this.#source = source
    }
    return this
  }

  /** ROOT if it is not known. */
  target(place: number): number {
    return this.#targets[place]!
  }

  note(place: number, target: number): void {
    if (this.#targets[place] === ROOT) this.#used[this.#count++] = place
    this.#targets[place] = target
  }

  /** Lets go of the message, if these are `writer`'s. */
  leave(writer: unknown): void {
    if (this.#writer === writer) this.clear()
  }

  clear(): void {
    for (let k = 0; k < this.#count; k++) this.#targets[this.#used[k]!] = ROOT
    this.#count = 0
    this.#writer = undefined
    this.#source = undefined
  }
}
