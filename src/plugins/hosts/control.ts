// hosts on the main thread: watches the file and publishes tables.

import { stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { getSystemErrorMessage } from 'node:util'
import type { ControlScope } from '../../core/control-scope.ts'
import { goQuote } from '../../corefile/quote.ts'
import { HostsSource } from './hosts-source.ts'
import type { HostsOptions } from './options.ts'
import { type TableFeed, TablePublisher } from './table-feed.ts'

const DEFAULT_PATH = '/etc/hosts'

/** Longest delay that a Node timer takes. */
const MAX_TIMER_MS = 0x7fffffff

export const controlHosts = async (options: HostsOptions, scope: ControlScope): Promise<TableFeed> => {
  const path = options.path === undefined ? DEFAULT_PATH : await checkedPath(options.path, options.errorPrefix, scope)
  const source = new HostsSource({ ...options, path }, scope.log)
  await source.refresh()
  const publisher = new TablePublisher(source.table)
  declareGauges(scope, source, path)
  watch(scope, source, publisher, options.reloadMs)
  return publisher.feed
}

const checkedPath = async (written: string, errorPrefix: string, scope: ControlScope): Promise<string> => {
  const { root } = scope.settings
  const path = isAbsolute(written) || root === '' ? written : join(root, written)
  try {
    const found = await stat(path)
    if (found.isDirectory()) scope.log.warning(`Hosts file ${goQuote(path)} is a directory`)
  } catch (caught) {
    const failure = caught as NodeJS.ErrnoException
    if (failure.code !== 'ENOENT') {
      const reason = failure.errno === undefined ? failure.message : `stat ${path}: ${getSystemErrorMessage(failure.errno)}`
      throw new Error(`${errorPrefix}unable to access hosts file '${path}': ${reason}`)
    }
    scope.log.warning(`File does not exist: ${path}`)
  }
  return path
}

/** Both show nothing until a file was read, as in CoreDNS. */
const declareGauges = (scope: ControlScope, source: HostsSource, path: string): void => {
  scope.metrics.gauge(
    { name: 'coredns_hosts_entries', help: 'The combined number of entries in hosts and Corefile.', labelNames: ['hostsfile'] },
    () => (source.parsed === undefined ? [] : [{ labels: { hostsfile: path }, value: source.parsed.entries }]),
  )
  scope.metrics.gauge(
    { name: 'coredns_hosts_reload_timestamp_seconds', help: 'The timestamp of the last reload of hosts file.' },
    () => (source.parsed === undefined ? [] : [{ labels: {}, value: source.parsed.modifiedSeconds }]),
  )
}

const watch = (scope: ControlScope, source: HostsSource, publisher: TablePublisher, reloadMs: number): void => {
  let timer: NodeJS.Timeout | undefined
  let isRetired = false
  const look = async (): Promise<void> => {
    const isNew = await source.refresh()
    if (isNew && !isRetired) publisher.publish(source.table)
  }
  scope.onStart(() => {
    if (reloadMs === 0) return
    timer = setInterval(look, Math.min(reloadMs, MAX_TIMER_MS))
    timer.unref()
  })
  scope.onRetire(() => {
    isRetired = true
    clearInterval(timer)
    publisher.close()
  })
}
