// The main half of root: looks whether the folder is there.

import { stat } from 'node:fs/promises'
import { codeOf, pathErrorText } from '../../base/files/errno.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { RootOptions } from './options.ts'

export const control = async (
  { path, errorPrefix }: RootOptions,
  { settings, log }: Pick<ControlScope, 'settings' | 'log'>,
): Promise<undefined> => {
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

export const inspect = control
