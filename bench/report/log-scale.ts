// A logarithmic scale for charts of ratios: twice as much is as far to one side as half as much is
// to the other.

/** Of one side; the other has 1/2, 1/5 and so on. */
const TICKS = [1, 2, 5, 10, 20, 50, 100, 200] as const
const NEAREST = 2
/** For rounding errors. */
const ROOM = 1.001

export interface LogScale {
  readonly ticks: readonly number[]
  /** From 0, the lowest, to 1, the highest; what lies beyond stands at the edge. */
  readonly at: (value: number) => number
  readonly isBeyond: (value: number) => boolean
}

/** Of the tick at least so far out, or of the last. */
const edge = (wanted: number): number =>
  TICKS.find(tick => tick * ROOM >= Math.max(NEAREST, wanted)) ?? TICKS[TICKS.length - 1] ?? 1

/** Wide enough for all values, and for 1/2 to 2. */
export const logScale = (values: readonly number[]): LogScale => {
  const known = values.filter(value => value > 0 && Number.isFinite(value))
  const highest = edge(Math.max(...known, 1))
  const lowest = 1 / edge(1 / Math.min(...known, 1))
  const inside = (value: number): number => Math.min(highest, Math.max(lowest, value))
  const below = TICKS.slice(1).map(tick => 1 / tick)
  return {
    ticks: [...below.reverse(), ...TICKS].filter(
      tick => tick * ROOM >= lowest && tick <= highest * ROOM,
    ),
    at: value => Math.log(inside(value) / lowest) / Math.log(highest / lowest),
    isBeyond: value => value * ROOM < lowest || value > highest * ROOM,
  }
}

export const tickText = (tick: number): string =>
  tick >= 1 ? String(Math.round(tick)) : `1/${Math.round(1 / tick)}`
