// DNS messages over a stream: two bytes of length, big endian, then the message (RFC 1035 section
// 4.2.2).

const PREFIX_BYTES = 2
/** First room for a message that has not come whole. */
const FIRST_ROOM_BYTES = 512
const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * The message with its length in front, in one piece so that both leave in one segment (RFC 7766
 * section 8).
 */
export const frame = (message: Uint8Array): Uint8Array => {
  const framed = new Uint8Array(message.length + PREFIX_BYTES)
  putFrame(framed, 0, message)
  return framed
}

/** Writes the length and the message at `at`, and returns where the next one begins. */
export const putFrame = (to: Uint8Array, at: number, message: Uint8Array): number => {
  to[at] = message.length >>> 8
  to[at + 1] = message.length & 255
  to.set(message, at + PREFIX_BYTES)
  return at + PREFIX_BYTES + message.length
}

/**
 * Cuts a stream into messages, however it was segmented. An announced length reserves nothing: the
 * room for a message doubles as its bytes come, so that no byte is copied more than three times,
 * and a client that announces 64 KiB and sends one byte holds 512.
 */
export class FrameReader {
  /** What was pushed and not looked at, and where in it the next byte is. */
  #chunk = NOTHING
  #at = 0
  #isBorrowed = false
  /**
   * Of the message that has begun in an earlier chunk: its length, or the length's first byte, or
   * neither.
   */
  #length = -1
  #lengthHigh = -1
  #room = NOTHING
  #filled = 0

  /** True between messages: nothing of a next one has come yet. */
  get isIdle(): boolean {
    return this.#at === this.#chunk.length && this.#length < 0 && this.#lengthHigh < 0
  }

  /** True if `next` would return a message. */
  get hasWhole(): boolean {
    const left = this.#chunk.length - this.#at
    if (this.#length >= 0) return left >= this.#length - this.#filled
    if (this.#lengthHigh >= 0)
      return left >= 1 && left - 1 >= ((this.#lengthHigh << 8) | this.#chunk[this.#at]!)
    return (
      left >= PREFIX_BYTES &&
      left - PREFIX_BYTES >= ((this.#chunk[this.#at]! << 8) | this.#chunk[this.#at + 1]!)
    )
  }

  /** Bytes of memory that what has come and was not taken holds. */
  get heldBytes(): number {
    return (this.#at < this.#chunk.length ? this.#chunk.length : 0) + this.#room.length
  }

  /** Adds what has come. `chunk` is lent until `keep`. */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) {
      const both = new Uint8Array(this.#chunk.length - this.#at + chunk.length)
      both.set(this.#chunk.subarray(this.#at))
      both.set(chunk, this.#chunk.length - this.#at)
      this.#chunk = both
      this.#isBorrowed = false
    } else {
      this.#chunk = chunk
      this.#isBorrowed = true
    }
    this.#at = 0
  }

  /** Copies what is left of a chunk that was lent. */
  keep(): void {
    if (!this.hasWhole) this.#absorb()
    if (this.#at === this.#chunk.length) this.#chunk = NOTHING
    else if (this.#isBorrowed) this.#chunk = this.#chunk.slice(this.#at)
    else return
    this.#at = 0
    this.#isBorrowed = false
  }

  /** The next whole message, which is the caller's; undefined when there is none yet. */
  next(): Uint8Array | undefined {
    if (!this.hasWhole) {
      this.#absorb()
      return undefined
    }
    if (this.#length < 0) this.#readLength()
    const missing = this.#length - this.#filled
    const rest = this.#chunk.subarray(this.#at, this.#at + missing)
    this.#at += missing
    let message: Uint8Array
    if (this.#filled === 0) message = new Uint8Array(rest)
    else {
      message = this.#roomFor(this.#length)
      message.set(rest, this.#filled)
    }
    this.#room = NOTHING
    this.#filled = 0
    this.#length = -1
    return message
  }

  /**
   * All messages that `chunk` completes, for callers that take them at once. The reader owns
   * `chunk` from then on.
   */
  *all(chunk: Uint8Array): Generator<Uint8Array> {
    this.push(chunk)
    for (let message = this.next(); message !== undefined; message = this.next()) yield message
  }

  /** Takes the begin of a message out of the chunk. */
  #absorb(): void {
    const left = this.#chunk.length - this.#at
    if (left === 0) return
    if (this.#length < 0) {
      if (this.#lengthHigh < 0 && left === 1) {
        this.#lengthHigh = this.#chunk[this.#at++]!
        return
      }
      this.#readLength()
    }
    const part = this.#chunk.subarray(this.#at)
    if (this.#filled + part.length > this.#room.length) {
      const doubled = Math.max(FIRST_ROOM_BYTES, 2 * this.#room.length, this.#filled + part.length)
      this.#room = this.#roomFor(Math.min(this.#length, doubled))
    }
    this.#room.set(part, this.#filled)
    this.#filled += part.length
    this.#at = this.#chunk.length
  }

  #readLength(): void {
    const high = this.#lengthHigh >= 0 ? this.#lengthHigh : this.#chunk[this.#at++]!
    this.#length = (high << 8) | this.#chunk[this.#at++]!
    this.#lengthHigh = -1
  }

  /** The begin of the message in room of so many bytes. */
  #roomFor(bytes: number): Uint8Array {
    if (this.#room.length === bytes) return this.#room
    const room = new Uint8Array(bytes)
    room.set(this.#room.subarray(0, this.#filled))
    return room
  }
}
