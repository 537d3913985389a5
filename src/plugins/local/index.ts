// local: answers names that must not leave this machine, such as `localhost`.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { Vector } from '../../metrics/registrar.ts'
import { type LocalOptions, options } from './options.ts'

export const local: Plugin<LocalOptions, Vector> = {
  name: 'local',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
