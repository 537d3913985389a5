// Which names a message under construction holds already, so that later ones can point to them (RFC 1035 section 4.1.4). Names match
// byte for byte, letter case included, as in miekg/dns: a reader sees every name in the case it was given.

/** Names beyond it are still compressed against those before, but are no targets themselves. */
export const MAX_TARGETS = 2048
/** Pointers hold 14 bits. */
const MAX_TARGET_OFFSET = 0x3fff
const FIRST_SLOTS = 128
/** A lookup looks at so many slots at most, whatever names a client made up. */
const MAX_PROBES = 16

/** A hash table from names, as they stand in the message, to their offsets. 0 is a free slot: no name stands in the header. */
export class CompressionTargets {
  #offsets = new Uint16Array(FIRST_SLOTS)
  #hashes = new Int32Array(FIRST_SLOTS)
  #count = 0

  /**
   * The offset in `message` of the name that `name` holds from `from` on; -1 if it is not known. What is found is compared with the bytes
   * that stand there now, so targets of records that were taken back do no harm. `end` is the message's length so far.
   */
  find(hash: number, message: Uint8Array, end: number, name: Uint8Array, from: number): number {
    const mask = this.#offsets.length - 1
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & mask
      const offset = this.#offsets[slot]!
      if (offset === 0) return -1
      if (this.#hashes[slot] === hash && isNameAt(message, end, offset, name, from)) return offset
    }
    return -1
  }

  add(hash: number, offset: number): void {
    if (offset > MAX_TARGET_OFFSET || this.#count >= MAX_TARGETS) return
    if (this.#count * 2 >= this.#offsets.length) this.#grow()
    if (this.#place(hash, offset)) this.#count++
  }

  #place(hash: number, offset: number): boolean {
    const mask = this.#offsets.length - 1
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & mask
      if (this.#offsets[slot] !== 0) continue
      this.#offsets[slot] = offset
      this.#hashes[slot] = hash
      return true
    }
    return false
  }

  #grow(): void {
    const offsets = this.#offsets
    const hashes = this.#hashes
    this.#offsets = new Uint16Array(offsets.length * 2)
    this.#hashes = new Int32Array(offsets.length * 2)
    for (let slot = 0; slot < offsets.length; slot++) if (offsets[slot] !== 0) this.#place(hashes[slot]!, offsets[slot]!)
  }
}

/** Whether the bytes at `offset` of the message are the name that `name` holds from `from` on. Any bytes may stand there. */
const isNameAt = (message: Uint8Array, end: number, offset: number, name: Uint8Array, from: number): boolean => {
  let at = offset
  let runStart = offset
  let i = from
  while (at < end) {
    const size = message[at]!
    if (size >= 0xc0) {
      const target = ((size & 0x3f) << 8) | message[at + 1]!
      if (at + 1 >= end || target >= runStart) return false
      at = target
      runStart = target
      continue
    }
    if (size !== name[i] || at + size >= end) return false
    if (size === 0) return true
    for (let last = at + size; at <= last; at++, i++) if (message[at] !== name[i]) return false
  }
  return false
}

/**
 * Hashes of all suffixes of a name, and where they start: entry k is the name without its first k labels. The root is no entry. Arrays
 * have room for 127.
 */
export class NameSuffixes {
  readonly starts = new Uint8Array(128)
  readonly hashes = new Int32Array(128)
  count = 0

  scan(name: Uint8Array): void {
    let count = 0
    for (let at = 0; name[at] !== 0; at += name[at]! + 1) this.starts[count++] = at
    this.count = count
    let hash = 0x811c9dc5 | 0
    for (let k = count - 1; k >= 0; k--) {
      const start = this.starts[k]!
      for (let i = start + name[start]!; i >= start; i--) hash = Math.imul(hash ^ name[i]!, 0x01000193)
      this.hashes[k] = hash ^ (hash >>> 15)
    }
  }
}
