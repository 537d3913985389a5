// whoami: tells the client the address and port that its query came from.

import type { Plugin } from '../../chain/plugin.ts'

export const whoami: Plugin<undefined> = {
  name: 'whoami',
  parse(directive) {
    directive.next()
    if (directive.nextArg()) throw directive.argErr()
    return undefined
  },
  serve: () => import('./serve.ts'),
}
