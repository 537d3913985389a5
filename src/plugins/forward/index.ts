// The forward plugin: relays queries to upstream resolvers. How one exchange works is
// src/upstream's.

import type { Plugin } from '../../chain/plugin.ts'
import { controlForward, type ForwardShared, inspectForward } from './control.ts'
import { type ForwardOptions, options } from './options.ts'
import { serveForward } from './serve.ts'

export const forward: Plugin<readonly ForwardOptions[], ForwardShared> = {
  name: 'forward',
  options,
  inspect: inspectForward,
  control: controlForward,
  serve: serveForward,
}
