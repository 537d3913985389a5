// Looks now and then at all HTTP connections of a thread: most kinds of frames come without an
// event of Node's, so a flood of them shows in the number of bytes alone. Rarely while nothing
// comes: a shard without work sleeps.

const LOOK_MS = 100
const QUIET_MS = 1000

export interface Watched {
  /** Whether bytes have come since the last look. */
  look(): boolean
}

export class Watch {
  readonly #watched = new Set<Watched>()
  #timer: NodeJS.Timeout | undefined

  add(one: Watched): void {
    this.#watched.add(one)
    if (this.#watched.size === 1) this.#wait(LOOK_MS)
  }

  remove(one: Watched): void {
    this.#watched.delete(one)
    if (this.#watched.size === 0) clearTimeout(this.#timer)
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), ms)
  }

  #look(): void {
    let hasMoved = false
    for (const one of [...this.#watched]) hasMoved = one.look() || hasMoved
    if (this.#watched.size > 0) this.#wait(hasMoved ? LOOK_MS : QUIET_MS)
  }
}
