// `prometheus [ADDRESS] { runtime_metrics; tls FILE }`, once per server block.

import { splitHostPort } from '../../base/host-port.ts'
import type { Directive } from '../../corefile/directive.ts'

export interface PrometheusOptions {
  readonly address: string
  readonly runtimeMetrics: boolean
}

export function parse(directive: Directive): PrometheusOptions {
  directive.once()
  directive.next()
  const [address = 'localhost:9153', ...others] = directive.remainingArgs()
  if (others.length > 0) throw directive.argErr()
  const split = splitHostPort(address)
  if ('error' in split) throw directive.plainErr(split.error)
  let runtimeMetrics = false
  while (directive.nextBlock()) {
    checkOption(directive)
    runtimeMetrics = true
  }
  return { address, runtimeMetrics }
}

/** Throws for everything but `runtime_metrics`. */
function checkOption(directive: Directive): void {
  const option = directive.val()
  if (option === 'tls')
    throw directive.err(
      'tls is not supported for metrics yet: put a TLS proxy in front of the endpoint',
    )
  if (option !== 'runtime_metrics')
    throw directive.unknownOption(`unknown option: ${option}`, ['runtime_metrics'])
  if (directive.nextArg()) throw directive.argErr()
}
