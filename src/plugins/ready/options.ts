// `ready [ADDRESS] { monitor until-ready|continuously }`, once per server block.

import { splitHostPort } from '../../base/host-port.ts'
import type { Directive } from '../../corefile/directive.ts'

export type Monitor = 'until-ready' | 'continuously'

export interface ReadyOptions {
  readonly address: string
  readonly monitor: Monitor
}

export function parse(directive: Directive): ReadyOptions {
  directive.once()
  directive.next()
  const [address = ':8181', ...others] = directive.remainingArgs()
  if (others.length > 0) throw directive.argErr()
  const split = splitHostPort(address)
  if ('error' in split) throw directive.plainErr(split.error)
  let monitor: Monitor = 'until-ready'
  while (directive.nextBlock()) {
    const property = directive.val()
    if (property !== 'monitor')
      throw directive.unknownOption(`unknown property '${property}'`, ['monitor'])
    monitor = parseMonitor(directive)
  }
  return { address, monitor }
}

function parseMonitor(directive: Directive): Monitor {
  const [text, ...others] = directive.remainingArgs()
  if (text === undefined || others.length > 0) throw directive.argErr()
  if (text !== 'until-ready' && text !== 'continuously')
    throw directive.err(`monitor type '${text}' not supported`)
  return text
}
