// Hot path. Unpredictable numbers for message ids, orders, choices and seeds; those for queries are
// taken in batches: one call into the kernel, or OpenSSL, per 1024 numbers.

type Numbers = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>

/** False if it has not filled them. */
export type FillRandom = (numbers: Numbers) => boolean

let source: FillRandom = () => false

/** Has all that follows come from the kernel's own call, in this thread. */
export const takeRandomFrom = (fill: FillRandom): void => {
  source = fill
}

/** node:crypto takes 5 ms to load, in each thread: not where the kernel can be asked. */
const fillRandom = <T extends Numbers>(numbers: T): T => {
  if (!source(numbers)) process.getBuiltinModule('node:crypto').randomFillSync(numbers)
  return numbers
}

export const randomBytes = (count: number): Buffer =>
  Buffer.from(fillRandom(new Uint8Array(count)).buffer)

const BATCH_COUNT = 1024
const batch = new Uint16Array(BATCH_COUNT)
let usedCount = BATCH_COUNT

/** A 16-bit number nobody can foresee: RFC 5452 section 4.3. */
export const randomId = (): number => {
  if (usedCount === BATCH_COUNT) {
    fillRandom(batch)
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
