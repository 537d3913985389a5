// root: the folder that relative paths of the server block's other directives start from. Sets BlockSettings.root, no more.

import { stat } from 'node:fs/promises'
import { getSystemErrorMessage } from 'node:util'
import type { Plugin } from '../../core/plugin.ts'

export interface RootOptions {
  readonly path: string
  /** `FILE:LINE - Error during parsing: `, for what goes wrong in the control half. */
  readonly errorPrefix: string
}

export const root: Plugin<RootOptions> = {
  name: 'root',
  /** The last occurrence counts. */
  parse(directive) {
    let path = ''
    while (directive.next()) {
      if (!directive.nextArg()) throw directive.argErr()
      path = directive.val()
    }
    return { path, errorPrefix: directive.err('').message }
  },
  async control({ path, errorPrefix }, scope) {
    scope.settings.root = path
    const failure = await stat(path).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    )
    if (failure === undefined) return undefined
    // Not an error: the folder may appear later.
    if (failure.code === 'ENOENT') scope.log.warning(`Root path does not exist: ${path}`)
    else throw new Error(`${errorPrefix}unable to access root path '${path}': ${reasonOf(failure)}`)
    return undefined
  },
}

const reasonOf = (failure: NodeJS.ErrnoException): string =>
  failure.errno === undefined ? failure.message : `stat ${failure.path}: ${getSystemErrorMessage(failure.errno)}`
