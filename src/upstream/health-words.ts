// Health of the upstreams of one `forward`, in words that all threads share.
//
//   word 0            doorbell: raised by shards, main waits on it
//   word 1 + 2i       fails of upstream i: consecutive failed probes; written by main only
//   word 2 + 2i       probe wanted for upstream i: a shard sets it, main clears it once a probe has
//                     succeeded
//
// A failure that a shard reports in the instant between a successful probe and the clearing is
// lost; the next one rings again.

const DOORBELL = 0
const FAILS = 1
const WANTED = 2

export const healthWordCount = (upstreams: number): number => 1 + 2 * upstreams

export class HealthWords {
  readonly #words: Int32Array
  readonly #offset: number

  constructor(words: Int32Array, offset: number) {
    this.#words = words
    this.#offset = offset
  }

  fails(index: number): number {
    return Atomics.load(this.#words, this.#word(index, FAILS))
  }

  /** A shard's exchange failed: asks main for a probe. Rings once, however many failures follow. */
  reportFailure(index: number): void {
    if (Atomics.exchange(this.#words, this.#word(index, WANTED), 1) === 0) this.ring()
  }

  isProbeWanted(index: number): boolean {
    return Atomics.load(this.#words, this.#word(index, WANTED)) === 1
  }

  probeFailed(index: number): void {
    Atomics.add(this.#words, this.#word(index, FAILS), 1)
  }

  probeSucceeded(index: number): void {
    Atomics.store(this.#words, this.#word(index, FAILS), 0)
    Atomics.store(this.#words, this.#word(index, WANTED), 0)
  }

  /** The doorbell's count, for `waitForRing`. */
  get rings(): number {
    return Atomics.load(this.#words, this.#offset + DOORBELL)
  }

  ring(): void {
    Atomics.add(this.#words, this.#offset + DOORBELL, 1)
    Atomics.notify(this.#words, this.#offset + DOORBELL)
  }

  /** Resolves once the doorbell's count differs from `seen`. */
  async waitForRing(seen: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#words, this.#offset + DOORBELL, seen)
    if (wait.async) await wait.value
  }

  #word(index: number, part: number): number {
    return this.#offset + 2 * index + part
  }
}
