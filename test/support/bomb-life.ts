// The whole life of a reply in one thread, without sockets: read as forward reads it, stored, put
// into another order, counted, logged, finished for its client; and a hit of what was stored.

import { errorReply } from '../../src/chain/answer/answer.ts'
import { finishReply } from '../../src/chain/answer/finish.ts'
import { ServerError } from '../../src/chain/errors.ts'
import type { Handler } from '../../src/chain/stage/handler.ts'
import { cache } from '../../src/plugins/cache/index.ts'
import { errors } from '../../src/plugins/errors/index.ts'
import { loadbalance } from '../../src/plugins/loadbalance/index.ts'
import { options as logOptions } from '../../src/plugins/log/options.ts'
import { serveTo as serveLog } from '../../src/plugins/log/serve.ts'
import { prometheus } from '../../src/plugins/prometheus/index.ts'
import { isReply, readReply } from '../../src/upstream/judge.ts'
import { BOMB_NAME } from './bomb-writer.ts'
import {
  chain,
  directive,
  fakeClock,
  fakeControl,
  type QueryOptions,
  query,
} from './plugin-harness.ts'

export interface BombLife {
  /** What the client gets when upstream answers so; undefined: when it does not answer. */
  ask(reply: Uint8Array | undefined, options: QueryOptions): Uint8Array | undefined
  /** So that the next question is a miss. */
  expire(): void
}

const NOTHING = { raw: () => {}, rawBytes: () => {} }

export const bombLife = async (): Promise<BombLife> => {
  const clock = fakeClock()
  let upstream: Uint8Array | undefined
  const relay: Handler = asked => {
    const bytes = upstream
    if (bytes === undefined) throw new ServerError('UPSTREAM_TIMEOUT', 'upstream: silent')
    const reply = isReply(bytes, asked.flags, asked.question)
      ? readReply(bytes, asked.question, true)
      : undefined
    if (reply === undefined) throw new ServerError('UPSTREAM_MALFORMED', 'upstream: malformed')
    return reply
  }
  const control = fakeControl({ clock })
  const setup = { control, serve: { clock } }
  const stored = await chain(cache, 'cache 30', { ...setup, next: relay })
  const balanced = await chain(loadbalance, 'loadbalance', { ...setup, next: stored.handle })
  const counted = await chain(prometheus, 'prometheus', { ...setup, next: balanced.handle })
  const logged = serveLog(
    logOptions.parse(directive('log . {common} {\nclass success denial\n}')),
    counted.serve,
    NOTHING,
  ).wrap(counted.handle)
  const top = await chain(errors, 'errors', { ...setup, next: logged })
  return {
    ask(reply, options) {
      upstream = reply?.slice()
      const asked = query(BOMB_NAME, 'A', { receivedMs: clock.ms(), ...options })
      try {
        const answer = top.handle(asked)
        if (answer instanceof Promise) throw new Error('the chain is synchronous')
        return finishReply(asked, answer)
      } catch (error) {
        if (!(error instanceof ServerError)) throw error
        return finishReply(asked, errorReply(asked, error.rcode))
      }
    },
    expire: () => clock.advance(40_000),
  }
}
