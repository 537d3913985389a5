// What a warm-up works on in place of what others see: a region, a cache, counters and a log of its
// own. It lasts as long as the warm-up. Objects are made by the functions that make the real ones:
// V8 compiles code for the shapes that it has seen.

import { CacheMemory } from '../../cache/cache-memory.ts'
import { MIN_CACHE_BYTES } from '../../cache/layout.ts'
import type { CacheTableRef } from '../../cache/table-ref.ts'
import { isOfStreamShards } from '../../chain/listening.ts'
import type { Peer } from '../../chain/query/query.ts'
import { LogSink } from '../../log/log.ts'
import { sharedBuffer } from '../../memory/shared-buffer.ts'
import type { Rehearsal } from '../generation.ts'
import type { BootMessage, GenerationMessage } from '../messages.ts'

const TABLE_ENTRIES = 128

/** Where log lines go that nobody is to read. */
export const noLines = (): LogSink => new LogSink((_bytes, _offset, length) => length)

/** A region without contents. */
export const scratchRegion = ({ regionLayout }: BootMessage): Int32Array =>
  new Int32Array(sharedBuffer(regionLayout.words * 4))

/**
 * The configuration with counters and words of its own, and without plugins from outside: their
 * code is called for queries of clients only. Its connections are framed, in clear text.
 */
export const scratchMessage = (message: GenerationMessage): GenerationMessage => ({
  ...message,
  words: sharedBuffer(message.words.byteLength),
  listeners: message.listeners.map(listener => ({
    ...listener,
    scheme: isOfStreamShards(listener.scheme) ? 'tls' : 'dns',
    tls: [],
    proxy: undefined,
  })),
  blocks: message.blocks.map(block => ({
    ...block,
    chain: block.chain.filter(({ module }) => module === undefined),
  })),
  modules: [],
})

/** Tables as small as can be, under the seed of the process: keys are made for all tables. */
export const rehearsalAt = (upstream: Peer, { hashSeed }: BootMessage): Rehearsal => {
  const memory = new CacheMemory(MIN_CACHE_BYTES)
  const table = ({ id, capacity }: CacheTableRef): CacheTableRef => {
    const ref = memory.table(`${id}`, Math.min(capacity, TABLE_ENTRIES))
    // Cloned, as the real ones are on their way from main.
    return structuredClone({ ...ref, seed: hashSeed })
  }
  return { upstream, table }
}
