// The errors plugin: logs queries that the rest of the chain failed to answer.

import type { Plugin } from '../../chain/plugin.ts'
import { controlErrors, type ErrorsShared } from './control.ts'
import { type ErrorsOptions, options } from './options.ts'
import { serveErrors } from './serve.ts'

export const errors: Plugin<ErrorsOptions, ErrorsShared> = {
  name: 'errors',
  options,
  control: controlErrors,
  serve: serveErrors,
}
