// acl: lets queries pass, or refuses them, by the client's address and the type asked for.

import type { Plugin } from '../../chain/plugin.ts'
import type { AclShared } from './control.ts'
import { parse, type Rule } from './options.ts'

export const acl: Plugin<Rule[], AclShared> = {
  name: 'acl',
  parse,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
