// The reload plugin: looks for changes of the Corefile and loads it anew.

import type { Plugin } from '../../chain/plugin.ts'
import { options, type ReloadOptions } from './options.ts'

export const reload: Plugin<ReloadOptions> = {
  name: 'reload',
  options,
  control: () => import('./control.ts'),
}
