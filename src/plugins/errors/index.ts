// The errors plugin: logs queries that the rest of the chain failed to answer.

import type { Plugin } from '../../chain/plugin.ts'
import { controlErrors, type ErrorsShared } from './control.ts'
import { type ErrorsOptions, parseErrors } from './options.ts'
import { serveErrors } from './serve.ts'

export const errors: Plugin<ErrorsOptions, ErrorsShared> = {
  name: 'errors',
  parse: parseErrors,
  control: controlErrors,
  serve: serveErrors,
}
