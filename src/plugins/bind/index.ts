// bind: the addresses that the block's listeners are opened on.

import { parseIp } from '../../base/ip.ts'
import type { Plugin } from '../../chain/plugin.ts'
import type { Directive } from '../../corefile/directive.ts'
import { goQuote } from '../../corefile/quote.ts'
import type { BindLine } from './control.ts'

/** Unless an interface is named. */
const listensOn = (lines: readonly BindLine[]): string[] | undefined =>
  lines.some(({ listen, except }) => [...listen, ...except].some(word => !parseIp(word)))
    ? undefined
    : lines.flatMap(({ listen, except }) => listen.filter(address => !except.includes(address)))

const readLine = (directive: Directive): BindLine => {
  const listen = directive.remainingArgs()
  if (listen.length === 0)
    throw directive.plainErr('at least one address or interface name is expected')
  let except: string[] = []
  while (directive.nextBlock()) {
    if (directive.val() !== 'except')
      throw directive.plainErr(
        `invalid option ${goQuote(directive.val())}`,
        directive.optionHelp(['except']),
      )
    except = directive.remainingArgs()
    if (except.length === 0)
      throw directive.plainErr(
        'at least one address or interface must be given to except subdirective',
      )
  }
  return { listen, except }
}

export const bind: Plugin<BindLine[]> = {
  name: 'bind',
  parse(directive) {
    const lines: BindLine[] = []
    while (directive.next()) lines.push(readLine(directive))
    return lines
  },
  facts: { setsUp: 'first', listensOn },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
}
