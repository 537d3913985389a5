// root: the folder that relative paths of the server block's other directives start from. Sets
// BlockSettings.root, no more.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options, type RootOptions } from './options.ts'

export const root: Plugin<RootOptions> = {
  name: 'root',
  options,
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
}
