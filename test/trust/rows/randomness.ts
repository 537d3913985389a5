// Figures on numbers that nobody should be able to guess.

const CELLS = 256

/**
 * Chi-square of bytes against the uniform distribution, in standard deviations from what is
 * expected.
 */
export const chiSquare = (bytes: readonly number[]): number => {
  const counts = new Array<number>(CELLS).fill(0)
  for (const byte of bytes) counts[byte]!++
  const expected = bytes.length / CELLS
  const sum = counts.reduce((total, count) => total + (count - expected) ** 2 / expected, 0)
  return bytes.length === 0 ? 0 : (sum - (CELLS - 1)) / Math.sqrt(2 * (CELLS - 1))
}

/** Of each number with its successor. */
export const correlation = (numbers: readonly number[]): number => {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length)
  let products = 0
  let squares = 0
  for (const [n, value] of numbers.entries()) {
    squares += (value - mean) ** 2
    if (n > 0) products += (value - mean) * (numbers[n - 1]! - mean)
  }
  return squares === 0 ? 0 : products / squares
}

export interface PortFigures {
  readonly distinct: number
  /** Of one port. */
  readonly mostUses: number
  /** Share of successive questions from one port. */
  readonly adjacent: number
}

export const judgePorts = (ports: readonly number[]): PortFigures => {
  const uses = new Map<number, number>()
  let adjacent = 0
  for (const [n, port] of ports.entries()) {
    uses.set(port, (uses.get(port) ?? 0) + 1)
    if (port === ports[n - 1]) adjacent++
  }
  return {
    distinct: uses.size,
    mostUses: Math.max(0, ...uses.values()),
    adjacent: adjacent / Math.max(1, ports.length),
  }
}
