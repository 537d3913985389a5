// What a dead shard was doing: the question in its black box, or the one that the fast path was at. Only after the worker's exit.

import { CacheKey } from './cache/key.ts'
import type { BlackBox } from './memory/black-box.ts'
import type { HashSeed } from './memory/keyed-hash.ts'
import { unanswered } from './net/mmsg/inbound-layout.ts'
import { readQuestion } from './wire/question.ts'

export interface LastQuestion {
  /** Of the key without DO and CD: what refused questions are known by. */
  readonly hash: number
  /** Name, perhaps with type and class behind it. */
  readonly question: Uint8Array
}

/** Reads, and clears the box. `error` is why the worker ended. */
export const lastQuestion = (
  box: BlackBox,
  inbound: SharedArrayBuffer,
  seed: HashSeed,
  error: (Error & { readonly code?: string }) | undefined,
): LastQuestion | undefined => {
  const noted = box.read()
  box.clear()
  if (noted !== undefined) return noted
  // A thread that was ended from outside, or by memory, was at any question: none is to blame.
  if (error === undefined || error.name === 'AbortError' || error.code === 'ERR_WORKER_OUT_OF_MEMORY') return undefined
  const bytes = unanswered(inbound)
  const question = bytes && readQuestion(bytes)
  if (question === undefined) return undefined
  const { type, class: cls, folded, wire } = question
  return { hash: new CacheKey(seed).set(type, cls, false, false, folded).hashLow, question: wire }
}
