// autopath on the main thread: reads the search path that a file has, and declares the counter.

import { readTextFile } from '../../base/files/text-file.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { didYouMean } from '../../corefile/diagnostics/nearest.ts'
import { DIRECTIVES } from '../../corefile/order.ts'
import type { Vector } from '../../metrics/registrar.ts'
import { readSearchDomains } from '../../upstream/addresses.ts'
import type { AutopathOptions } from './options.ts'

/** Plugins of CoreDNS that know the search paths of their clients. */
const SEARCHED = ['kubernetes', 'erratic']
/** A query is asked once for each. */
const MOST_DOMAINS = 100

export interface AutopathShared {
  /** Of the file, in presentation form; undefined where a plugin knows it. */
  readonly domains: readonly string[] | undefined
  /** Series by the position of the listener in the block. */
  readonly success: Vector
}

export const control = (options: AutopathOptions, scope: ControlScope): AutopathShared => ({
  domains: domainsOf(options, scope),
  success: scope.metrics
    .counter({
      name: 'coredns_autopath_success_total',
      help: 'Counter of requests that did autopath.',
      labelNames: ['server'],
    })
    .vector({}, { server: scope.block.listeners.map(({ label }) => label) }),
})

export const inspect = (options: AutopathOptions, scope: InspectScope): void => {
  domainsOf(options, scope)
}

const domainsOf = (
  { source }: AutopathOptions,
  { log, block }: Pick<InspectScope, 'log' | 'block'>,
): readonly string[] | undefined => {
  if ('file' in source) return domainsIn(source.file)
  const { plugin } = source
  if (!block.directives.includes(plugin))
    log.warning(
      `'@${plugin}' has no effect: ${plugin} does not stand in this server block${meant(plugin)}`,
    )
  else if (DIRECTIVES.includes(plugin) && !SEARCHED.includes(plugin))
    throw new Error(`${plugin} does not implement the AutoPather interface`)
  return undefined
}

const meant = (plugin: string): string => {
  const hint = didYouMean(plugin, SEARCHED)
  return hint === undefined ? '' : `; ${hint}`
}

/** As CoreDNS, from the working directory whatever *root* says. */
const domainsIn = (file: string): readonly string[] => {
  const domains = readSearchDomains(readResolvConf(file))
  if (domains.length > MOST_DOMAINS)
    throw new Error(
      `'${file}' has ${domains.length} search domains: at most ${MOST_DOMAINS} are looked at`,
    )
  return domains
}

const readResolvConf = (file: string): string => {
  try {
    return readTextFile(file)
  } catch (error) {
    throw new Error(`failed to parse "${file}": ${error instanceof Error ? error.message : error}`)
  }
}
