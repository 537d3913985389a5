// The errors plugin: logs queries that the rest of the chain failed to answer.

import type { Plugin } from '../../chain/plugin.ts'
import type { ErrorsShared } from './control.ts'
import { type ErrorsOptions, parse } from './options.ts'

export const errors: Plugin<ErrorsOptions, ErrorsShared> = {
  name: 'errors',
  parse,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
