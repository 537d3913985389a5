// any: answers queries for type ANY with one HINFO record, as RFC 8482 section 4.2 proposes, so
// that they serve no amplification.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { noOptions } from '../../corefile/options/option-table.ts'

export const any: Plugin<undefined> = {
  name: 'any',
  options: noOptions('first'),
  serve: () => import('./serve.ts'),
}
