// What main and the shards say to each other: plain data, shared buffers and nothing else.
// Everything here survives structured clone.

import type { MessagePort } from 'node:worker_threads'
import type { BlockInfo } from '../chain/block.ts'
import type { OutsideModule } from '../chain/outside-module.ts'
import type { HashSeed } from '../memory/keyed-hash.ts'
import type { RegionLayout } from '../memory/region.ts'
import type { DnsMetricVectors } from '../metrics/dns-metrics.ts'
import type { ShardCounters } from '../metrics/shard-counts.ts'
import type { EngineName, ListenAddress, TcpLimits } from '../net/engine.ts'
import type { SocketGroup } from '../net/mmsg/sockets.ts'

/** What a shard is for its whole life. */
export interface BootMessage {
  readonly shard: number
  readonly shards: number
  readonly region: SharedArrayBuffer
  readonly regionLayout: RegionLayout
  readonly hashSeed: HashSeed
  readonly recvBufferBytes: number
  readonly maxTcpConnections: number
  /** What clients' connections and queries under way may hold, over all shards. */
  readonly inflightBytes: number
  readonly engine: EngineName
  /** Where the mmsg engine receives; see net/mmsg/inbound.ts. */
  readonly inbound: SharedArrayBuffer
  readonly noFastPath: boolean
  readonly counters: ShardCounters
  readonly canReusePort: boolean
  /** Whether log lines go to main: else each shard writes to standard output itself. */
  readonly handsLines: boolean
}

/** What a worker thread is asked to do. */
export interface ServeTask {
  readonly boot: BootMessage
  /** The shard's end: main's end speaks ToShard, this one FromShard. */
  readonly port: MessagePort
}

/**
 * A listener of a generation. `label` is the `server` label of metrics, such as `dns://:53`;
 * indexes count from 0.
 */
export interface ListenerMessage extends ListenAddress {
  readonly index: number
  readonly label: string
  readonly tcpLimits: TcpLimits
  /** Sockets that main has opened, with the mmsg engine. */
  readonly udp?: SocketGroup
  readonly tcp?: SocketGroup
}

/**
 * A plugin of a block's chain as the shards need it: the options that parse gave, and what control
 * made of them.
 */
export interface ChainMessage {
  readonly name: string
  readonly options: unknown
  readonly shared: unknown
  /** Whether its stage may choose questions: the plugin has that fact. */
  readonly selects: boolean
  /**
   * Of a plugin from outside: the module, a `file:` URL with its version. Of one that is made where
   * the server runs: the file of its half.
   */
  readonly module?: string | undefined
}

export interface BlockMessage {
  readonly info: BlockInfo
  /** Which zones (wire form, lower case) are served on which listener. */
  readonly sites: readonly { readonly listener: number; readonly zone: Uint8Array }[]
  /** Plugins with a serve half, in order. */
  readonly chain: readonly ChainMessage[]
  /** Whether it answers classes other than IN. */
  readonly allClasses: boolean
  readonly stacktrace: boolean
}

/** One configuration, as a shard serves it. */
export interface GenerationMessage {
  readonly id: number
  readonly listeners: readonly ListenerMessage[]
  readonly blocks: readonly BlockMessage[]
  /** What the modules of its plugins are loaded from. */
  readonly modules?: readonly OutsideModule[]
  readonly debug: boolean
  /** Shared words of the generation first, then one counter row per shard. */
  readonly words: SharedArrayBuffer
  readonly sharedWords: number
  readonly rowWords: number
  /** Counters of queries that no block serves; positions are listener indexes. */
  readonly dropped: DnsMetricVectors
  /** Offset of the panic counter in a row. */
  readonly panics: number
}

/**
 * Main to shard. A load is answered by loaded or failed; commit by committed; stop by the end of
 * the task.
 */
export type ToShard =
  | { readonly kind: 'load'; readonly generation: GenerationMessage }
  | { readonly kind: 'commit'; readonly id: number }
  | { readonly kind: 'abort'; readonly id: number }
  /** So many bytes of the log lines that it has handed over are dealt with. */
  | { readonly kind: 'taken'; readonly byteCount: number }
  | { readonly kind: 'stop'; readonly graceMs: number }

/**
 * A worker's first word: its number in Node, and the kernel's number of its thread if that can be
 * known.
 */
export interface HelloMessage {
  readonly kind: 'hello'
  readonly threadId: number
  readonly threadNumber: number | undefined
}

/**
 * `error` begins with `plugin/NAME: ` if a plugin is to blame; `block` is the index of its server
 * block, if one is.
 */
export interface FailedMessage {
  readonly kind: 'failed'
  readonly id: number
  readonly error: string
  readonly block?: number | undefined
}

export interface LinesMessage {
  readonly kind: 'lines'
  readonly bytes: Uint8Array
}

/** Shard to main. */
export type FromShard =
  | HelloMessage
  /** What it is at in a load, for main to tell if nothing else comes. */
  | { readonly kind: 'loading'; readonly plugins: readonly string[] }
  | { readonly kind: 'loaded'; readonly id: number }
  | FailedMessage
  | { readonly kind: 'committed'; readonly id: number }
  | { readonly kind: 'retired'; readonly id: number }
  | { readonly kind: 'fatal'; readonly text: string }
  /** Whole log lines with their ends. */
  | LinesMessage
  /** The mmsg engine has ended; node:dgram serves now. */
  | { readonly kind: 'fallback'; readonly reason: string }
