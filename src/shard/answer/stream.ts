// Sends the further messages of an answer of several: finished one by one, limited in number and
// bytes, and ended with their configuration.

import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { ServerError } from '../../chain/errors.ts'
import type { Following, Reply } from '../../chain/reply/reply.ts'

export interface StreamLimits {
  readonly messages: number
  readonly bytes: number
}

const MESSAGES_IN_A_TURN = 16

/** Limits of one answer: more than the largest zones need, which have some million records. */
export const STREAM_LIMITS: StreamLimits = { messages: 1_000_000, bytes: 1024 * 1024 * 1024 }

/**
 * Yields the bytes of the messages after the first. `finish` makes the bytes of one; when `isOver`
 * is true, no more messages are requested. Throws the errors of the stage, and one for a stream
 * beyond the limits.
 */
export async function* messagesBehind(
  following: Following,
  finish: (reply: Reply) => Uint8Array,
  isOver: () => boolean,
  limits: StreamLimits,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0
  for (let count = 0; ; count++) {
    // Yields to the event loop, so that other queries are answered however fast the stage is. Not
    // after each message: a turn costs system calls.
    if (count % MESSAGES_IN_A_TURN === MESSAGES_IN_A_TURN - 1) await turnOfLoop()
    if (isOver()) throw new ServerError('STREAM_RETIRED', 'its configuration has ended')
    const reply = await following.next()
    if (reply === undefined) return
    const message = finish(reply)
    bytes += message.length
    if (count >= limits.messages || bytes > limits.bytes)
      throw new ServerError(
        'STREAM_LIMIT',
        `more than ${limits.messages} messages or ${limits.bytes} bytes`,
      )
    yield message
  }
}
