// example: answers A queries of its zones with one address. docs/built-in-plugins.md shows these
// files, as they would stand in src/plugins/example.

import type { Plugin } from '../../../src/chain/plugin/plugin.ts'
import type { ExampleShared } from './control.ts'
import { type ExampleOptions, options } from './options.ts'

export const example: Plugin<ExampleOptions, ExampleShared> = {
  name: 'example',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
