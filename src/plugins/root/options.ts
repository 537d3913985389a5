// `root PATH`. The last occurrence counts.

import { argumentFacts } from '../../corefile/options/option-rows.ts'
import type { OptionTable } from '../../corefile/options/option-table.ts'

export interface RootOptions {
  readonly path: string
  /** `FILE:LINE - Error during parsing: `, for what goes wrong in the control half. */
  readonly errorPrefix: string
}

export const options: OptionTable<RootOptions> = {
  facts: [
    argumentFacts('PATH', 'PATH', {
      otherwise: 'the folder that the server was started in',
      does: 'folder that relative paths of the other directives start from',
    }),
  ],
  /** Every second word of a line is passed over, as in CoreDNS. */
  parse(directive) {
    let path = ''
    while (directive.next()) {
      if (!directive.nextArg()) throw directive.argErr()
      path = directive.val()
    }
    return { path, errorPrefix: directive.err('').message }
  },
}
