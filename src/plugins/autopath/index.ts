// autopath: looks for a name along the client's search path, so that the client need not.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { AutopathShared } from './control.ts'
import { type AutopathOptions, options } from './options.ts'

export const autopath: Plugin<AutopathOptions, AutopathShared> = {
  name: 'autopath',
  options,
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
