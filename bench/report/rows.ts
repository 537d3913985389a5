// The rows of a scenario's table, as text: medians over the rounds, and the ratio to the baseline
// with its spread.

import { format, titleOf } from '../metrics.ts'
import { metricSpread, ratioSpread } from '../summary.ts'
import type { Report } from './report.ts'

export interface TextTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export const tableOf = (report: Report): TextTable => {
  const names = Object.keys(report.outcome.samples)
  const columns = report.columns.filter(metric =>
    names.some(name => metricSpread(report.outcome, name, metric) !== undefined),
  )
  const hasWrong = names.some(name => (metricSpread(report.outcome, name, 'wrong')?.max ?? 0) > 0)
  const shown = hasWrong ? [...columns, 'wrong'] : columns
  const ratioTitle =
    report.compared === undefined ? [] : [`${titleOf(report.compared)} of ${baselineTitle(report)}`]
  return {
    head: ['', ...shown.map(titleOf), ...ratioTitle],
    rows: names.map(name => [
      name,
      ...shown.map(metric => {
        const found = metricSpread(report.outcome, name, metric)
        return found === undefined
          ? ''
          : format(metric, metric === 'lost' ? found.max : found.median)
      }),
      ...(report.compared === undefined ? [] : [ratioText(report, name, report.compared)]),
    ]),
  }
}

const baselineTitle = ({ baselines }: Report): string => {
  const all = [...new Set(Object.values(baselines))]
  return all.length === 1 ? (all[0] ?? '') : 'baseline'
}

const ratioText = ({ outcome, baselines }: Report, name: string, metric: string): string => {
  const baseline = baselines[name]
  if (baseline === undefined || baseline === '') return ''
  const ratio = ratioSpread(metric, [outcome, name], [outcome, baseline])
  if (ratio === undefined) return ''
  return `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})`
}
