// The health plugin: an HTTP endpoint that says that the process lives, a probe of it, and the lameduck wait at the end.

import type { Plugin } from '../../core/plugin.ts'
import { controlHealth } from './control.ts'
import { type HealthOptions, parseHealth } from './options.ts'

export const health: Plugin<HealthOptions> = { name: 'health', parse: parseHealth, control: controlHealth }
