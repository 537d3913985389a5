// acl: lets queries pass, or refuses them, by the client's address and the type asked for.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { AclShared } from './control.ts'
import { options, type Rule } from './options.ts'

export const acl: Plugin<Rule[], AclShared> = {
  name: 'acl',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
