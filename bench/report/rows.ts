// The rows of a scenario's table, as text: medians over the rounds, and the ratio to the baseline
// with its spread.

import { format, titleOf } from '../metrics.ts'
import type { KeptReport, Triple } from './kept.ts'

export interface TextTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const ratioText = (ratio: Triple | undefined): string => {
  if (ratio === undefined) return ''
  const [median, min, max] = ratio.map(value => value.toFixed(2))
  return `${median} (${min}..${max})`
}

export const tableOf = (report: KeptReport): TextTable => {
  const { columns, compared, baseline, figures, ratios } = report
  const cell = (metric: string, found: Triple | undefined): string =>
    found === undefined ? '' : format(metric, metric === 'lost' ? found[2] : found[0])
  return {
    head: [
      '',
      ...columns.map(titleOf),
      ...(compared === undefined ? [] : [`${titleOf(compared)} of ${baseline}`]),
    ],
    rows: Object.entries(figures).map(([name, figure]) => [
      name,
      ...columns.map(metric => cell(metric, figure[metric])),
      ...(compared === undefined ? [] : [ratioText(ratios[name])]),
    ]),
  }
}
