// `prometheus [ADDRESS] { runtime_metrics; tls FILE }`, once per server block.

import { splitHostPort } from '../../core/host-port.ts'
import type { Directive } from '../../corefile/directive.ts'

export interface PrometheusOptions {
  readonly address: string
}

export function parsePrometheus(directive: Directive): PrometheusOptions {
  directive.once()
  directive.next()
  const [address = 'localhost:9153', ...others] = directive.remainingArgs()
  if (others.length > 0) throw directive.argErr()
  const split = splitHostPort(address)
  if ('error' in split) throw directive.plainErr(split.error)
  while (directive.nextBlock()) parseOption(directive)
  return { address }
}

function parseOption(directive: Directive): void {
  const option = directive.val()
  if (option === 'tls') throw directive.err('tls is not supported for metrics yet: put a TLS proxy in front of the endpoint')
  if (option !== 'runtime_metrics') throw directive.unknownOption(`unknown option: ${option}`, ['runtime_metrics'])
  if (directive.nextArg()) throw directive.argErr()
  directive.warn('runtime_metrics has no effect: there is no Go runtime here; nodejs_* metrics are always shown', 'no-effect')
}
