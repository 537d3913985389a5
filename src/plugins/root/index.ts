// root: the folder that relative paths of the server block's other directives start from. Sets
// BlockSettings.root, no more.

import type { Plugin } from '../../chain/plugin.ts'
import type { RootOptions } from './control.ts'

export const root: Plugin<RootOptions> = {
  name: 'root',
  /** The last occurrence counts. */
  parse(directive) {
    let path = ''
    while (directive.next()) {
      if (!directive.nextArg()) throw directive.argErr()
      path = directive.val()
    }
    return { path, errorPrefix: directive.err('').message }
  },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
}
