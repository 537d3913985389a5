// What a UDP exchange does about messages that are not its reply: it goes on waiting, and asks once
// more over TCP meanwhile, where nobody can forge (R-02b). Whichever answers first wins.

import { ExchangeError } from './exchange-error.ts'
import type { Ask, Verdict } from './relayed-question.ts'

export interface Doubtful {
  readonly resolve: (reply: Uint8Array) => void
  readonly reject: (error: ExchangeError) => void
  /** Local and remote address, for the error. */
  readonly path: () => string
}

export class Doubts {
  readonly #ask: Ask
  readonly #exchange: Doubtful
  #isRaised = false

  constructor(ask: Ask, exchange: Doubtful) {
    this.#ask = ask
    this.#exchange = exchange
  }

  /**
   * Starts the TCP attempt, once. When the server's own reply was broken and TCP fails, or is
   * broken there, nothing is left to wait for.
   */
  raise(verdict: Verdict): void {
    const { retry } = this.#ask
    if (this.#isRaised || retry === undefined) return
    this.#isRaised = true
    const { resolve, reject, path } = this.#exchange
    retry().then(resolve, (error: unknown) => {
      const isBrokenThere = error instanceof ExchangeError && error.kind === 'malformed'
      if (verdict === 'malformed' || isBrokenThere)
        reject(new ExchangeError('malformed', `read udp ${path()}: malformed reply`))
    })
  }
}
