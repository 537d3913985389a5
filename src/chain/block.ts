// The facts of one server block, and the settings that its plugins make.

import type { ChangingZone } from './invalidation-scopes.ts'
import type { ProxyServing, StreamServing, TlsServing } from './listening.ts'

/** Read-only facts of a server block: the same on main and in every shard. */
export interface BlockInfo {
  /** Position among the server blocks of the Corefile, from 0. */
  readonly index: number
  /** Normalised zones of the block's keys, lower case with trailing dot, in order. */
  readonly zones: readonly string[]
  /** Metric label of the `view` plugin, '' for none. */
  readonly view: string
  /** See BlockSettings. */
  readonly selector: string
  /**
   * `server` labels of the listeners that serve this block, such as `dns://:53`; indexes are
   * ListenerRef.index.
   */
  readonly listeners: readonly { readonly index: number; readonly label: string }[]
  /** Names of the directives present in this block, in chain order. */
  readonly directives: readonly string[]
  /** Those of them that are in the chain, since they have a serve half. */
  readonly chain: readonly string[]
  /**
   * Names whose records plugins of this block may change while it serves: see PluginFacts.changing.
   */
  readonly changing: readonly ChangingZone[]
}

/** TCP and DoT timeouts in milliseconds, and queries per connection (-1 for no limit). */
export interface Timeouts {
  readMs?: number
  writeMs?: number
  idleMs?: number
  maxTcpQueries?: number
}

/**
 * Settings that control halves of plugins write and the server reads once all control halves have
 * run.
 */
export interface BlockSettings {
  /** Base folder for relative paths (`root`); '' is the working directory. */
  root: string
  /** Addresses given by `bind`; undefined: wildcard. */
  bindAddresses: readonly string[] | undefined
  debug: boolean
  stacktrace: boolean
  timeouts: Timeouts
  /** Metric label that tells the block from others for the same zones (`view`); '' for none. */
  view: string
  /**
   * The condition by which the block accepts queries for its names, as text; '' for all. It tells
   * blocks for the same zones apart, since their views may have the same name.
   */
  selector: string
  /** The certificate of its listeners with TLS; absent: they serve in clear text. */
  tls?: TlsServing
  /** Absent: PROXY headers are not expected. */
  proxy?: ProxyServing
  /** Limits of its `https://` listeners; what is absent has its default. */
  https?: Partial<StreamServing>
  /** The same of its `grpc://` listeners. */
  grpcServer?: Partial<StreamServing>
}

/** The settings before any control half has run. */
export const initialSettings = (): BlockSettings => ({
  root: '',
  bindAddresses: undefined,
  debug: false,
  stacktrace: false,
  timeouts: {},
  view: '',
  selector: '',
})
