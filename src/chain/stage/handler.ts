// The parts of a chain: handlers, and the stages of plugins.

import { faultOf, ServerError } from '../errors.ts'
import type { Asked, Concerned } from '../query/asked.ts'
import type { Query } from '../query/query.ts'
import type { Reply } from '../reply/reply.ts'
import { noReply } from '../reply/trail.ts'
import type { FastStep } from './fast-step.ts'

/**
 * Answers a query: synchronously if the answer is available at once. Throws or rejects with a
 * ServerError for an operating failure.
 */
export type Handler = (query: Query) => Reply | Promise<Reply>

/**
 * Puts a plugin in front of the rest of the chain; called once per server block and shard, at load.
 */
export type Wrap = (next: Handler) => Handler

/**
 * A plugin's part of a chain, made by its serve half. A query stays on the fast path as long as
 * each stage, from the front of the chain, has a step or is not concerned.
 */
export interface Stage {
  /**
   * Whether the question concerns the stage; absent: every question does. Pure, no allocation.
   * Called once, for both paths: other questions skip the stage on either.
   */
  readonly concerns?: Concerned['concerns'] | undefined
  /**
   * Whether the block accepts the question at all. If not, the next block for the same zone is
   * asked, and then those of parent zones. For a plugin with the fact `selects`; pure.
   */
  readonly accepts?: ((query: Query) => boolean) | undefined
  /**
   * The same as `accepts`, for both paths; undefined: call `accepts`. Pure, no allocation. A block
   * with a stage that has only `accepts` has no fast path.
   */
  readonly takes?: ((asked: Asked) => boolean | undefined) | undefined
  readonly wrap: Wrap
  /**
   * Answers AXFR and IXFR with several messages (RFC 5936), over connections that carry several
   * messages for one question. Where it gives undefined, and for all other questions, `wrap`
   * answers. The next message is requested when there is room for it. An error, or five seconds
   * without a message, ends the connection; before the first message it is answered instead. When
   * the client leaves early, `return` of the messages is called.
   */
  readonly stream?: ((query: Query, next: Handler) => AsyncIterable<Reply> | undefined) | undefined
  /** Absent: questions that concern the stage take the slow path. */
  readonly fast?: FastStep | undefined
  /**
   * Sees every finished message just before it is sent, for questions that concern the stage,
   * whichever stage has answered; innermost stage first. Returns the message to send: the same
   * bytes, or longer ones (a signature, RFC 8945 section 5.3). `query` is the client's own, the
   * same object for all messages of a stream. `bytes` may be changed in place, but are reused after
   * the call: copy them to keep them. Not called for silence, nor for answers that the server gives
   * without the chain. If it throws, or returns a message over `query.replyLimit`, the client gets
   * an answer without records that no stage sees. Such questions take the slow path.
   */
  readonly leaving?: ((query: Query, bytes: Uint8Array) => Uint8Array) | undefined
  /** Bytes that `leaving` may add, 0 to 1024. They are kept free in replies to such questions. */
  readonly reserves?: number | undefined
}

/** A handler that calls the stage before the rest of the chain, for questions that concern it. */
export const inFront = (stage: Stage, next: Handler): Handler => {
  const own = streaming(stage, next, '')
  return isChoosy(stage) ? query => (query.isFor(stage, 0) ? own(query) : next(query)) : own
}

/** A plugin's stage in a chain. */
export interface GuardedStage {
  readonly name: string
  readonly stage: Stage
  /** The stage's bit in FastQuery.askedBits; 0 for none. */
  readonly bit: number
  /** Whether the chain keeps a Trail: it has a plugin from outside. */
  readonly isWatched: boolean
}

/**
 * The same for a plugin's stage with a guard: see `guarded`. Questions that do not concern the
 * stage skip the guard as well, so that an error of the rest of the chain is not blamed on it.
 */
export const guardedInFront = (guardedStage: GuardedStage, next: Handler): Handler => {
  const { name, stage, bit, isWatched } = guardedStage
  const plain = guarded(name, streaming(stage, next, name))
  const own = isWatched ? watched(name, plain) : plain
  return isChoosy(stage)
    ? query => (isConcerned(name, stage, bit, query) ? own(query) : next(query))
    : own
}

/** Whether the query concerns the plugin's stage. Throws a PluginFault if `concerns` throws. */
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

/**
 * `own`, the handler of the plugin's stage, with the plugin's name added to errors that it throws
 * at once.
 */
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
    // Other values that are no replies are found when something fails on them, or at the end.
    if (typeof outcome !== 'object' || outcome === null) throw noReply(name)
    return outcome
  }

/**
 * Also records each outcome in the query's trail, which is read if the query fails; that makes no
 * extra promise. Built-in plugins are named by the stacks of their errors (errors.ts) and do
 * without: the trail takes 4 % of the cost of a forwarded query.
 */
const watched =
  (name: string, own: Handler): Handler =>
  query => {
    const outcome = own(query)
    query.gave(name, outcome)
    return outcome
  }

/** The error for a query that must not be passed on any more. */
const noCall = (name: string, query: Query): Error =>
  query.isCut
    ? new ServerError('CUT', `plugin/${name}: nobody waits for it any more`)
    : query.whyNoCall()

/** Whether there are questions that do not concern the stage. */
export const isChoosy = (stage: Stage): stage is Stage & Concerned => stage.concerns !== undefined

/**
 * The end of each chain: fails as CoreDNS does when the last plugin calls `next`. `name` is that
 * plugin.
 */
export const noNext =
  (name: string): Handler =>
  () => {
    throw new ServerError('NO_NEXT', `plugin/${name}: no next plugin found`)
  }
