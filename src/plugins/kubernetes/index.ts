// Names of a Kubernetes cluster. See README.md for what this version does with the directive.

import type { Plugin } from '../../core/plugin.ts'
import { control } from './control.ts'
import { type KubernetesOptions, parse } from './options.ts'

export const kubernetes: Plugin<KubernetesOptions> = { name: 'kubernetes', parse, control }
