// Buffers for long answers until the system has taken them. A new buffer for each answer would
// leave 60 KiB of garbage, which stays in the socket of a client that does not read, and is
// collected late (base/v8/collector.ts). So buffers are used again.

/**
 * Size classes: powers of two from this to `MOST_BYTES`. Shorter answers get a buffer of their own.
 */
export const LEAST_BYTES = 4096
/** Answers of one turn: as many as wait at most, and one of the longest. */
const MOST_BYTES = 256 * 1024
/** Kept for the next, over all classes. */
const KEPT_BYTES = 512 * 1024

export class SendBuffers {
  /** By class, from the smallest. */
  readonly #free: Uint8Array[][] = Array.from({ length: classOf(MOST_BYTES) + 1 }, () => [])
  #keptBytes = 0

  /**
   * A buffer of at least so many bytes, with anything in it; the caller's until `give`. A longer
   * one than any class is a new one.
   */
  take(bytes: number): Uint8Array {
    if (bytes > MOST_BYTES) return new Uint8Array(bytes)
    const index = classOf(bytes)
    const buffer = this.#free[index]!.pop()
    if (buffer === undefined) return new Uint8Array(LEAST_BYTES << index)
    this.#keptBytes -= buffer.length
    return buffer
  }

  /** Takes back a buffer that is not in use any more. */
  give(buffer: Uint8Array): void {
    if (buffer.length > MOST_BYTES || this.#keptBytes + buffer.length > KEPT_BYTES) return
    this.#free[classOf(buffer.length)]!.push(buffer)
    this.#keptBytes += buffer.length
  }
}

const classOf = (bytes: number): number => Math.max(0, 32 - Math.clz32(bytes - 1) - 12)
