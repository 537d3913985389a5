// Tables for a terminal.

import { type GoalResult, reachedText } from '../goals.ts'
import type { TargetResult } from '../targets.ts'
import { keep } from './kept.ts'
import type { Report } from './report.ts'
import { type TextTable, tableOf } from './rows.ts'

/** The first column to the left, numbers to the right. */
const align = ({ head, rows }: TextTable, isNumeric: boolean): string => {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 || !isNumeric
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return all.map(line).join('\n')
}

export const reportText = (report: Report): string => {
  const { outcome } = report
  const dropped = Object.entries(outcome.dropped).map(
    ([name, reason]) => `left out: ${name}: ${reason}`,
  )
  const heading = `== ${report.scenario}: ${report.title} (${report.rounds} rounds of ${report.seconds} s)`
  return [
    heading,
    align(tableOf(keep(report)), true),
    ...dropped,
    ...outcome.notes.map(note => `note: ${note}`),
    '',
  ].join('\n')
}

export const goalsText = (goals: readonly GoalResult[]): string =>
  align(
    {
      head: ['goal', 'wanted', 'measured', 'reached'],
      rows: goals.map(({ goal, wanted, measured, isReached }) => [
        goal,
        wanted,
        measured,
        reachedText(isReached),
      ]),
    },
    false,
  )

export const targetsText = (results: readonly TargetResult[]): string =>
  align(
    {
      head: ['', 'before', 'now', 'goal', 'reached', 'CoreDNS', 'Unbound'],
      rows: results.map(({ what, before, now, goal, isReached, coredns, unbound }) => [
        ...[what, before, now, goal],
        goal === '' ? '' : reachedText(isReached),
        ...[coredns, unbound],
      ]),
    },
    true,
  )
