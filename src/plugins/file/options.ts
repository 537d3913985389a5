// The Corefile syntax of file.

import type { Directive } from '../../corefile/options/directive.ts'
import {
  flag,
  option,
  requiredArgument,
  withoutEffect,
  zoneList,
  zonesArgument,
} from '../../corefile/options/option-rows.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'
import { duration, text } from '../../corefile/options/values.ts'

export interface FileZone {
  /** As written: below *root* if it is relative. */
  readonly path: string
  /** Lower case with trailing dot. */
  readonly origin: string
  /** How often the file is looked at; 0 for once. */
  readonly reloadMs: number
  /** Whether a file that has changed is taken whatever its serial. */
  readonly isByMtime: boolean
}

export interface FileOptions {
  /** Each origin once. */
  readonly zones: readonly FileZone[]
  /** Zones of `fallthrough`; empty without the option. */
  readonly fall: readonly string[]
}

const DEFAULT_RELOAD_MS = 60_000

/** What one directive says. */
interface Read {
  readonly path: string
  readonly origins: readonly string[]
  readonly reloadMs: number | undefined
  readonly isByMtime: boolean
  readonly fall: readonly string[] | undefined
}

const reader = new OptionReader<Read>({
  rows: {
    path: requiredArgument('DBFILE', text('DBFILE'), {
      does: 'the zone file; below root if it is relative',
    }),
    origins: zonesArgument('origins that the file is loaded for'),
    reloadMs: option(
      'reload',
      duration({
        least: 0,
        // CoreDNS puts its name there twice.
        wrong: (word, why) => word.plainErr(`plugin/file: ${why}`),
        outside: (_, word) => word.err(`reload '${word.text}' is negative`),
      }),
      {
        unset: undefined,
        otherwise: '1m',
        does: 'time between two looks at the file, 0 for one look',
        surplus: 'ignored',
        wrongCount: directive => directive.plainErr('reload duration value is expected'),
      },
    ),
    isByMtime: flag('reload_by_mtime', {
      surplus: 'next-line',
      does: 'take a file that has changed, whatever its serial',
    }),
    fall: zoneList('fallthrough', {
      unset: undefined,
      does: 'pass names on that the zone has not got: those in ZONES, or all',
    }),
  },
  others: [
    withoutEffect('upstream', '[ADDRESS...]', {
      support: 'retired',
      does: 'retired in CoreDNS 1.7: remove it',
      meet(_, directive) {
        if (directive.warnings.some(({ code }) => code === 'retired')) return
        directive.warn("option 'upstream' has no effect: remove it", 'retired')
      },
    }),
  ],
})

/**
 * Of several directives in a block the options carry over to those behind them, and the last
 * *fallthrough* is that of all zones; of an origin that is given twice the last file counts.
 */
const parse = (directive: Directive): FileOptions => {
  const zones = new Map<string, FileZone>()
  let [reloadMs, isByMtime] = [DEFAULT_RELOAD_MS, false]
  let fall: readonly string[] = []
  while (directive.next()) {
    const read = reader.readOccurrence(directive)
    reloadMs = read.reloadMs ?? reloadMs
    isByMtime ||= read.isByMtime
    fall = read.fall ?? fall
    for (const origin of read.origins)
      zones.set(origin, { path: read.path, origin, reloadMs, isByMtime })
  }
  return { zones: [...zones.values()], fall }
}

export const options: OptionTable<FileOptions> = { facts: reader.facts, parse }
