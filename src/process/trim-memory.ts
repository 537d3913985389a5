// Returns memory that only the start and the warm-up needed: main's garbage, what V8's compilers
// freed in pieces in malloc's arenas, and the pages of Node's own binary that were read once.
// Nothing depends on it: where a step is not possible, the process only takes more memory.

import { readFileSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import { systemClock } from '../base/clock.ts'
import { collectGarbage } from '../base/collector.ts'
import { type MemoryCalls, openMemoryCalls } from '../net/mmsg/libc.ts'

/** Long enough after the start that the shards have finished their one-time work. */
const SETTLE_MS = 500
/** V8 compiles for as long as the load changes; a look costs main about a millisecond. */
const TRIM_INTERVAL_MS = 5000
const MADV_DONTNEED = 4
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
/** Undefined until they have been opened, and where they cannot be had. */
let memoryCalls: MemoryCalls | undefined
let hasOpenedCalls = false

/**
 * Call it once, when the shards serve; it checks again every 5 s. Its timers do not keep the
 * process alive.
 */
export const trimMemory = (): void => {
  setTimeout(() => {
    isSettled = true
    collect()
    returnMemory()
    const look = (): void => {
      if (hasGrown()) collect()
      openCalls()?.malloc_trim(0n)
    }
    setInterval(look, TRIM_INTERVAL_MS).unref()
  }, SETTLE_MS).unref()
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

const openCalls = (): MemoryCalls | undefined => {
  if (!hasOpenedCalls) memoryCalls = openMemoryCalls()
  hasOpenedCalls = true
  return memoryCalls
}

const returnMemory = (): void => {
  const calls = openCalls()
  calls?.malloc_trim(0n)
  if (calls !== undefined) dropCleanPages(calls)
}

/**
 * Unmaps those parts of Node's binary that are read-only and hold no page of our own: what is
 * touched again comes from the page cache. A mapping with a changed page (a relocated pointer, text
 * on large pages) would lose it, and is left alone.
 */
const dropCleanPages = (calls: MemoryCalls): void => {
  for (const mapping of readMappings()) {
    const [, start, end, path] =
      /^([\da-f]+)-([\da-f]+) r-[x-]p \S+ \S+ \S+ +(\/.*)$/m.exec(mapping) ?? []
    if (path !== process.execPath || !/^Anonymous: +0 kB$/m.test(mapping)) continue
    const address = BigInt(`0x${start}`)
    calls.madvise(address, BigInt(`0x${end}`) - address, MADV_DONTNEED)
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
