// The micro benches: each prints nanoseconds per operation, the median of several batches. Bombs,
// the worst messages, come behind them.

import { runBombs } from './bombs.ts'
import { cacheBenches } from './cache.ts'
import { memoryBenches } from './memory.ts'
import { type MicroBench, nanosecondsPerOperation } from './timing.ts'
import { wireBenches } from './wire.ts'

export const runMicro = async (say: (text: string) => void): Promise<void> => {
  const groups: readonly (readonly [string, readonly MicroBench[]])[] = [
    ['wire', wireBenches()],
    ['cache', cacheBenches()],
    ['memory', memoryBenches()],
  ]
  say(`== micro: ns per operation, median (fastest..slowest batch)`)
  for (const [group, benches] of groups) {
    for (const { name, operation } of benches) {
      const { median, min, max } = nanosecondsPerOperation(operation)
      say(
        `${group.padEnd(8)}${name.padEnd(50)}${median.toFixed(1).padStart(9)}  (${min.toFixed(1)}..${max.toFixed(1)})`,
      )
      // So that an interrupt from the terminal is seen.
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  say('')
  await runBombs(say)
}
