// A reply on the slow path. Replies are values: a handler returns one; there is no response writer
// to wrap.

import { getArcount, getFlags, HEADER_SIZE, MASK_RCODE } from '../../wire/header.ts'
import { MessageLayout, readLayout } from '../../wire/layout.ts'
import { foldByte } from '../../wire/name.ts'
import { MalformedReply } from '../errors.ts'
import { type Message, readMessage } from '../message.ts'

/** The messages behind the first one of an answer of several (chain/reply/stream.ts). */
export interface Following {
  /** The next message; undefined: there are no more. Rejects with the error of the stage. */
  next(): Promise<Reply | undefined>
  /** No more are wanted. May be called at any time, more than once. */
  end(): void
}

/** The message of a query, and the end of its question. */
export interface Asking {
  readonly bytes: Uint8Array
  readonly question: { readonly end: number }
}

/** Type and class. */
const FIXED_BYTES = 4

/**
 * A whole DNS message with header and question. Its id and question case may be those of another
 * query with the same question: the server sets both before sending, and rebuilds OPT, compresses
 * and truncates (chain/answer/finish.ts).
 */
export class Reply {
  /** Owned by the reply and never changed after construction; empty for SILENCE. */
  readonly bytes: Uint8Array
  /**
   * False for an rcode that a plugin handed back to the server (chain/answer/answer.ts: unwritten).
   */
  readonly isWritten: boolean
  /** Further messages of the answer; undefined: this is the whole answer. */
  readonly following: Following | undefined
  #layout: MessageLayout | undefined

  constructor(bytes: Uint8Array, layout?: MessageLayout, isWritten = true, following?: Following) {
    this.bytes = bytes
    this.isWritten = isWritten
    this.following = following
    this.#layout = layout
  }

  /** The same message with others behind it, or with none. */
  followedBy(following: Following | undefined): Reply {
    return new Reply(this.bytes, this.#layout, this.isWritten, following)
  }

  /**
   * The whole rcode: the header's four bits and, above them, the eight that an OPT record carries
   * (RFC 6891 section 6.1.3).
   */
  get rcode(): number {
    const { bytes } = this
    if (bytes.length === 0) return 0
    const low = getFlags(bytes, 0) & MASK_RCODE
    if (getArcount(bytes, 0) === 0) return low
    const { layout } = this
    return layout.optIndex < 0 || layout.sectionOf(layout.optIndex) !== 2
      ? low
      : ((layout.ttl(layout.optIndex) >>> 24) << 4) | low
  }

  /**
   * The offsets of all records; parsed at first use. Throws a MalformedReply for bytes that are no
   * DNS message: a defect of the plugin that made the reply.
   */
  get layout(): MessageLayout {
    if (this.#layout === undefined) {
      const layout = readLayout(this.bytes)
      if (layout === undefined) throw new MalformedReply(this.bytes)
      this.#layout = layout
    }
    return this.#layout
  }

  /**
   * The whole message as an object, decoded by dns-packet at first use. Frozen, and the same object
   * at each call; for SILENCE a message without records. Throws a ServerError for a message that
   * dns-packet cannot read.
   */
  get message(): Message {
    return readMessage(this)
  }

  /**
   * Whether the reply has the same question, ignoring case. A reply without a question fits every
   * query.
   */
  isTo({ bytes: asked, question: { end } }: Asking): boolean {
    const { bytes } = this
    if (bytes.length <= HEADER_SIZE) return true
    const { questionEnd } = this.layout
    if (questionEnd === HEADER_SIZE) return true
    if (questionEnd !== end) return false
    for (let at = HEADER_SIZE; at < end; at++) {
      const is = bytes[at]!
      const was = asked[at]!
      if (is !== was && (at >= end - FIXED_BYTES || foldByte(is) !== foldByte(was))) return false
    }
    return true
  }
}

const NOTHING = {
  questionEnd: 0,
  answerCount: 0,
  authorityCount: 0,
  count: 0,
  optIndex: -1,
  optCount: 0,
  end: 0,
  uncompressedLength: 0,
}
const NO_BYTES = new Uint8Array(0)

/** Deliberate silence: no reply is sent to the client. Stages that read it find no records. */
export const SILENCE = new Reply(NO_BYTES, new MessageLayout(NO_BYTES, NOTHING, new Uint16Array(0)))
