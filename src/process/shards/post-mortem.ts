// The work of a dead shard at its end: the question in its black box, or the one on the fast path.
// Read it only after the worker's exit.

import { CacheKey } from '../../cache/key.ts'
import type { BlackBox } from '../../memory/black-box.ts'
import type { HashSeed } from '../../memory/keyed-hash.ts'
import { BATCH, datagramSequence, unanswered, waiting } from '../../net/mmsg/inbound-layout.ts'
import { messageIn } from '../../net/proxy/v2.ts'
import { readQuestion } from '../../wire/question.ts'
import type { Handling } from './heart-watch.ts'

export interface LastQuestion {
  /** Hash of the key without DO and CD, which identifies refused questions. */
  readonly hash: number
  /** Name, perhaps with type and class behind it. */
  readonly question: Uint8Array
}

/** The error that main gets when a worker ends; undefined when its task ended normally. */
export type DeathError = (Error & { readonly code?: string }) | undefined

export const isOutOfMemory = (error: DeathError): boolean =>
  error?.code === 'ERR_WORKER_OUT_OF_MEMORY'

/** The data that a dead shard has left. */
export interface Remains {
  readonly box: BlackBox
  readonly inbound: SharedArrayBuffer
}

/**
 * The question that killed the shard, if one did. An exception or an exit is caused by the question
 * that was being handled. A thread that was ended from outside, or because its heap was full, may
 * have been handling any question. That question is to blame only if the shard did not get past it
 * from its last beat (`stoodStillAt`) to the end. Clears the box.
 */
export const lastQuestion = (
  { box, inbound }: Remains,
  seed: HashSeed,
  error: DeathError,
  stoodStillAt: Handling | undefined,
): LastQuestion | undefined => {
  const noted = box.read()
  const sequence = box.sequence
  box.clear()
  const isAnybodys = error?.name === 'AbortError' || isOutOfMemory(error)
  if (noted !== undefined)
    return isAnybodys && stoodStillAt?.question !== sequence ? undefined : noted
  if (error === undefined) return undefined
  if (isAnybodys && stoodStillAt?.datagram !== datagramSequence(new Int32Array(inbound)))
    return undefined
  return questionOf(unanswered(inbound), seed)
}

const questionOf = (bytes: Uint8Array | undefined, seed: HashSeed): LastQuestion | undefined => {
  const question = bytes && readQuestion(messageIn(bytes))
  if (question === undefined) return undefined
  const { type, class: cls, folded, wire } = question
  return { hash: new CacheKey(seed).set(type, cls, false, false, folded).hashLow, question: wire }
}

/** What a shard had not answered when it died: one of them may be the cause. */
export interface AtHand {
  /** The one that it was handling. */
  readonly handled: LastQuestion | undefined
  /** Those that waited for something. */
  readonly waiting: readonly LastQuestion[]
  /** Sequence number of the datagram that it had turned to last. */
  readonly turn: number
}

/** To be asked before `lastQuestion`, which clears the box. */
export const questionsAtHand = ({ box, inbound }: Remains, seed: HashSeed): AtHand => ({
  handled: box.read() ?? questionOf(unanswered(inbound), seed),
  waiting: waiting(inbound).flatMap(bytes => questionOf(bytes, seed) ?? []),
  turn: datagramSequence(new Int32Array(inbound)),
})

/**
 * The question that a shard was handling when it died, if its predecessor had died at the same one
 * and left it in a batch: of all datagrams those come first. An ended successor has not stood still
 * for long, but two accidents so close to each other are none.
 */
export const diedAtAgain = (before: AtHand | undefined, now: AtHand): LastQuestion | undefined => {
  if (before === undefined || now.handled === undefined) return undefined
  const turns = (now.turn - before.turn) | 0
  const isHandedOver = turns > 0 && turns <= BATCH
  return isHandedOver && before.handled?.hash === now.handled.hash ? now.handled : undefined
}
