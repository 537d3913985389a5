// whoami: tells the client the address and port that its query came from.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { noOptions } from '../../corefile/options/option-table.ts'

export const whoami: Plugin<undefined> = {
  name: 'whoami',
  options: noOptions('first'),
  serve: () => import('./serve.ts'),
}
