// The health plugin: an HTTP endpoint that says that the process lives, a probe of it, and the
// lameduck wait at the end.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { type HealthOptions, options } from './options.ts'

export const health: Plugin<HealthOptions> = {
  name: 'health',
  options,
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
}
