// Names of one message as numbers: equal numbers for equal names, without regard to letter case. A
// name is identified by its first label and the number of the rest. Each place in the message is
// read once, however many names lead there. So the cost of all names together is proportional to
// the bytes of the message.

import { foldByte, MAX_LABEL_SIZE } from './name.ts'
import { steps } from './work.ts'

/** No name of the message. */
export const NO_ID = 0
/**
 * The number of the root; that of any other name is where its first label stood when it was met
 * first.
 */
const ROOT_ID = 1

const FIRST_SLOTS = 64
/** A name that has not been found after so many slots counts as a name of its own. */
const MAX_PROBES = 64
const NO_BYTES = new Uint8Array(0)

/** The labels of a name whose numbers are still to be found. */
const labels = new Uint16Array(127)

/** One object serves any number of messages, one after the other. */
export class NameIds {
  readonly #ids = new Uint16Array(0x10000)
  /** The places that have a number. */
  readonly #read = new Uint16Array(0x10000)
  #readCount = 0
  /**
   * A hash table: for each slot the hash, then a name's number and behind it that of the rest, 16
   * bits each; 0 is a free slot.
   */
  #slots = new Int32Array(2 * FIRST_SLOTS)
  #count = 0
  #bytes: Uint8Array = NO_BYTES
  readonly #seed: number

  /** With a secret seed an attacker cannot make names whose hashes collide. */
  constructor(seed: number) {
    this.#seed = seed
  }

  /** Takes up a message, which is borrowed until `leave`. */
  aim(bytes: Uint8Array): void {
    this.#bytes = bytes
  }

  leave(): void {
    for (let k = 0; k < this.#readCount; k++) this.#ids[this.#read[k]!] = NO_ID
    this.#readCount = 0
    this.#count = 0
    if (this.#slots.length > 2 * FIRST_SLOTS) this.#slots = new Int32Array(2 * FIRST_SLOTS)
    else this.#slots.fill(0)
    this.#bytes = NO_BYTES
  }

  /**
   * The number of the name at `offset`, which readLayout has found well-formed; NO_ID, in a time as
   * short, if it is not any more.
   */
  id(offset: number): number {
    const bytes = this.#bytes
    let at = offset
    let runStart = offset
    let count = 0
    let id = NO_ID
    for (; ; steps[0]!++) {
      const size = bytes[at]!
      if (size > MAX_LABEL_SIZE) {
        at = ((size & 0x3f) << 8) | bytes[at + 1]!
        if (at >= runStart) return NO_ID
        runStart = at
        continue
      }
      id = size === 0 ? ROOT_ID : this.#ids[at]!
      if (id !== NO_ID) break
      labels[count++] = at
      at += size + 1
    }
    while (count > 0) {
      const label = labels[--count]!
      id = this.#under(id, bytes, label, true)
      this.#ids[label] = id
      this.#read[this.#readCount++] = label
    }
    return id
  }

  /**
   * The number of a name without pointers; NO_ID if no name that has been read is or ends with it.
   */
  find(wire: Uint8Array): number {
    let count = 0
    for (let at = 0; wire[at] !== 0; at += wire[at]! + 1) labels[count++] = at
    let id = ROOT_ID
    while (count > 0 && id !== NO_ID) id = this.#under(id, wire, labels[--count]!, false)
    return id
  }

  /**
   * The number of the label at `at` under `parent`. What is new is added if it stands in the
   * message itself.
   */
  #under(parent: number, bytes: Uint8Array, at: number, isOwn: boolean): number {
    const hash = this.#hash(bytes, at, parent)
    const slots = this.#slots
    const mask = slots.length - 2
    let slot = (hash << 1) & mask
    for (let probe = 0; probe < MAX_PROBES; probe++, slot = (slot + 2) & mask) {
      steps[0]!++
      const value = slots[slot + 1]!
      if (value === 0) {
        if (!isOwn) return NO_ID
        slots[slot] = hash
        slots[slot + 1] = (at << 16) | parent
        if (++this.#count * 4 > slots.length) this.#grow()
        return at
      }
      if (
        slots[slot] === hash &&
        (value & 0xffff) === parent &&
        this.#isLabel(value >>> 16, bytes, at)
      )
        return value >>> 16
    }
    return isOwn ? at : NO_ID
  }

  #isLabel(place: number, bytes: Uint8Array, at: number): boolean {
    steps[0]!++
    const own = this.#bytes
    const size = bytes[at]!
    if (own[place] !== size) return false
    for (let k = 1; k <= size; k++)
      if (foldByte(own[place + k]!) !== foldByte(bytes[at + k]!)) return false
    return true
  }

  #hash(bytes: Uint8Array, at: number, parent: number): number {
    let hash = Math.imul(this.#seed ^ parent, 0x01000193)
    for (let k = at + bytes[at]!; k >= at; k--)
      hash = Math.imul(hash ^ foldByte(bytes[k]!), 0x01000193)
    return hash ^ (hash >>> 15)
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Int32Array(old.length * 2)
    const mask = slots.length - 2
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let slot = (old[from]! << 1) & mask
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
      slots[slot] = old[from]!
      slots[slot + 1] = old[from + 1]!
    }
    this.#slots = slots
  }
}
