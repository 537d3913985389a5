// rewrite: asks another question than the client has, and changes what comes back. `rewrite
// [continue|stop] FIELD ...`, a rule for each directive.

import type { Plugin } from '../../chain/plugin.ts'
import type { RewriteShared } from './control.ts'
import { options } from './options.ts'
import type { Rule } from './rule.ts'

export const rewrite: Plugin<Rule[], RewriteShared> = {
  name: 'rewrite',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
