// What goes wrong on purpose with requests: refusals that are counted down, silence, slow lists.
// Watches' own troubles are the hub's.

import { StatusError } from './status-error.ts'

export type FaultCode = 403 | 410 | 429 | 500 | 503

export interface FailNext {
  readonly code: FaultCode
  /** How many requests; default 1. */
  readonly count?: number
  /** Any verb, if not given. */
  readonly verb?: string
  /** The plural; any resource, if not given. */
  readonly resource?: string
  readonly retryAfterSeconds?: number
}

export class Faults {
  #failing: { readonly rule: FailNext; left: number }[] = []
  #gate: PromiseWithResolvers<void> | undefined
  #held = 0
  #heldWaiters: { readonly count: number; readonly resolve: () => void }[] = []
  /**
   * `accept`: connections are taken and not a byte is sent. `answer`: TLS and requests are read and
   * never answered.
   */
  hang: 'accept' | 'answer' | undefined = undefined
  /** Every event is sent twice. */
  duplicates = false

  /** Refuses the next requests that fit. Rules are tried in the order they came. */
  failNext(rule: FailNext): void {
    this.#failing.push({ rule, left: rule.count ?? 1 })
  }

  /** Forgets all rules of failNext. */
  failNoMore(): void {
    this.#failing = []
  }

  /** Counts down; undefined if the request is to be served. */
  take(verb: string, plural: string): FailNext | undefined {
    const found = this.#failing.find(
      ({ rule }) => (rule.verb ?? verb) === verb && (rule.resource ?? plural) === plural,
    )
    if (found !== undefined && --found.left <= 0)
      this.#failing = this.#failing.filter(one => one !== found)
    return found?.rule
  }

  /** Lists send their first half only, until `releaseLists`. */
  holdLists(): void {
    this.#gate ??= Promise.withResolvers<void>()
  }

  releaseLists(): void {
    this.#gate?.resolve()
    this.#gate = undefined
  }

  /** Resolves once so many lists have been held since the start. */
  async whenHeld(count = 1): Promise<void> {
    if (this.#held >= count) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#heldWaiters.push({ count, resolve })
    await promise
  }

  /**
   * For the list handler: undefined unless lists are held; then what to wait for after the first
   * half was sent.
   */
  heldList(): { readonly sent: () => Promise<void> } | undefined {
    const gate = this.#gate
    if (gate === undefined) return undefined
    const sent = (): Promise<void> => {
      this.#held++
      for (const waiter of this.#heldWaiters) if (this.#held >= waiter.count) waiter.resolve()
      return gate.promise
    }
    return { sent }
  }
}

const FAILURES: Readonly<Record<FaultCode, readonly [reason: string, message: string]>> = {
  403: ['Forbidden', 'forbidden: refused on purpose'],
  410: ['Expired', 'The resourceVersion for the provided list is too old.'],
  429: ['TooManyRequests', 'Too many requests, please try again later.'],
  500: ['InternalError', 'Internal error occurred: etcdserver: request timed out'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
}

/** What a rule answers. */
export const failure = ({ code, retryAfterSeconds }: FailNext): StatusError => {
  const [reason, message] = FAILURES[code]
  const seconds = retryAfterSeconds ?? (code === 429 ? 1 : undefined)
  if (seconds === undefined) return new StatusError(code, message, { reason })
  return new StatusError(code, message, {
    reason,
    details: { retryAfterSeconds: seconds },
    headers: { 'Retry-After': `${seconds}` },
  })
}
