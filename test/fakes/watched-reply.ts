// Stands in the place of src/chain/reply/reply.ts (test/unchanged-replies.test.ts): the same
// replies, and each remembers the bytes it was made of.

import {
  type Following,
  SILENCE as PLAIN_SILENCE,
  Reply as PlainReply,
} from '../../src/chain/reply/reply.ts'
import type { MessageLayout } from '../../src/wire/layout.ts'

/** Replies that are watched at a time: the oldest is looked at when another one comes. */
const WATCHED = 4096

interface Watched {
  readonly reply: PlainReply
  readonly before: Uint8Array
  /** The stack at construction. */
  readonly maker: Error
}

const watched: Watched[] = []
const changed = new Set<string>()
let made = 0

export class Reply extends PlainReply {
  constructor(bytes: Uint8Array, layout?: MessageLayout, isWritten = true, following?: Following) {
    super(bytes, layout, isWritten, following)
    const place = made++ % WATCHED
    look(watched[place])
    watched[place] = { reply: this, before: new Uint8Array(bytes), maker: new Error('made here') }
  }
}

const look = (one: Watched | undefined): void => {
  if (one === undefined || one.before.every((byte, at) => byte === one.reply.bytes[at])) return
  changed.add(one.maker.stack ?? '')
}

/** How many replies were made, and where those were made whose bytes have changed since. */
export const madeReplies = (): { readonly count: number; readonly changed: readonly string[] } => {
  for (const one of watched) look(one)
  return { count: made, changed: [...changed] }
}

export const SILENCE = new Reply(PLAIN_SILENCE.bytes, PLAIN_SILENCE.layout)
