// What records.torture.test.ts and its readers share.

import type { RecordsRef } from '../../src/records/layout.ts'

export interface ReaderWorld {
  readonly ref: RecordsRef
  readonly control: Int32Array
  readonly beats: Int32Array
  readonly me: number
  readonly keys: number
  /** Finds the first key once, and holds what it found from then on without ever beating. */
  readonly isHolding: boolean
}

/** Words of `control`. */
export const STOP = 0
export const STARTED = 1
export const FOUND = 2
export const MISSED = 3
export const VIOLATIONS = 4
