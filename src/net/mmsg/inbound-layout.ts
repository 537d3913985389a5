// The memory that a shard receives into. Main makes it, and it outlives the shard. Only constants
// and arithmetic.
//
//   words 0..15   state: 0 datagrams of the batch under way (0: at rest)   1 fd it came from
//                 2 the one being answered (-1: none)   3 how often that has changed
//   headers       BATCH x struct mmsghdr          iovecs    BATCH x struct iovec
//   names         BATCH x 32 bytes of sockaddr    controls  BATCH x 64 bytes of cmsghdr
//   payload       BATCH x SLOT_BYTES
//   With node:dgram only slot 0, as the journal's way in and out, and the journal are used
//   (net/dgram/journal.ts).
//   journal       JOURNAL_ENTRIES x 640 bytes, of queries that wait for something:
//                 word 0 state (0 free, 1 under way, 2 under way for the second time)   1 fd
//                      2 bytes of the datagram   3 bytes of the sender's address
//                      4 bytes of control messages   5..12 sender's address
//                      13..28 control messages   29..156 datagram   157..159 unused
//   pooled        POOLED_ENTRIES words: fd + 1 of an upstream's socket, or 0 (pool/descriptors.ts)
//
// Slots are an odd number of cache lines long, so that the first lines of all do not fall into the
// same few sets of the cache.

import { sharedBuffer } from '../../memory/shared-buffer.ts'
import { MAX_UDP_QUERY_BYTES } from '../engine.ts'
import { IOVEC, MMSGHDR } from './abi.ts'

/** Datagrams that one system call takes or sends. */
export const BATCH = 64
export const SLOT_BYTES = 4160
export const NAME_BYTES = 32
export const CONTROL_BYTES = 64
export const JOURNAL_ENTRIES = 1024
export const JOURNAL_ENTRY_BYTES = 640
/** Longer queries are not noted. */
export const JOURNAL_DATAGRAM_BYTES = 512
/** Words of an entry. */
export const JOURNAL_STATE = 0
export const JOURNAL_LENGTH = 2
export const JOURNAL_DATAGRAM = 5 + NAME_BYTES / 4 + CONTROL_BYTES / 4
/** State of an entry. */
export const JOURNAL_FREE = 0
/** As many sockets as a thread may hold open to upstreams, where there is one shard beside main. */
export const POOLED_ENTRIES = 8192

export const STATE_COUNT = 0
export const STATE_FD = 1
export const STATE_CURRENT = 2
export const STATE_SEQUENCE = 3

/** First bytes. */
export const HEADERS = 64
export const IOVECS = HEADERS + BATCH * MMSGHDR.size
export const NAMES = IOVECS + BATCH * IOVEC.size
export const CONTROLS = NAMES + BATCH * NAME_BYTES
export const PAYLOAD = CONTROLS + BATCH * CONTROL_BYTES
export const JOURNAL = PAYLOAD + BATCH * SLOT_BYTES
export const POOLED = JOURNAL + JOURNAL_ENTRIES * JOURNAL_ENTRY_BYTES
const TOTAL_BYTES = POOLED + POOLED_ENTRIES * 4

export const makeInboundMemory = (): SharedArrayBuffer => sharedBuffer(TOTAL_BYTES)

/** Another one for each datagram that is turned to. Main, at any time. */
export const datagramSequence = (words: Int32Array): number => Atomics.load(words, STATE_SEQUENCE)

/**
 * The datagram that a shard was answering when it died; for the black box. Main, after the worker's
 * exit.
 */
export const unanswered = (memory: SharedArrayBuffer): Uint8Array | undefined => {
  const words = new Int32Array(memory)
  const current = words[STATE_CURRENT]!
  if (words[STATE_COUNT] === 0 || current < 0 || current >= BATCH) return undefined
  const length = words[(HEADERS + current * MMSGHDR.size + MMSGHDR.len) >> 2]!
  const start = PAYLOAD + current * SLOT_BYTES
  return new Uint8Array(memory).slice(start, start + Math.min(length, MAX_UDP_QUERY_BYTES))
}

/** Queries that waited for something in a shard when it died. Main, after the worker's exit. */
export const waiting = (memory: SharedArrayBuffer): Uint8Array[] => {
  const words = new Int32Array(memory)
  const bytes = new Uint8Array(memory)
  const found: Uint8Array[] = []
  for (let entry = 0; entry < JOURNAL_ENTRIES; entry++) {
    const at = (JOURNAL + entry * JOURNAL_ENTRY_BYTES) >> 2
    if (words[at + JOURNAL_STATE] === JOURNAL_FREE) continue
    const length = Math.min(Math.max(0, words[at + JOURNAL_LENGTH]!), JOURNAL_DATAGRAM_BYTES)
    const start = (at + JOURNAL_DATAGRAM) << 2
    found.push(bytes.slice(start, start + length))
  }
  return found
}
