// One HTTP request, from its head until its answer has left. Its body lies in memory of its own:
// the chunks that Node gives are views of whole reads, and would keep these.

import { type HttpHead, type HttpReply, NO_BYTES } from './exchange.ts'

/** Node's objects for a request and its answer, as measured. */
export const REQUEST_BYTES = 5 * 1024
const LEAST_BODY_BYTES = 512

export class HttpRequest {
  readonly head: HttpHead
  /**
   * `read`: its body is coming. `waits`: it is whole, and waits for its turn. `asked`: the chain
   * has it. `sent`: its answer is on its way. `over`: that has left, or is not wanted any more.
   */
  state: 'read' | 'waits' | 'asked' | 'sent' | 'over' = 'read'
  /** Clock.ms() of its head; once it is answered, of that. */
  sinceMs: number
  /** Decided before its message was read. */
  early: HttpReply | undefined
  hasBody = false
  /** Bytes that it holds of the budget; those of its answer that have not left. */
  heldBytes = 0
  unsentBytes = 0
  /** Its client has gone, or has taken it back, while the chain had it. */
  isGone = false
  #body: Uint8Array = NO_BYTES
  #length = 0

  constructor(head: HttpHead, nowMs: number) {
    this.head = head
    this.sinceMs = nowMs
  }

  /** What has come of the body. */
  get body(): Uint8Array {
    return this.#body.subarray(0, this.#length)
  }

  get bodyBytes(): number {
    return this.#length
  }

  /** What the body takes of memory. */
  get memoryBytes(): number {
    return this.#body.length
  }

  /** By how many bytes the body's memory grows for so many more; `most` is the longest body. */
  growth(more: number, most: number): number {
    const length = this.#length + more
    const { length: size } = this.#body
    return length <= size ? 0 : Math.min(most, Math.max(LEAST_BODY_BYTES, 2 * size, length)) - size
  }

  add(chunk: Uint8Array, most: number): void {
    const growth = this.growth(chunk.length, most)
    if (growth > 0) {
      const grown = new Uint8Array(this.#body.length + growth)
      grown.set(this.body)
      this.#body = grown
    }
    this.#body.set(chunk, this.#length)
    this.#length += chunk.length
  }

  /** The body, for whoever keeps it. */
  takeBody(): Uint8Array {
    const { body } = this
    this.#body = NO_BYTES
    this.#length = 0
    return body
  }
}
