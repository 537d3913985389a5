// view: its server block takes only the queries for which all its expressions are true.
// `view NAME { expr EXPRESSION }`, once per server block.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options, type ViewOptions } from './options.ts'

export const view: Plugin<ViewOptions> = {
  name: 'view',
  options,
  facts: { selects: true, setsUp: 'first' },
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
