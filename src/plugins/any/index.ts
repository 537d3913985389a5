// any: answers queries for type ANY with one HINFO record, as RFC 8482 section 4.2 proposes, so
// that they serve no amplification.

import type { Plugin } from '../../chain/plugin.ts'

export const any: Plugin<undefined> = {
  name: 'any',
  parse(directive) {
    directive.next()
    if (directive.nextArg()) throw directive.argErr()
    return undefined
  },
  serve: () => import('./serve.ts'),
}
