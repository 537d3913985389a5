// hosts on the main thread. Loads the source that the options name, or keeps it over a reload.
// Checks its file for changes, and tells caches which names change.

import { stat } from 'node:fs/promises'
import { codeOf, pathErrorText } from '../../base/files/errno.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { underRoot } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import type { RecordsRef } from '../../records/layout.ts'
import { type Follower, HostsSource } from './hosts-source.ts'
import { markChanges } from './invalidation-marks.ts'
import type { HostsOptions } from './options.ts'
import type { HostsChange } from './publisher.ts'

const DEFAULT_PATH = '/etc/hosts'

/** Longest delay that a Node timer takes. */
const MAX_TIMER_MS = 0x7fffffff

export const control = async (options: HostsOptions, scope: ControlScope): Promise<RecordsRef> => {
  const path =
    options.path === undefined
      ? DEFAULT_PATH
      : await checkedPath(options.path, options.errorPrefix, scope)
  const identity = identityOf(options, path, scope)
  const source = scope.keep(
    identity,
    resources => new HostsSource({ ...options, path }, resources, scope.log),
  )
  const mark = (change: HostsChange): void => markChanges(scope.changes, change)
  scope.onRetire(source.follow(mark))
  // As in CoreDNS, a reload reads the file even if it looks unchanged.
  await source.refresh(true)
  declareGauges(scope, source, path)
  markAtStart(scope, source, mark)
  watch(scope, source, options.reloadMs)
  return source.records
}

/**
 * The identity of a source. It has all options that determine its entries and the times of their
 * changes. It has the zones of the block as well, since cached answers of the block may be older
 * than the source.
 */
const identityOf = (
  { zones, inline, autoReverse, reloadMs }: HostsOptions,
  path: string,
  scope: ControlScope,
): string =>
  JSON.stringify({ path, zones, inline, autoReverse, reloadMs, blockZones: scope.block.zones })

/** A file that is missing is no error: it may appear later. */
export const inspect = async (
  { path, errorPrefix }: HostsOptions,
  scope: InspectScope,
): Promise<void> => {
  if (path !== undefined) await checkedPath(path, errorPrefix, scope)
}

type Place = Pick<ControlScope, 'settings' | 'log'>

const checkedPath = async (written: string, errorPrefix: string, scope: Place): Promise<string> => {
  const path = underRoot(written, scope.settings.root)
  try {
    const found = await stat(path)
    if (found.isDirectory()) scope.log.warning(`Hosts file ${goQuote(path)} is a directory`)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw new Error(
        `${errorPrefix}unable to access hosts file '${path}': ${pathErrorText('stat', path, error)}`,
      )
    }
    scope.log.warning(`File does not exist: ${path}`)
  }
  return path
}

/** As in CoreDNS, both have no value until a file was read. */
const declareGauges = (scope: ControlScope, source: HostsSource, path: string): void => {
  scope.metrics.gauge(
    {
      name: 'coredns_hosts_entries',
      help: 'The combined number of entries in hosts and Corefile.',
      labelNames: ['hostsfile'],
    },
    () =>
      source.parsed === undefined
        ? []
        : [{ labels: { hostsfile: path }, value: source.parsed.entries }],
  )
  scope.metrics.gauge(
    {
      name: 'coredns_hosts_reload_timestamp_seconds',
      help: 'The timestamp of the last reload of hosts file.',
    },
    () =>
      source.parsed === undefined ? [] : [{ labels: {}, value: source.parsed.modifiedSeconds }],
  )
}

/**
 * Marks the names of a new source in a reload, since caches may have older answers. At the start of
 * the process they have none.
 */
const markAtStart = (scope: ControlScope, source: HostsSource, mark: Follower): void => {
  const isNews = !scope.process.isFirstLoad && !source.wasServed
  scope.onStart(() => {
    source.serve(mark)
    if (isNews) mark(source.everything())
  })
}

const watch = (scope: ControlScope, source: HostsSource, reloadMs: number): void => {
  if (reloadMs === 0) return
  let timer: NodeJS.Timeout | undefined
  scope.onStart(() => {
    timer = setInterval(() => void source.refresh(), Math.min(reloadMs, MAX_TIMER_MS))
    timer.unref()
  })
  scope.onRetire(() => clearInterval(timer))
}
