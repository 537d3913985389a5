// Default sizes for this machine: a shard for each CPU, up to eight, and 64 MiB of cache. They are
// smaller if a memory limit (a container's) requires it. The stock CoreDNS Deployment has no CPU
// limit and 170 MiB of memory: a shard for each CPU of a large node would not even start there.

import { MIB } from '../base/text/sizes.ts'

export interface Machine {
  /** CPUs that the process may run on. */
  readonly cpus: number
  /** CPU seconds that it may use per second; undefined: no known limit. */
  readonly cpuQuota: number | undefined
  /** Undefined: no known limit. */
  readonly memoryLimitBytes: number | undefined
  /** The program is TypeScript, stripped as it is loaded: the checkout, not the package. */
  readonly isFromSource?: boolean
}

export interface MachineShare {
  readonly workers: number
  readonly streamWorkers: number
  readonly cacheBytes: number
  readonly inflightBytes: number
  readonly heapLimitBytes: number
}

/**
 * The part of a limited memory for records, cached answers and clients' traffic together, including
 * the overhead of V8 and malloc; undefined: each has only its own limit.
 */
export type SharedRoom = number | undefined

/**
 * Answers more than a million cached questions a second:
 * docs/decisions/009-at-most-eight-shards.md.
 */
const MOST_SHARDS = 8
/** Whoever asks for more is refused. */
export const MOST_STREAM_WORKERS = 64
const CACHE_BYTES = 64 * MIB
const LEAST_CACHE_BYTES = 12 * MIB
/**
 * Parts of a limited memory. *cache* takes all that it is given, and traffic does not get what
 * answers take: with an eighth, a stock Deployment would have too little for the queries that wait
 * for a slow upstream. Shards leave an eighth for the cache all the same.
 */
const CACHE_SHARE = 1 / 12
const SHARE = 1 / 8
const LEAST_BESIDE_SHARDS_BYTES = 16 * MIB
/**
 * The process without shards and cache, with a cluster of 10,000 services: docs/benchmarks.md,
 * scenario kubernetes.
 */
const BASE_BYTES = 96 * MIB
/** Memory of Node's type stripper in main and shards, when the program runs from its source. */
const STRIPPER_BYTES = 24 * MIB
const SHARD_BYTES = 20 * MIB
/** With node:tls, and connections whose buffers no budget counts. */
const STREAM_SHARD_BYTES = 26 * MIB
/** The idle main thread. */
const MAIN_BYTES = 22 * MIB
/**
 * Pages of Node's own binary that must stay in memory, and what the kernel charges for sockets: a
 * process that leaves less is alive, but spends all its time reading its binary again.
 */
const FILES_BYTES = 60 * MIB
/** Real memory per byte of the traffic's budget: V8 and malloc keep more than is in use. */
const TRAFFIC_COST = 2.5
/** Without a memory limit. */
const INFLIGHT_BYTES = 128 * MIB
const LEAST_INFLIGHT_BYTES = 8 * MIB
/** The minimum where records and cached answers take nearly all memory. */
const LEAST_BESIDE_BYTES = 4 * MIB
const HEAP_LIMIT_BYTES = 256 * MIB
/** A few times the heap of an idle shard. */
const LEAST_HEAP_LIMIT_BYTES = 32 * MIB

/**
 * `given` are the operator's choices; the other sizes are derived from them. `hasStreams`: there
 * are listeners for stream shards from the start.
 */
export const machineShare = (
  { cpus, cpuQuota, memoryLimitBytes, isFromSource = false }: Machine,
  given: Partial<MachineShare> = {},
  hasStreams = false,
): MachineShare => {
  // Rounded down: a process that is throttled stands still as a whole.
  const most = Math.max(1, Math.min(cpus, Math.floor(cpuQuota ?? cpus), MOST_SHARDS))
  if (memoryLimitBytes === undefined) {
    return {
      workers: most,
      // TLS costs more than the answer: half as many threads have as much to do.
      streamWorkers: Math.min(Math.ceil((given.workers ?? most) / 2), MOST_STREAM_WORKERS),
      cacheBytes: CACHE_BYTES,
      inflightBytes: INFLIGHT_BYTES,
      heapLimitBytes: HEAP_LIMIT_BYTES,
      ...given,
    }
  }
  const part = (share: number): number => Math.floor((memoryLimitBytes * share) / MIB) * MIB
  const cacheBytes = given.cacheBytes ?? between(LEAST_CACHE_BYTES, part(CACHE_SHARE), CACHE_BYTES)
  const inflightBytes =
    given.inflightBytes ?? between(LEAST_INFLIGHT_BYTES, part(SHARE), INFLIGHT_BYTES)
  const forCache = given.cacheBytes ?? between(LEAST_BESIDE_SHARDS_BYTES, part(SHARE), CACHE_BYTES)
  const streamWorkers = given.streamWorkers ?? 1
  const forStreams = hasStreams ? streamWorkers * STREAM_SHARD_BYTES : 0
  const beside = BASE_BYTES + (isFromSource ? STRIPPER_BYTES : 0) + forCache + forStreams
  const forShards = memoryLimitBytes - beside
  const workers = given.workers ?? between(1, Math.floor(forShards / SHARD_BYTES), most)
  // One shard that takes all that the others leave is ended by V8, before the kernel ends the
  // process for it.
  const forOne = Math.floor((forShards - inflightBytes - (workers - 1) * SHARD_BYTES) / MIB) * MIB
  const heapLimitBytes =
    given.heapLimitBytes ?? between(LEAST_HEAP_LIMIT_BYTES, forOne, HEAP_LIMIT_BYTES)
  return { workers, streamWorkers, cacheBytes, inflightBytes, heapLimitBytes }
}

/**
 * With a memory limit, the memory left for records, cached answers and traffic. Undefined without
 * one, and if the operator has set --inflight-bytes.
 */
export const sharedRoom = (
  { memoryLimitBytes, isFromSource = false }: Machine,
  { workers, streamWorkers }: MachineShare,
  given: Partial<MachineShare> = {},
  hasStreams = false,
): SharedRoom => {
  if (memoryLimitBytes === undefined || given.inflightBytes !== undefined) return undefined
  const stripper = isFromSource ? STRIPPER_BYTES : 0
  const streams = hasStreams ? streamWorkers * STREAM_SHARD_BYTES : 0
  return memoryLimitBytes - FILES_BYTES - MAIN_BYTES - workers * SHARD_BYTES - streams - stripper
}

/** The traffic's share of the room, if records and cached answers hold `takenBytes` of it. */
export const inflightBeside = (roomBytes: number, takenBytes: number): number =>
  Math.max(LEAST_BESIDE_BYTES, Math.floor((roomBytes - takenBytes) / TRAFFIC_COST))

const between = (least: number, value: number, most: number): number =>
  Math.max(least, Math.min(value, most))

/**
 * The memory limit; without one the kernel reports the machine's memory, or a number far beyond it.
 */
export const memoryLimit = (constrainedBytes: number, totalBytes: number): number | undefined =>
  constrainedBytes > 0 && constrainedBytes < totalBytes ? constrainedBytes : undefined
