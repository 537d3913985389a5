// template: answers with records that are made from the question.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import type { TemplateShared } from './control.ts'
import { options, type Rule } from './options.ts'

export const template: Plugin<Rule[], TemplateShared> = {
  name: 'template',
  options,
  // A reload may bring other rules.
  facts: {
    changing: rules =>
      rules.flatMap(({ zones }) => zones.map(zone => ({ zone, labels: 0, isWhole: true }))),
  },
  control: () => import('./control.ts'),
  serve: () => import('./serve.ts'),
}
