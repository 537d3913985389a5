// The `loadbalance` directive: tokens to options, with CoreDNS's rules and texts.

import { parseCidr } from '../../base/ip.ts'
import type { Directive } from '../../corefile/directive.ts'
import { parseDuration } from '../../corefile/duration.ts'
import { goQuote } from '../../corefile/quote.ts'

export interface WeightFileOptions {
  /** As given; relative paths are under `root`. */
  file: string
  /** Time between two looks at the file; 0 for never again. */
  reloadMs: number
}

export interface LoadbalanceOptions {
  /** Undefined: round_robin. */
  weighted: WeightFileOptions | undefined
  /** Subnets whose addresses come first, the most preferred first. */
  prefer: string[]
}

const DEFAULT_RELOAD_MS = 30_000

/** A directive that is given again replaces the policy of the one before; prefer adds up. */
export const parse = (d: Directive): LoadbalanceOptions => {
  const options: LoadbalanceOptions = { weighted: undefined, prefer: [] }
  while (d.next()) {
    const [policy = 'round_robin', ...args] = d.remainingArgs()
    if (policy === 'weighted') {
      options.weighted = parseWeighted(d, args)
      options.prefer = []
    } else if (policy === 'round_robin') {
      if (args.length > 0) throw d.err(`unknown property for ${policy}`)
      options.weighted = undefined
      while (d.nextBlock()) options.prefer.push(...parsePrefer(d))
    } else {
      throw d.plainErr(`unknown policy: ${policy}`)
    }
  }
  return options
}

const parseWeighted = (d: Directive, [file, ...more]: string[]): WeightFileOptions => {
  if (file === undefined) throw d.err('missing weight file argument')
  if (more.length > 0) throw d.err('unexpected argument(s)')
  const options = { file, reloadMs: DEFAULT_RELOAD_MS }
  while (d.nextBlock()) {
    if (d.val() !== 'reload') throw d.unknownOption(`unknown property '${d.val()}'`, ['reload'])
    options.reloadMs = parseReload(d)
  }
  return options
}

const parseReload = (d: Directive): number => {
  const [text, ...more] = d.remainingArgs()
  if (text === undefined) throw d.err('reload duration value is missing')
  if (more.length > 0) throw d.err('unexpected argument')
  const ms = parseDuration(text)
  if (ms === undefined || ms < 0) throw d.err(`invalid reload duration '${text}'`)
  return ms
}

const parsePrefer = (d: Directive): string[] => {
  if (d.val() !== 'prefer') throw d.unknownOption(`unknown property '${d.val()}'`, ['prefer'])
  const subnets = d.remainingArgs()
  for (const subnet of subnets) {
    if (parseCidr(subnet) === undefined) {
      throw d.err(`invalid CIDR ${goQuote(subnet)}: invalid CIDR address: ${subnet}`)
    }
  }
  return subnets
}
