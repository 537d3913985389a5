// minimal: removes records that are not needed from answers.

import type { Plugin } from '../../chain/plugin.ts'
import { noOptions } from '../../corefile/option-table.ts'

export const minimal: Plugin<undefined> = {
  name: 'minimal',
  options: noOptions('first'),
  serve: () => import('./serve.ts'),
}
