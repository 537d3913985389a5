// What the transports need to know of a question in flight: bytes to send, and who judges what comes back.

import { randomId } from '../core/entropy.ts'
import { FLAG_QR, getFlags, getId, getQdcount, HEADER_SIZE, opcodeOf, setId } from '../wire/header.ts'
import type { MessageLayout } from '../wire/layout.ts'
import { readLayout } from '../wire/layout.ts'
import { isQuestionOf, type Question } from '../wire/question.ts'

/** `ignore`: not the reply to this question, waiting goes on; `malformed`: it claims to be, but is no well-formed message. */
export type Verdict = 'accept' | 'ignore' | 'malformed'

export interface Ask {
  readonly id: number
  /** The question to send, under whatever id; `message` is a copy of it under ours. Neither changes while the exchange lasts. */
  readonly template: Uint8Array
  readonly message: Uint8Array
  judge(reply: Uint8Array): Verdict
}

const withId = (template: Uint8Array, id: number): Uint8Array => {
  const message = new Uint8Array(template)
  setId(message, 0, id)
  return message
}

/**
 * A client's query under a fresh random id. A reply is accepted when id, QR, opcode and the one question (name in any case, type, class)
 * match: RFC 5452 section 9.1. Anything else is counted and ignored, for whoever answers a stranger's datagram can be made to answer wrong.
 */
export class RelayedQuestion implements Ask {
  readonly id = randomId()
  readonly template: Uint8Array
  /** Of the accepted reply. */
  layout: MessageLayout | undefined
  readonly #question: Question
  readonly #onIgnored: () => void

  /** Borrows `bytes` for the exchange. */
  constructor(bytes: Uint8Array, question: Question, onIgnored: () => void) {
    this.template = bytes
    this.#question = question
    this.#onIgnored = onIgnored
  }

  get message(): Uint8Array {
    return withId(this.template, this.id)
  }

  judge(reply: Uint8Array): Verdict {
    const verdict = this.#judge(reply)
    if (verdict !== 'accept') this.#onIgnored()
    return verdict
  }

  #judge(reply: Uint8Array): Verdict {
    if (reply.length < HEADER_SIZE || getId(reply, 0) !== this.id || getQdcount(reply, 0) !== 1) return 'ignore'
    const flags = getFlags(reply, 0)
    if ((flags & FLAG_QR) === 0 || opcodeOf(flags) !== opcodeOf(getFlags(this.template, 0))) return 'ignore'
    if (!isQuestionOf(reply, this.#question)) return 'ignore'
    this.layout = readLayout(reply)
    return this.layout === undefined ? 'malformed' : 'accept'
  }
}

/** A probe: any decodable header under our id shows that the upstream lives, whatever it says. */
export class Probe implements Ask {
  readonly id = randomId()
  readonly template: Uint8Array

  /** Borrows `bytes` for the exchange. */
  constructor(bytes: Uint8Array) {
    this.template = bytes
  }

  get message(): Uint8Array {
    return withId(this.template, this.id)
  }

  judge(reply: Uint8Array): Verdict {
    return reply.length >= HEADER_SIZE && getId(reply, 0) === this.id ? 'accept' : 'ignore'
  }
}
