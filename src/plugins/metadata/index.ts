// metadata: collects the metadata that the plugins of the server block give for a query, for log
// lines, views and rules.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type MetadataOptions, options } from './options.ts'

export const metadata: Plugin<MetadataOptions> = {
  name: 'metadata',
  options,
  serve: () => import('./serve.ts'),
}
