// The reload plugin: checks the Corefile for changes and loads it again.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options, type ReloadOptions } from './options.ts'

export const reload: Plugin<ReloadOptions> = {
  name: 'reload',
  options,
  control: () => import('./control.ts'),
}
