// file: answers from zone files (RFC 1035 section 5). Main keeps the zones in shared memory; shards
// answer from there.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { FileShared } from './control.ts'
import { type FileOptions, options } from './options.ts'

export const file: Plugin<FileOptions, FileShared> = {
  name: 'file',
  options,
  facts: {
    changing: ({ zones }) =>
      zones.map(({ origin }) => ({ zone: origin, labels: 0, isWhole: true })),
  },
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
