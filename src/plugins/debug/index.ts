// The debug plugin: turns debug lines on. It is not part of the chain.

import type { Plugin } from '../../chain/plugin.ts'

export const debug: Plugin<undefined> = {
  name: 'debug',
  parse(directive) {
    while (directive.next()) {
      if (directive.nextArg()) throw directive.argErr()
    }
    return undefined
  },
  control: async () => ({
    control(_options, scope) {
      scope.settings.debug = true
      return undefined
    },
  }),
}
