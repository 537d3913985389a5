// erratic: answers badly on purpose, to test clients.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type ErraticOptions, options } from './options.ts'

export const erratic: Plugin<ErraticOptions, number> = {
  name: 'erratic',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
