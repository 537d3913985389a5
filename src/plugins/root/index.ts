// root: the folder that relative paths of the server block's other directives start from. Sets
// BlockSettings.root, no more.

import { stat } from 'node:fs/promises'
import { codeOf, pathErrorText } from '../../base/errno.ts'
import type { ControlScope } from '../../chain/control-scope.ts'
import type { Plugin } from '../../chain/plugin.ts'
import { options, type RootOptions } from './options.ts'

export const root: Plugin<RootOptions> = {
  name: 'root',
  options,
  inspect: settle,
  control: async (options, scope) => settle(options, scope),
}

async function settle(
  { path, errorPrefix }: RootOptions,
  { settings, log }: Pick<ControlScope, 'settings' | 'log'>,
): Promise<undefined> {
  settings.root = path
  try {
    await stat(path)
  } catch (error) {
    // Not an error: the folder may appear later.
    if (codeOf(error) === 'ENOENT') log.warning(`Root path does not exist: ${path}`)
    else
      throw new Error(
        `${errorPrefix}unable to access root path '${path}': ${pathErrorText('stat', path, error)}`,
      )
  }
}
