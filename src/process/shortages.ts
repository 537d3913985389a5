// What a start takes of the system's descriptors and threads, and the sentence for too few of them:
// otherwise whatever comes first fails, and is blamed for it.

import { readdirSync } from 'node:fs'
import { knownOpenFilesLimit } from '../upstream/socket-allowance.ts'

/** Files that are read at once while modules are loaded, and the listeners of a usual Corefile. */
const START_DESCRIPTORS = 110
/** Of a thread: its event loop, its sockets, and the files that it reads meanwhile. */
const SHARD_DESCRIPTORS = 10

export interface Descriptors {
  readonly limit: number
  readonly open: number
}

/** Undefined where the system does not tell. */
const descriptorsHere = (): Descriptors | undefined => {
  const limit = knownOpenFilesLimit()
  try {
    return limit === undefined ? undefined : { limit, open: readdirSync('/proc/self/fd').length }
  } catch {
    return undefined
  }
}

/** Why so many shards surely do not start, if there are too few descriptors for them. */
export const descriptorShortage = (
  shards: number,
  here: Descriptors | undefined = descriptorsHere(),
): string | undefined => {
  if (here === undefined) return undefined
  const needed = here.open + START_DESCRIPTORS + shards * SHARD_DESCRIPTORS
  if (here.limit >= needed) return undefined
  return `${shortText(here.limit)}, and to start ${shardsText(shards)} takes about ${needed}`
}

/**
 * What a start has failed with, said as a shortage if it is one: more shards that begin at once may
 * read more files at once.
 */
export const startFailure = (
  message: string,
  shards: number,
  limit: number | undefined = knownOpenFilesLimit(),
): string => {
  if (limit === undefined || !/\bEMFILE\b|too many open files$/.test(message)) return message
  return `${shortText(limit)}, and to start ${shardsText(shards)} takes more: ${message}`
}

const shortText = (limit: number): string =>
  `too few file descriptors: the process may have ${limit} (ulimit -n)`

/** Of the number of shards. */
const shardsText = (shards: number): string => (shards === 1 ? 'one shard' : `${shards} shards`)
