// The messages between main and the shards: only plain data and shared buffers, which structured
// clone can copy.

import type { MessagePort } from 'node:worker_threads'
import type { BlockInfo } from '../chain/block.ts'
import type { Scheme, Serving, TlsServing } from '../chain/listening.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import type { HashSeed } from '../memory/keyed-hash.ts'
import type { RegionLayout } from '../memory/region.ts'
import type { DnsMetricVectors } from '../metrics/dns-metrics.ts'
import type { Vector } from '../metrics/registrar.ts'
import type { ShardCounters } from '../metrics/shard-counts.ts'
import type { EngineName, ListenAddress, TcpLimits } from '../net/engine.ts'
import type { SocketGroup } from '../net/mmsg/sockets.ts'

/** The settings of a shard for its whole life. */
export interface BootMessage {
  readonly shard: number
  /** All that there may be: the last `streamShards` of them are stream shards. */
  readonly shards: number
  readonly streamShards: number
  readonly region: SharedArrayBuffer
  readonly regionLayout: RegionLayout
  readonly hashSeed: HashSeed
  readonly recvBufferBytes: number
  readonly maxTcpConnections: number
  /** Limit on the memory of clients' connections and queries in progress, over all shards. */
  readonly inflightBytes: number
  readonly engine: EngineName
  /** Receive memory of the mmsg engine; see net/mmsg/inbound.ts. */
  readonly inbound: SharedArrayBuffer
  readonly noFastPath: boolean
  readonly counters: ShardCounters
  readonly canReusePort: boolean
  /** Whether log lines go to main: else each shard writes to standard output itself. */
  readonly handsLines: boolean
}

/** The task of a worker thread. */
export interface ServeTask {
  readonly boot: BootMessage
  /** The shard's end of the channel: it sends FromShard and receives ToShard. */
  readonly port: MessagePort
}

/**
 * A listener of a generation. `label` is the `server` label of metrics, such as `dns://:53`;
 * indexes count from 0.
 */
export interface ListenerMessage extends ListenAddress, Serving {
  readonly scheme: Scheme
  readonly index: number
  readonly label: string
  readonly tcpLimits: TcpLimits
  /** Where statuses of DNS over HTTPS are counted; absent for other schemes. */
  readonly httpStatuses?: Vector | undefined
  /** Main and the shards replace it when a certificate is renewed. */
  tls: readonly TlsServing[]
  /** Sockets that main has opened, with the mmsg engine. */
  readonly udp?: SocketGroup
  readonly tcp?: SocketGroup
}

/**
 * A plugin of a block's chain, for the shards: its options, and the shared value of its control
 * half.
 */
export interface ChainMessage {
  readonly name: string
  readonly options: unknown
  readonly shared: unknown
  /** Whether its stage may have `accepts`: the plugin has the fact `selects`. */
  readonly selects: boolean
  /**
   * For a plugin from outside: the `file:` URL of its module, with the version. For one that is
   * defined in the program that runs the server: the URL of its serve half.
   */
  readonly module?: string | undefined
}

export interface BlockMessage {
  readonly info: BlockInfo
  /** The zones (wire form, lower case) of the block, with the index of their listener. */
  readonly sites: readonly { readonly listener: number; readonly zone: Uint8Array }[]
  /** Plugins with a serve half, in order. */
  readonly chain: readonly ChainMessage[]
  /** Whether it answers classes other than IN. */
  readonly allClasses: boolean
  readonly stacktrace: boolean
}

/** One configuration, for the shards. */
export interface GenerationMessage {
  readonly id: number
  readonly listeners: readonly ListenerMessage[]
  readonly blocks: readonly BlockMessage[]
  /** The modules of its plugins from outside. */
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
  /** Main has processed `byteCount` bytes of the log lines that the shard has sent. */
  | { readonly kind: 'taken'; readonly byteCount: number }
  /** Main waits for a beat, and the shard may have been at rest. */
  | { readonly kind: 'beat' }
  /** A certificate has been renewed; answered by secured. */
  | { readonly kind: 'secure'; readonly tls: TlsServing }
  | { readonly kind: 'stop'; readonly graceMs: number }

/** A worker's first message: the kernel's number of its thread, if that is known. */
export interface HelloMessage {
  readonly kind: 'hello'
  readonly threadNumber: number | undefined
}

/**
 * `error` begins with `plugin/NAME: ` if a plugin has caused it; `block` is the index of its server
 * block then.
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
  /** The plugins that it loads now: main logs them if the load does not go on. */
  | { readonly kind: 'loading'; readonly plugins: readonly string[] }
  | { readonly kind: 'loaded'; readonly id: number }
  | FailedMessage
  | { readonly kind: 'committed'; readonly id: number }
  | { readonly kind: 'retired'; readonly id: number }
  /** Handshakes that begin from now on have that version of the certificate, or a newer one. */
  | { readonly kind: 'secured'; readonly identity: string; readonly version: number }
  /** Its first configuration is in force, and the code that answers has been warmed up for it. */
  | { readonly kind: 'warm' }
  | { readonly kind: 'fatal'; readonly text: string }
  /** Whole log lines with their ends. */
  | LinesMessage
  /** The mmsg engine has ended; node:dgram serves now. */
  | { readonly kind: 'fallback'; readonly reason: string }
