// The line that stands for the errors of one period.

import { formatDuration } from '../../corefile/words/duration.ts'
import type { Logger } from '../../log/logger.ts'
import type { Consolidation } from './options.ts'

/** Prints nothing for no errors, nor for a single one that `show_first` has already printed. */
export const printSummary = (consolidation: Consolidation, count: number, log: Logger): void => {
  const { level, pattern, periodMs, showFirst } = consolidation
  if (count < (showFirst ? 2 : 1)) return
  log[level](`${count} errors like '${pattern}' occurred in last ${formatDuration(periodMs)}`)
}
