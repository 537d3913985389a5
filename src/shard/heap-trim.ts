// What V8 keeps of a load that is over: a young generation of several MiB, and garbage that it
// would collect with the next load only.

import { getHeapStatistics } from 'node:v8'
import { collectData } from '../base/collector.ts'

/** Less is not worth the pause. */
const SLACK_BYTES = 2 * 1024 * 1024

export class HeapTrim {
  /** Size of the heap after the last collection here. */
  #settledBytes = 0

  /** Collects if the heap has grown: some tens of milliseconds. */
  trim(): void {
    if (heapBytes() - this.#settledBytes <= SLACK_BYTES) return
    collectData()
    this.#settledBytes = heapBytes()
  }
}

/** This thread's, including garbage and free pages. */
const heapBytes = (): number => getHeapStatistics().total_heap_size
