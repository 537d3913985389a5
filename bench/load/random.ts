// A small seeded generator (mulberry32), so that the same queries are asked in the same order each
// time.

export type Random = () => number

/** Numbers from 0 (included) to 1 (excluded). */
export const seeded = (seed: number): Random => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Shuffles in place (Fisher and Yates). */
export const shuffle = <T>(items: T[], random: Random): T[] => {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const held = items[last] as T
    items[last] = items[other] as T
    items[other] = held
  }
  return items
}

/** Draws ranks from 0 to `count` - 1, rank r with a weight of 1 / (r + 1). */
export const zipf = (count: number, random: Random): (() => number) => {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += 1 / (rank + 1)
  return () => {
    const drawn = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] as number) > drawn) high = middle
      else low = middle + 1
    }
    return low
  }
}
