// minimal: removes records that are not needed from answers.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { noOptions } from '../../corefile/options/option-table.ts'

export const minimal: Plugin<undefined> = {
  name: 'minimal',
  options: noOptions('first'),
  serve: () => import('./serve.ts'),
}
