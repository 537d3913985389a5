// What the transports need to know about a question in flight: the bytes to send, the function that
// judges replies, and what to do about doubtful ones.

import { randomId } from '../base/entropy.ts'
import type { Reply } from '../chain/reply/reply.ts'
import { getFlags, getId, HEADER_SIZE, setId } from '../wire/header.ts'
import type { Question } from '../wire/question.ts'
import { isReply, readReply } from './judge.ts'

/**
 * `stranger`: under another id; `mismatch`: under ours, but the reply to something else;
 * `malformed`: the reply to this question, but broken. Over UDP none of these ends the wait:
 * otherwise an attacker's datagram could spoil the answer.
 */
export type Verdict = 'accept' | 'stranger' | 'mismatch' | 'malformed'

export interface Ask {
  readonly id: number
  /**
   * The question to send, under whatever id; `message` is a copy of it under ours. Neither changes
   * while the exchange lasts.
   */
  readonly template: Uint8Array
  readonly message: Uint8Array
  /**
   * Takes another id, before anything is sent under this one: it is in use where the question is to
   * leave from.
   */
  redraw(): void
  judge(reply: Uint8Array): Verdict
  /**
   * Asks the same over TCP, where replies cannot be forged: for a UDP exchange with doubtful
   * replies. Resolves with an accepted reply.
   */
  readonly retry?: (() => Promise<Uint8Array>) | undefined
}

const withId = (template: Uint8Array, id: number): Uint8Array => {
  const message = new Uint8Array(template)
  setId(message, 0, id)
  return message
}

export interface RelayedOptions {
  /** Told of each message that is not accepted. */
  readonly ignored: () => void
  /** Over TCP or TLS: nothing is cut off there. */
  readonly isStream?: boolean
  readonly retry?: (() => Promise<Uint8Array>) | undefined
}

/** A client's query under a fresh random id. */
export class RelayedQuestion implements Ask {
  id = randomId()
  readonly template: Uint8Array
  readonly retry: (() => Promise<Uint8Array>) | undefined
  /** The accepted one, to be handed on. */
  reply: Reply | undefined
  readonly #question: Question
  readonly #options: RelayedOptions

  /** Borrows `bytes` for the exchange. */
  constructor(bytes: Uint8Array, question: Question, options: RelayedOptions) {
    this.template = bytes
    this.#question = question
    this.#options = options
    this.retry = options.retry
  }

  get message(): Uint8Array {
    return withId(this.template, this.id)
  }

  redraw(): void {
    this.id = randomId()
  }

  /** Takes custody of `message`. */
  judge(message: Uint8Array): Verdict {
    const verdict = this.#judge(message)
    if (verdict !== 'accept') this.#options.ignored()
    return verdict
  }

  #judge(message: Uint8Array): Verdict {
    if (message.length < HEADER_SIZE || getId(message, 0) !== this.id) return 'stranger'
    if (!isReply(message, getFlags(this.template, 0), this.#question)) return 'mismatch'
    this.reply = readReply(message, this.#question, this.#options.isStream === true)
    return this.reply === undefined ? 'malformed' : 'accept'
  }
}

/** A probe: any decodable header under our id shows that the upstream lives, whatever it says. */
export class Probe implements Ask {
  id = randomId()
  readonly template: Uint8Array

  /** Borrows `bytes` for the exchange. */
  constructor(bytes: Uint8Array) {
    this.template = bytes
  }

  get message(): Uint8Array {
    return withId(this.template, this.id)
  }

  redraw(): void {
    this.id = randomId()
  }

  judge(reply: Uint8Array): Verdict {
    return reply.length >= HEADER_SIZE && getId(reply, 0) === this.id ? 'accept' : 'stranger'
  }
}
