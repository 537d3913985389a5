// What follows the first message of an answer of several: finished one by one, bounded, and not
// beyond the end of its configuration.

import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { ServerError } from '../../chain/errors.ts'
import type { Following, Reply } from '../../chain/reply.ts'

export interface StreamLimits {
  readonly messages: number
  readonly bytes: number
}

const MESSAGES_IN_A_TURN = 16

/** Of one answer: more than the largest zones, which have some million records, take. */
export const STREAM_LIMITS: StreamLimits = { messages: 1_000_000, bytes: 1024 * 1024 * 1024 }

/**
 * The messages behind the first as they leave. `finish` makes the bytes of one; `isOver`: nobody
 * may be asked for more. Throws what the stage throws, and for a stream without an end.
 */
export async function* messagesBehind(
  following: Following,
  finish: (reply: Reply) => Uint8Array,
  isOver: () => boolean,
  limits: StreamLimits,
): AsyncGenerator<Uint8Array, void> {
  let bytes = 0
  for (let count = 0; ; count++) {
    // Others have their turns, however fast the stage is. Not for each message: a turn costs system
    // calls.
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
