// The message that main gives a shard, with nothing in it but the chains of test plugins on one
// listener, and what a shard is made of.

import { PLAIN_SERVING } from '../../src/chain/listening.ts'
import { CHANGE_SLOTS } from '../../src/memory/invalidation-board.ts'
import { sharedBuffer, sharedWords } from '../../src/memory/shared-buffer.ts'
import { declareDnsMetrics } from '../../src/metrics/dns-metrics.ts'
import { DEFAULT_TCP_LIMITS } from '../../src/net/engine.ts'
import type { ShardParts } from '../../src/shard/generation.ts'
import type { GenerationMessage } from '../../src/shard/messages.ts'
import { nameFromText } from '../../src/wire/name.ts'
import { FakeMetrics } from './fake-metrics.ts'
import { fakeBlock, fakeClock, fakeServe } from './fake-scopes.ts'

export interface TestBlock {
  readonly zones: readonly string[]
  readonly view: string
  /** Names of plugins. */
  readonly chain: readonly string[]
}

const LABEL = 'dns://:53'
const ROW_WORDS = 4096

/** With plugins from outside, or of the program. */
export const aGeneration = (
  blocks: readonly TestBlock[],
  chainIsOutside = true,
): { message: GenerationMessage; parts: ShardParts } => {
  const labels = { servers: [LABEL], zones: ['dropped'], view: '', plugins: [''] }
  const message: GenerationMessage = {
    id: 1,
    listeners: [
      {
        index: 0,
        label: LABEL,
        address: '',
        port: 53,
        tcpLimits: DEFAULT_TCP_LIMITS,
        ...PLAIN_SERVING,
      },
    ],
    blocks: blocks.map(({ zones, view, chain }, index) => ({
      info: fakeBlock({ index, zones, view, listeners: [{ index: 0, label: LABEL }] }),
      sites: zones.map(zone => ({ listener: 0, zone: nameFromText(zone)! })),
      // Blocks with a view are those that choose.
      chain: chain.map(name => ({
        name,
        options: undefined,
        shared: undefined,
        selects: view !== '',
        ...(chainIsOutside && { module: `file:///plugins-of-others/${name}.ts` }),
      })),
      allClasses: false,
      stacktrace: false,
    })),
    debug: false,
    words: sharedBuffer(2 * ROW_WORDS * 4),
    sharedWords: ROW_WORDS,
    rowWords: ROW_WORDS,
    dropped: declareDnsMetrics(new FakeMetrics(), labels),
    panics: 0,
  }
  const parts: ShardParts = {
    shard: 0,
    shards: 1,
    streamShards: 0,
    clock: fakeClock(),
    sink: { raw: () => {}, rawBytes: () => {} } as unknown as ShardParts['sink'],
    noFastPath: false,
    claims: fakeServe().claims,
    changes: { words: sharedWords(CHANGE_SLOTS), offset: 0 },
    hashSeed: [1, 2],
    fatal: () => {},
    loading: () => {},
  }
  return { message, parts }
}
