// Hot path. Uniform choices out of 16-bit random numbers. The numbers are an argument so that tests
// can give their own.

/** Gives a number from 0 to 65535. */
export type Draw = () => number

const WORD = 0x10000

/**
 * Uniform over 0..count-1, for counts from 1 to 2^32. Rejects the draws that would favour small
 * results.
 */
export const below = (count: number, draw: Draw): number => {
  const range = count <= WORD ? WORD : WORD * WORD
  const limit = range - (range % count)
  for (;;) {
    const number = range === WORD ? draw() : draw() * WORD + draw()
    if (number < limit) return number % count
  }
}

/** Lets two items change places. */
export type Swap<Items> = (items: Items, a: number, b: number) => void

/**
 * Shuffles `count` items in place from `first` on (Fisher and Yates).
 */
export const shuffle = <Items>(
  items: Items,
  first: number,
  count: number,
  draw: Draw,
  swap: Swap<Items>,
): void => {
  for (let last = count - 1; last > 0; last--) {
    const other = below(last + 1, draw)
    if (other !== last) swap(items, first + last, first + other)
  }
}
