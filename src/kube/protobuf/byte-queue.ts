// What has come of a stream and has not been read yet. Chunks are read where they lie; only what is
// left of one is copied, and joined with what follows.

const NOTHING = Buffer.alloc(0)
const LEAST_BYTES = 4096
/** A larger buffer of our own is given up as soon as it is empty. */
const KEPT_BYTES = 64 * 1024

export class ByteQueue {
  bytes: Buffer = NOTHING
  /** What is to be read stands from here to `end`. */
  at = 0
  end = 0
  #own: Buffer = NOTHING

  get left(): number {
    return this.end - this.at
  }

  /** `chunk` must not change until `settle`. */
  push(chunk: Uint8Array): void {
    const { left } = this
    if (left === 0) {
      this.bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      this.at = 0
      this.end = chunk.byteLength
      return
    }
    this.#takeOver(left + chunk.byteLength)
    this.#own.set(chunk, this.end)
    this.end += chunk.byteLength
  }

  /** To be called when as much as can be has been read of a chunk, which is not kept. */
  settle(): void {
    if (this.left > 0) {
      this.#takeOver(this.left)
      return
    }
    this.bytes = NOTHING
    this.at = 0
    this.end = 0
    if (this.#own.length > KEPT_BYTES) this.#own = NOTHING
  }

  /** Has what is left in a buffer of our own, with room for so many bytes from `at` on. */
  #takeOver(bytes: number): void {
    if (this.bytes === this.#own && this.at + bytes <= this.#own.length) return
    const from = this.bytes.subarray(this.at, this.end)
    if (this.#own.length < bytes)
      this.#own = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, 2 * bytes))
    this.#own.set(from, 0)
    this.end = from.length
    this.at = 0
    this.bytes = this.#own
  }
}
