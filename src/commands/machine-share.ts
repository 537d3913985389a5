// What the server takes of the machine unless told otherwise: a shard for each CPU and 64 MiB of cache, less where a memory limit (a container's)
// would not hold them. The stock CoreDNS Deployment has no CPU limit and 170 MiB of memory: a shard for each CPU of a large node would not even start.

import { MAX_SHARDS } from '../memory/region.ts'
import { MIB } from './sizes.ts'

export interface Machine {
  /** CPUs that the process may use. */
  readonly cpus: number
  /** Undefined: no limit that is known. */
  readonly memoryLimitBytes: number | undefined
}

export interface MachineShare {
  readonly workers: number
  readonly cacheBytes: number
  readonly inflightBytes: number
}

const CACHE_BYTES = 64 * MIB
const LEAST_CACHE_BYTES = 16 * MIB
/** The process without shards and cache, with a cluster of 10,000 services: docs/benchmarks.md, scenario kubernetes. */
const BASE_BYTES = 96 * MIB
const SHARD_BYTES = 20 * MIB
/** Without a memory limit. */
const INFLIGHT_BYTES = 128 * MIB
const LEAST_INFLIGHT_BYTES = 8 * MIB

export const machineShare = ({ cpus, memoryLimitBytes }: Machine): MachineShare => {
  const most = Math.min(cpus, MAX_SHARDS)
  if (memoryLimitBytes === undefined) return { workers: most, cacheBytes: CACHE_BYTES, inflightBytes: INFLIGHT_BYTES }
  const cacheBytes = Math.min(CACHE_BYTES, Math.max(LEAST_CACHE_BYTES, Math.floor(memoryLimitBytes / 8 / MIB) * MIB))
  const affordable = Math.floor((memoryLimitBytes - BASE_BYTES - cacheBytes) / SHARD_BYTES)
  const inflightBytes = Math.min(INFLIGHT_BYTES, Math.max(LEAST_INFLIGHT_BYTES, Math.floor(memoryLimitBytes / 8 / MIB) * MIB))
  return { workers: Math.max(1, Math.min(most, affordable)), cacheBytes, inflightBytes }
}

/** Where there is no limit, the kernel's answer is the memory of the machine, or a number far beyond it. */
export const memoryLimit = (constrainedBytes: number, totalBytes: number): number | undefined =>
  constrainedBytes > 0 && constrainedBytes < totalBytes ? constrainedBytes : undefined
