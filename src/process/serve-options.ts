// The options of the command line `shardns` without a sub-command: plain data, checked by
// command-line.ts. run.ts runs the server with them.

import { availableParallelism, totalmem } from 'node:os'
import { isFromSource } from '../base/program.ts'
import { GIB, KIB, MIB } from '../base/text/sizes.ts'
import { MAX_CACHE_BYTES, MIN_CACHE_BYTES } from '../cache/layout.ts'
import { MIN_INFLIGHT_BYTES } from '../memory/byte-budget.ts'
import { MAX_SHARDS } from '../memory/region.ts'
import type { Steering } from '../net/mmsg/steering.ts'
import type { GivenPlugin } from '../outside/given-plugin.ts'
import { MAX_RECORDS_BYTES, MIN_RECORDS_BYTES } from '../records/layout.ts'
import { cpuQuota } from './cpu-quota.ts'
import {
  type Machine,
  type MachineShare,
  MOST_STREAM_WORKERS,
  machineShare,
  memoryLimit,
  type SharedRoom,
  sharedRoom,
} from './machine-share.ts'

/**
 * `auto` takes the best engine that this machine offers; `mmsg` is batches through FFI, on Linux;
 * `dgram` is node:dgram, which is everywhere.
 */
export const ENGINES = ['auto', 'mmsg', 'dgram'] as const
export type Engine = (typeof ENGINES)[number]

export interface ServeOptions {
  /**
   * Path of the Corefile; '' looks for ./Corefile, then takes the built-in one; 'stdin' reads
   * standard input unless it is a terminal.
   */
  conf: string
  /** Port of server block keys that name none and have no scheme of their own default. */
  port: number
  /** Path that the process id is written to once the server runs; '' for none. */
  pidfile: string
  /** Plugins from outside. */
  plugins: readonly GivenPlugin[]
  /** Leaves out the zone list and the version lines. */
  quiet: boolean
  /** Shards that answer plain DNS. */
  workers: number
  /** Stream shards, beside them: for connections of listeners that are not plain DNS. */
  streamWorkers: number
  engine: Engine
  /** How UDP queries are spread over the shards, with engine mmsg. */
  steering: Steering
  /** All queries take the slow path: for comparisons, and to find out which path has a fault. */
  noFastPath: boolean
  /** Size of the answer store that all shards share. */
  cacheBytes: number
  /**
   * Room for the records of clusters, zones and hosts files, which all shards share. Memory is
   * taken as it is used.
   */
  recordsBytes: number
  /**
   * Kernel receive buffer asked for on each UDP socket. The kernel may grant less
   * (net.core.rmem_max).
   */
  recvBufferBytes: number
  /**
   * Old-space limit of each shard's JavaScript heap; a shard that passes it ends and is replaced.
   */
  heapLimitBytes: number
  /**
   * TCP connections that one shard keeps open at a time; a further one takes the place of the one
   * that has been idle longest.
   */
  maxTcpConnections: number
  /** Limit on the memory of clients' connections and queries in progress, over all shards. */
  inflightBytes: number
  /**
   * With a memory limit: traffic gets less than `inflightBytes` while records and cache use much of
   * it.
   */
  roomBytes: SharedRoom
  /**
   * With a memory limit: the sizes if the Corefile has listeners for stream shards, which leave
   * room for those.
   */
  withStreams: ShareOptions | undefined
}

/** Sizes that follow from those of the machine. */
type ShareOptions = MachineShare & Pick<ServeOptions, 'roomBytes'>

/** Minimum and maximum of each number, inclusive. */
export const SERVE_RANGES = {
  port: [0, 65535],
  workers: [1, MAX_SHARDS - MOST_STREAM_WORKERS],
  streamWorkers: [1, MOST_STREAM_WORKERS],
  maxTcpConnections: [1, 1_000_000],
  cacheBytes: [MIN_CACHE_BYTES, MAX_CACHE_BYTES],
  recordsBytes: [MIN_RECORDS_BYTES, MAX_RECORDS_BYTES],
  recvBufferBytes: [4 * KIB, GIB],
  heapLimitBytes: [32 * MIB, 64 * GIB],
  inflightBytes: [MIN_INFLIGHT_BYTES, GIB],
} as const satisfies Partial<Record<keyof ServeOptions, readonly [number, number]>>

/** The port of DNS, the default. */
export const DEFAULT_PORT = 53

let known: Machine | undefined

/** Read once: a command line asks several times. */
const thisMachine = (): Machine =>
  (known ??= {
    cpus: availableParallelism(),
    cpuQuota: cpuQuota(),
    memoryLimitBytes: memoryLimit(process.constrainedMemory(), totalmem()),
    isFromSource,
  })

/** The options of a command line with no flags except those that are given. */
export const defaultServeOptions = (given: Partial<MachineShare> = {}): ServeOptions => {
  const machine = thisMachine()
  const shareOf = (hasStreams: boolean): ShareOptions => {
    const share = machineShare(machine, given, hasStreams)
    return { ...share, roomBytes: sharedRoom(machine, share, given, hasStreams) }
  }
  return {
    conf: '',
    port: DEFAULT_PORT,
    pidfile: '',
    plugins: [],
    quiet: false,
    ...shareOf(false),
    withStreams: machine.memoryLimitBytes === undefined ? undefined : shareOf(true),
    engine: 'auto',
    steering: 'random',
    noFastPath: false,
    recordsBytes: 256 * MIB,
    recvBufferBytes: 4 * MIB,
    maxTcpConnections: 1000,
  }
}
