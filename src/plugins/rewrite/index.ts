// rewrite: changes the client's question for the rest of the chain, and the reply. `rewrite
// [continue|stop] FIELD ...`: each directive is a rule.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { RewriteShared } from './control.ts'
import { options } from './options.ts'
import type { Rule } from './rule.ts'

export const rewrite: Plugin<Rule[], RewriteShared> = {
  name: 'rewrite',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
