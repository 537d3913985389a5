// The debug plugin: turns debug lines on. It is not part of the chain.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { noOptions } from '../../corefile/options/option-table.ts'

export const debug: Plugin<undefined> = {
  name: 'debug',
  options: noOptions('last'),
  control: async () => ({
    control(_options, scope) {
      scope.settings.debug = true
      return undefined
    },
  }),
}
