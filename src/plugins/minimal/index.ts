// minimal: leaves out of answers what was not asked for.

import type { Plugin } from '../../chain/plugin.ts'
import { noOptions } from '../../corefile/option-table.ts'

export const minimal: Plugin<undefined> = {
  name: 'minimal',
  options: noOptions('first'),
  serve: () => import('./serve.ts'),
}
