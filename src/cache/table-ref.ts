// What a shard needs to open a table of the answer store: plain data, made by CacheMemory on main,
// cloned into shards. And how large a table is to be.

import type { HashSeed } from '../memory/keyed-hash.ts'
import type { SlabGeometry } from './layout.ts'

/** How many entries a table is to hold. */
export type TableCapacity = number | TablePart

/** A table that shares the memory with others. */
export interface TablePart {
  /** Of what the memory holds of answers of all sizes: above 0, 1 for all. */
  readonly part: number
  /** Where there are many tables, the later ones hold so many entries, as long as there is room. */
  readonly least: number
}

export interface CacheTableRef {
  /** From 1, never given twice in a process. */
  readonly id: number
  /** Entries the table holds at most. */
  readonly capacity: number
  /** Entries that were asked for; larger than `capacity` when the cache memory does not suffice. */
  readonly requestedCapacity: number
  readonly slab: SharedArrayBuffer
  readonly geometry: SlabGeometry
  /** The index of all tables; this one's header begins at `headerWord`, its buckets behind it. */
  readonly index: SharedArrayBuffer
  readonly headerWord: number
  /** A power of two; 0: no room at all, the table stays empty. */
  readonly buckets: number
  /** One per process: the same question has the same hash in every table. */
  readonly seed: HashSeed
}
