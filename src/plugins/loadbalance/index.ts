// loadbalance: changes the order of address and mail exchanger records in answers.

import type { Plugin } from '../../chain/plugin.ts'
import { control, inspect, type LoadbalanceShared } from './control.ts'
import { type LoadbalanceOptions, options } from './options.ts'
import { serve } from './serve.ts'

export const loadbalance: Plugin<LoadbalanceOptions, LoadbalanceShared> = {
  name: 'loadbalance',
  options,
  hasOptionsByArgument: true,
  inspect,
  control,
  serve,
}
