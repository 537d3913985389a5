// The main half of view: sets the block's metric label and its condition.

import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { ViewOptions } from './options.ts'

export const control = (
  { name, expressions }: ViewOptions,
  { settings }: Pick<ControlScope, 'settings'>,
): undefined => {
  settings.view = name
  settings.selector = JSON.stringify([name, ...expressions])
}
