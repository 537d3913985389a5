// The process-wide shared region: one buffer made at start, which outlives reloads and shards. This
// file says what lies where; each part's own file says how it is used. (The answer store, and the
// counters and permits of a generation, have buffers of their own.)

import { BLACK_BOX_WORDS } from './black-box.ts'
import { budgetWords } from './byte-budget.ts'
import { CLAIM_ENTRIES, CLAIM_WORDS } from './claims.ts'
import { HEARTBEAT_ROW_WORDS } from './heartbeat.ts'
import { CHANGE_SLOTS } from './invalidation-board.ts'
import { REFUSED_WORDS } from './refused.ts'
import { sharedBuffer } from './shared-buffer.ts'

/** Owners are one byte: 0 is no owner, 255 is main. */
export const MAX_SHARDS = 254
/** 32-bit words of a cache line; every part begins at one. */
export const LINE_WORDS = 16
/** 32-bit words of a shard's own counts: four cache lines. */
export const SHARD_COUNT_WORDS = 64

/** Word offsets into the region. */
export interface RegionLayout {
  readonly shards: number
  readonly claims: number
  readonly heartbeats: number
  readonly blackBoxes: number
  readonly refused: number
  /**
   * One row of LINE_WORDS per shard; word 0 counts the workers that have been this shard. Main
   * writes, before it starts a worker.
   */
  readonly incarnations: number
  /** A CounterRow of SHARD_COUNT_WORDS per shard, for what is counted over reloads. */
  readonly counts: number
  readonly changes: number
  /** What clients' traffic holds, by shard (byte-budget.ts). */
  readonly budget: number
  readonly words: number
}

export interface RegionPart {
  readonly name: string
  readonly offset: number
  readonly words: number
  readonly writer: string
  readonly readers: string
  readonly protocol: string
}

/**
 * The parts in the order in which they lie, without gaps. Throws RangeError for a number of shards
 * outside 1 to MAX_SHARDS.
 */
export const regionParts = (shards: number): readonly RegionPart[] => {
  if (!(Number.isInteger(shards) && shards >= 1 && shards <= MAX_SHARDS)) {
    throw new RangeError(`${shards} shards: at least 1 and at most ${MAX_SHARDS}`)
  }
  const any = 'any shard'
  const parts: Omit<RegionPart, 'offset'>[] = [
    {
      name: 'claims',
      words: CLAIM_ENTRIES * CLAIM_WORDS,
      writer: any,
      readers: any,
      protocol: 'compare-exchange; notify on release, with a word on how it went',
    },
    {
      name: 'heartbeats',
      words: shards * HEARTBEAT_ROW_WORDS,
      writer: 'own row per shard; main a word in each',
      readers: 'main, own shard',
      protocol: 'two relaxed counts; a word that says rest, exchanged and notified',
    },
    {
      name: 'blackBoxes',
      words: shards * BLACK_BOX_WORDS,
      writer: 'own box per shard',
      readers: 'main',
      protocol: 'read after exit only, but for the sequence number',
    },
    {
      name: 'refused',
      words: REFUSED_WORDS,
      writer: 'main',
      readers: any,
      protocol: 'single writer',
    },
    {
      name: 'incarnations',
      words: shards * LINE_WORDS,
      writer: 'main',
      readers: any,
      protocol: 'single writer',
    },
    {
      name: 'counts',
      words: shards * SHARD_COUNT_WORDS,
      writer: 'own row per shard',
      readers: 'main',
      protocol: '64-bit counts in two words',
    },
    {
      name: 'changes',
      words: CHANGE_SLOTS,
      writer: 'main',
      readers: any,
      protocol: 'single writer',
    },
    {
      name: 'budget',
      words: budgetWords(shards),
      writer: 'own row per shard; main a dead one',
      readers: any,
      protocol: 'add, sum, give back if over',
    },
  ]
  let offset = 0
  return parts.map(part => {
    const placed = { ...part, offset }
    offset += part.words
    return placed
  })
}

export const layoutRegion = (shards: number): RegionLayout => {
  const parts = regionParts(shards)
  const offsetOf = (name: string) => parts.find(part => part.name === name)?.offset ?? 0
  return {
    shards,
    claims: offsetOf('claims'),
    heartbeats: offsetOf('heartbeats'),
    blackBoxes: offsetOf('blackBoxes'),
    refused: offsetOf('refused'),
    incarnations: offsetOf('incarnations'),
    counts: offsetOf('counts'),
    changes: offsetOf('changes'),
    budget: offsetOf('budget'),
    words: parts.reduce((sum, part) => sum + part.words, 0),
  }
}

/** The buffer, zeroed. */
export const makeRegion = (layout: RegionLayout): SharedArrayBuffer =>
  sharedBuffer(layout.words * 4)

/** The map as a Markdown table, in bytes, as docs/shared-memory.md shows it. */
export const describeRegion = (shards: number): string => {
  const rows = regionParts(shards).map(
    part =>
      `| ${part.name} | ${part.offset * 4} | ${part.words * 4} | ${part.writer} | ${part.readers} | ${part.protocol} |`,
  )
  return [
    '| part | first byte | bytes | writer | readers | protocol |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}
