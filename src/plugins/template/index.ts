// template: answers with records that are made from the question.

import type { Plugin } from '../../chain/plugin.ts'
import type { TemplateShared } from './control.ts'
import { options, type Rule } from './options.ts'

export const template: Plugin<Rule[], TemplateShared> = {
  name: 'template',
  options,
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
