// What a chain is made of.

import type { Asked, Concerned } from './asked.ts'
import { faultOf, ServerError } from './errors.ts'
import type { FastStep } from './fast-step.ts'
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'
import { noReply } from './trail.ts'

/** Answers a query: synchronously when the answer is at hand. Fails with a ServerError. */
export type Handler = (query: Query) => Reply | Promise<Reply>

/**
 * Puts a plugin in front of the rest of the chain; called once per server block and shard, at load.
 */
export type Wrap = (next: Handler) => Handler

/**
 * What the serve half of a plugin contributes. Queries take the fast path as far as each stage from
 * the front of the chain offers a step or is not concerned.
 */
export interface Stage {
  /**
   * Whether it has business with this question; absent: with every one. Pure, no allocation. Asked
   * once, for both paths: what does not concern the stage goes past it on either.
   */
  readonly concerns?: Concerned['concerns'] | undefined
  /**
   * Whether the block takes the question at all: if not, the next block for the same zone is asked,
   * and then those of the zones above. For a plugin with the fact `selects`; pure.
   */
  readonly accepts?: ((query: Query) => boolean) | undefined
  /**
   * The same as `accepts`, by what both paths show; undefined: `accepts` is to be asked. Pure, no
   * allocation. A block with a stage that has `accepts` alone has no fast path.
   */
  readonly takes?: ((asked: Asked) => boolean | undefined) | undefined
  readonly wrap: Wrap
  /**
   * Answers with several messages (RFC 5936) the questions that take them: AXFR and IXFR over a
   * connection that carries several answers to one question. Where it gives undefined, and for all
   * other questions, `wrap` answers. The next message is asked for when there is room for it. An
   * error, or five seconds without a message, end the connection; in front of the first message
   * they are an answer. When the client leaves early, `return` of the messages is called.
   */
  readonly stream?: ((query: Query, next: Handler) => AsyncIterable<Reply> | undefined) | undefined
  /** Absent: what concerns the stage takes the slow path. */
  readonly fast?: FastStep | undefined
  /**
   * Sees every message that leaves for a question that concerns the stage, whichever stage has
   * answered, once it is finished: innermost stage first. Gives what is sent instead: the very
   * bytes, or longer ones (a signature, RFC 8945 section 5.3). `query` is the client's own, the
   * same object for all messages of a stream. `bytes` may be changed, and are not kept: copy what
   * is to be. Not called for silence, nor for what is answered in front of the chain. What it
   * throws ends in an answer without records that no stage sees, and so does a message over
   * `query.replyLimit`. Such questions take the slow path.
   */
  readonly leaving?: ((query: Query, bytes: Uint8Array) => Uint8Array) | undefined
  /**
   * Bytes that `leaving` may add, 0 to 1024: replies to such questions are finished without them.
   */
  readonly reserves?: number | undefined
}

/** The stage in front of the rest of the chain, for the questions that concern it. */
export const inFront = (stage: Stage, next: Handler): Handler => {
  const own = streaming(stage, next, '')
  return isChoosy(stage) ? query => (query.isFor(stage, 0) ? own(query) : next(query)) : own
}

/** A plugin's stage in a chain. */
export interface GuardedStage {
  readonly name: string
  readonly stage: Stage
  /** Among those that the fast path notes down; 0 for none. */
  readonly bit: number
  /** Whether the chain keeps a Trail: it has a plugin from outside. */
  readonly isWatched: boolean
}

/**
 * The same for a plugin's stage that is guarded: see `guarded`. What does not concern the stage
 * passes it unseen, so that what the rest of the chain throws at once is thrown at whoever has
 * called it.
 */
export const guardedInFront = (guardedStage: GuardedStage, next: Handler): Handler => {
  const { name, stage, bit, isWatched } = guardedStage
  const plain = guarded(name, streaming(stage, next, name))
  const own = isWatched ? watched(name, plain) : plain
  return isChoosy(stage)
    ? query => (isConcerned(name, stage, bit, query) ? own(query) : next(query))
    : own
}

/** Whether the query concerns the plugin's stage. Throws a fault of the plugin. */
export const isConcerned = (name: string, stage: Concerned, bit: number, query: Query): boolean => {
  try {
    return query.isFor(stage, bit)
  } catch (error) {
    throw faultOf(name, error)
  }
}

const streaming = ({ wrap, stream }: Stage, next: Handler, name: string): Handler => {
  const own = wrap(next)
  if (typeof own !== 'function') throw new TypeError('what wrap gives is no function')
  if (stream === undefined) return own
  return query => {
    const { streams } = query
    const messages = streams && stream(query, next)
    return messages === undefined ? own(query) : streams!.begin(messages, name)
  }
}

/** `own`, the handler of the plugin's stage, with the plugin's name on what it throws at once. */
const guarded =
  (name: string, own: Handler): Handler =>
  query => {
    if (!query.mayBeCalled()) throw noCall(name, query)
    let outcome: Reply | Promise<Reply>
    try {
      outcome = own(query)
    } catch (error) {
      throw query.trail?.rubbish() ?? faultOf(name, error)
    }
    // What else is no reply is found when something goes wrong with it, or at the end.
    if (typeof outcome !== 'object' || outcome === null) throw noReply(name)
    return outcome
  }

/**
 * What it gives is written down as well, and looked at if the query fails: no promise is made for
 * that. A plugin of the program is named by the stacks of its errors (errors.ts), and does without:
 * the notes take 4 % of what a query costs that is forwarded.
 */
const watched =
  (name: string, own: Handler): Handler =>
  query => {
    const outcome = own(query)
    query.gave(name, outcome)
    return outcome
  }

/** Why a query may not be handed on any more. */
const noCall = (name: string, query: Query): Error =>
  query.isCut
    ? new ServerError('CUT', `plugin/${name}: nobody waits for it any more`)
    : query.whyNoCall()

/** Whether there are questions that do not concern the stage. */
export const isChoosy = (stage: Stage): stage is Stage & Concerned => stage.concerns !== undefined

/**
 * The end of each chain: fails as CoreDNS does when the last plugin passes on. `name` is the plugin
 * that passed on.
 */
export const noNext =
  (name: string): Handler =>
  () => {
    throw new ServerError('NO_NEXT', `plugin/${name}: no next plugin found`)
  }
