// Hot path. Unpredictable numbers for message ids, orders and choices, taken from node:crypto in
// batches: one call into OpenSSL per 1024 numbers.

import { randomFillSync } from 'node:crypto'

const BATCH_COUNT = 1024
const batch = new Uint16Array(BATCH_COUNT)
let usedCount = BATCH_COUNT

/** A 16-bit number nobody can foresee: RFC 5452 section 4.3. */
export const randomId = (): number => {
  if (usedCount === BATCH_COUNT) {
    randomFillSync(batch)
    usedCount = 0
  }
  return batch[usedCount++]!
}

/** 32 bits nobody can foresee. */
export const random32 = (): number => ((randomId() << 16) | randomId()) >>> 0

/** Uniform over 0..count-1, for counts from 1 to 65536. */
export const randomBelow = (count: number): number => {
  const limit = 65536 - (65536 % count)
  for (;;) {
    const number = randomId()
    if (number < limit) return number % count
  }
}

/** A random permutation of 0..count-1 (Fisher and Yates). */
export const randomOrder = (count: number): number[] => {
  const order = Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const other = randomBelow(last + 1)
    const index = order[last]!
    order[last] = order[other]!
    order[other] = index
  }
  return order
}
