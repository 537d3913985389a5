// The errors plugin: logs queries that the rest of the chain failed to answer.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { ErrorsShared } from './control.ts'
import { type ErrorsOptions, options } from './options.ts'

export const errors: Plugin<ErrorsOptions, ErrorsShared> = {
  name: 'errors',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
