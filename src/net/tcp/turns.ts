// Fair turns: each connection with messages waiting gets a bounded part of a turn of the event
// loop, one after the other. So UDP, timers and the other connections get their part, too, however
// much one client sends.

/**
 * Units of work (see `unitsOf`) that all connections of a shard together do in one turn of the
 * loop: about a millisecond.
 */
const UNITS_PER_TURN = 128
/** Of these, what one connection may do before the next is asked. */
const UNITS_PER_CONNECTION = 16
const BYTES_PER_UNIT = 512

/** What a message costs: one unit, and one for each 512 bytes. */
export const unitsOf = (bytes: number): number => 1 + Math.floor(bytes / BYTES_PER_UNIT)

export interface TurnTaker {
  /** Does work of about so many units at most, at least one message; returns what it has done. */
  takeTurn(units: number): number
  /** Whether it could do more at once. */
  readonly wantsTurn: boolean
}

export class Turns {
  /** In the order in which they came. */
  readonly #waiting = new Set<TurnTaker>()
  /** Runs in the next turn of the loop; undefined while nothing was done in this turn. */
  #comesRound: NodeJS.Immediate | undefined
  #unitsLeft = 0
  #isRunning = false

  /** Gives `taker` a turn: at once, if this turn of the loop has some of its units left. */
  enter(taker: TurnTaker): void {
    this.#waiting.add(taker)
    this.#comesRound ??= this.#begin()
    this.#run()
  }

  /** It wants none any more. */
  leave(taker: TurnTaker): void {
    this.#waiting.delete(taker)
  }

  #begin(): NodeJS.Immediate {
    this.#unitsLeft = UNITS_PER_TURN
    return setImmediate(() => {
      this.#comesRound = undefined
      if (this.#waiting.size === 0) return
      this.#comesRound = this.#begin()
      this.#run()
    })
  }

  #run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    while (this.#unitsLeft > 0) {
      const [taker] = this.#waiting
      if (taker === undefined) break
      this.#waiting.delete(taker)
      this.#unitsLeft -= Math.max(
        1,
        taker.takeTurn(Math.min(this.#unitsLeft, UNITS_PER_CONNECTION)),
      )
      if (taker.wantsTurn) this.#waiting.add(taker)
    }
    this.#isRunning = false
  }
}
