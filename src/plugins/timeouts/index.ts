// timeouts: deadlines of TCP and DoT connections. Sets BlockSettings.timeouts; the listeners apply
// them.

import type { Timeouts } from '../../chain/block.ts'
import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options } from './options.ts'

export const timeouts: Plugin<Timeouts> = {
  name: 'timeouts',
  options,
  control: async () => ({
    control(given, scope) {
      Object.assign(scope.settings.timeouts, given)
      return undefined
    },
  }),
}
