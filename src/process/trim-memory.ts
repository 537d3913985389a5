// Returns memory that only the start and the warm-up needed: main's garbage, what V8's compilers
// freed in pieces in malloc's arenas, and the pages of Node's own binary that were read once. Has
// the compilers free what they take sooner. Nothing depends on it: where a step is not possible,
// the process only takes more memory. Shards keep their garbage: to ask for V8's collector in a
// thread that has compiled for a load makes the next load after a rest a tenth dearer at first.

import { readFileSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import { systemClock } from '../base/time/clock.ts'
import { collectGarbage } from '../base/v8/collector.ts'
import { freeCompiledSoon } from '../base/v8/compilers.ts'
import { type MemoryCalls, openMemoryCalls } from '../net/mmsg/libc.ts'

/**
 * Long enough after the start that V8 has compiled what the first clients need: with those a full
 * collection must not share a processor.
 */
const SETTLE_MS = 3000
/**
 * The same where the start has left much garbage, as the first sync of a cluster does: the shards
 * have finished their one-time work.
 */
const EARLY_MS = 500
/** V8 compiles for as long as the load changes; a look costs main about a millisecond. */
const TRIM_INTERVAL_MS = 5000
const MADV_DONTNEED = 4
/** Pages of the program are dropped every ten minutes at least. */
const MOST_LOOKS = 128
/**
 * Main's heap may grow by so much before it is collected: a cluster that changes all the time would
 * let it grow to several times what it holds.
 */
const HEAP_SLACK_BYTES = 8 * 1024 * 1024
/** The same for garbage that clients make as fast as they like. */
const CHURN_SLACK_BYTES = 4 * 1024 * 1024
/** Until then main does other things: for as long as the last collection of churn took. */
let churnRestMs = 0

/** Size of main's heap after the last collection here; at first what the program takes, roughly. */
let collectedBytes = 32 * 1024 * 1024
/** Before the start is over nothing is collected but what a plugin asks for. */
let isSettled = false

/** What main asks the system with. */
interface System {
  readonly calls: MemoryCalls
  readonly program: ProgramPages
}

/** Undefined until it has been asked for. Its `system` is undefined where there are no calls. */
let opened: { readonly system: System | undefined } | undefined

/**
 * Call it once, when the shards serve. It checks again every 5 s, and asks `hasLoadEnded` each
 * time: whether a shard has just had its last work for a while. Its timers do not keep the
 * process alive.
 */
export const trimMemory = (hasLoadEnded: () => boolean): void => {
  // Not later: the first load may come at once.
  freeCompiledSoon()
  setTimeout(() => hasGrown() && settle(), EARLY_MS).unref()
  setTimeout(() => {
    if (!isSettled) settle()
    setInterval(() => look(hasLoadEnded), TRIM_INTERVAL_MS).unref()
  }, SETTLE_MS).unref()
}

const settle = (): void => {
  isSettled = true
  collect()
  returnMemory()
}

const look = (hasLoadEnded: () => boolean): void => {
  if (hasGrown()) collect()
  const system = openSystem()
  system?.calls.malloc_trim(0n)
  system?.program.look()
  if (hasLoadEnded()) system?.program.dropAtNextLook()
}

/**
 * For plugins that have made much garbage, or are about to. Before the start is over, a collection
 * is worth its time only if the heap has grown; but what the start alone needed is returned at
 * once, since the peak of a process is soon after it.
 */
export const collectForPlugin = (): void => {
  if (isSettled || hasGrown()) collect()
  if (!isSettled) returnMemory()
}

/**
 * For events that clients can repeat at will, such as connections: V8 would let their garbage grow
 * to several times main's heap. Call it every few hundred of them.
 */
export const collectChurn = (): void => {
  const startMs = systemClock.ms()
  const isSmall = heapBytes() - collectedBytes <= CHURN_SLACK_BYTES
  if (!isSettled || isSmall || startMs < churnRestMs) return
  collect()
  const endMs = systemClock.ms()
  churnRestMs = endMs + (endMs - startMs)
}

const collect = (): void => {
  collectGarbage()
  collectedBytes = heapBytes()
}

const hasGrown = (): boolean => heapBytes() - collectedBytes > HEAP_SLACK_BYTES

/** Memory of main's heap, including garbage and free pages, and what its objects hold outside. */
const heapBytes = (): number => {
  const { total_heap_size: heap, external_memory: outside } = getHeapStatistics()
  return heap + outside
}

const openSystem = (): System | undefined => {
  if (opened === undefined) {
    const calls = openMemoryCalls()
    opened = { system: calls && { calls, program: new ProgramPages(calls) } }
  }
  return opened.system
}

const returnMemory = (): void => {
  const system = openSystem()
  system?.calls.malloc_trim(0n)
  system?.program.drop()
}

/**
 * Those parts of Node's binary that are read-only and hold no page of our own: what is touched
 * again after a drop comes from the page cache. A mapping with a changed page (a relocated pointer,
 * text on large pages) would lose it, and is left alone.
 */
class ProgramPages {
  readonly #calls: MemoryCalls
  readonly #ranges: readonly { readonly address: bigint; readonly length: bigint }[]
  /** Looks until the next drop, and from that one on: so that drops cost next to nothing. */
  #left = 1
  #pause = 1

  constructor(calls: MemoryCalls) {
    this.#calls = calls
    this.#ranges = readMappings().flatMap(mapping => {
      const [, start, end, path] =
        /^([\da-f]+)-([\da-f]+) r-[x-]p \S+ \S+ \S+ +(\/.*)$/m.exec(mapping) ?? []
      if (path !== process.execPath || !/^Anonymous: +0 kB$/m.test(mapping)) return []
      const address = BigInt(`0x${start}`)
      return [{ address, length: BigInt(`0x${end}`) - address }]
    })
  }

  drop(): void {
    for (const { address, length } of this.#ranges)
      this.#calls.madvise(address, length, MADV_DONTNEED)
  }

  /**
   * Drops again, since V8's compilers, which a load needs for a minute, are a good part of the
   * text.
   */
  look(): void {
    if (--this.#left > 0) return
    this.drop()
    this.#pause = Math.min(2 * this.#pause, MOST_LOOKS)
    this.#left = this.#pause
  }

  /** A load is over. */
  dropAtNextLook(): void {
    this.#left = 1
  }
}

/** Per mapping a line `START-END RIGHTS OFFSET DEVICE INODE PATH`, then lines `Key: NUMBER kB`. */
const readMappings = (): string[] => {
  try {
    return readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[\da-f]+-[\da-f]+ )/m)
  } catch {
    // No /proc, or no permission to read it.
    return []
  }
}
