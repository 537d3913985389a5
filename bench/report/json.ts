// bench/results/: one file per scenario and run, with all raw rounds.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from './report.ts'

const FOLDER = join(import.meta.dirname, '..', 'results')

/** Returns the path. `prefix` keeps comparisons apart from what the documents show. */
export const saveReport = (report: Report, prefix = ''): string => {
  mkdirSync(FOLDER, { recursive: true })
  const stamp = report.when.replaceAll(/[-:]/g, '').slice(0, 15)
  const path = join(FOLDER, `${prefix}${stamp}-${report.scenario}.json`)
  writeFileSync(path, `${JSON.stringify(report, undefined, 1)}\n`)
  return path
}

/** The newest report of each scenario. */
export const newestReports = (): Map<string, Report> => {
  const newest = new Map<string, Report>()
  for (const file of listFolder().sort()) {
    if (!/^\d{8}T\d{6}-.*\.json$/.test(file)) continue
    const report = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Report
    newest.set(report.scenario, report)
  }
  return newest
}

const listFolder = (): string[] => {
  try {
    return readdirSync(FOLDER)
  } catch {
    return []
  }
}
