// loadbalance: changes the order of address and mail exchanger records in answers.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { LoadbalanceShared } from './control.ts'
import { type LoadbalanceOptions, options } from './options.ts'

export const loadbalance: Plugin<LoadbalanceOptions, LoadbalanceShared> = {
  name: 'loadbalance',
  options,
  hasOptionsByArgument: true,
  inspect: () => import('./control.ts'),
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
