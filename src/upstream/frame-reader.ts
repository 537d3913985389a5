// DNS messages over a stream: two bytes of length, big endian, then the message (RFC 1035 section 4.2.2).

/** The message with its length in front, in one piece so that both leave in one segment (RFC 7766 section 8). */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + 2)
  framed[0] = message.length >>> 8
  framed[1] = message.length & 255
  framed.set(message, 2)
  return framed
}

/** Cuts a stream into messages, however it was segmented. Holds one unfinished message at most: 64 KiB. */
export class FrameReader {
  #lengthHigh = -1
  #message: Uint8Array | undefined
  #filled = 0

  /** True between messages: nothing of a next one has come yet. */
  get isIdle(): boolean {
    return this.#lengthHigh < 0 && this.#message === undefined
  }

  /** Calls `onMessage` for each message that `chunk` completes; the bytes are the callee's to keep. It returns false to stop: the rest is dropped. */
  push(chunk: Uint8Array, onMessage: (message: Uint8Array) => boolean): void {
    let offset = 0
    while (offset < chunk.length) {
      if (this.#message === undefined) {
        const byte = chunk[offset++]!
        if (this.#lengthHigh < 0) {
          this.#lengthHigh = byte
          continue
        }
        this.#message = new Uint8Array((this.#lengthHigh << 8) | byte)
        this.#lengthHigh = -1
        this.#filled = 0
      }
      const message = this.#message
      const count = Math.min(message.length - this.#filled, chunk.length - offset)
      message.set(chunk.subarray(offset, offset + count), this.#filled)
      offset += count
      this.#filled += count
      if (this.#filled < message.length) return
      this.#message = undefined
      if (!onMessage(message)) return
    }
  }
}
