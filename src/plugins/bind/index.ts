// bind: the addresses that the block's listeners are opened on.

import { parseIp } from '../../base/ip.ts'
import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type BindLine, options } from './options.ts'

/** Unless an interface is named. */
const listensOn = (lines: readonly BindLine[]): string[] | undefined =>
  lines.some(({ listen, except }) => [...listen, ...except].some(word => !parseIp(word)))
    ? undefined
    : lines.flatMap(({ listen, except }) => listen.filter(address => !except.includes(address)))

export const bind: Plugin<BindLine[]> = {
  name: 'bind',
  options,
  facts: { setsUp: 'first', listensOn },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
}
