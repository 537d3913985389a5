// A definition from outside as main knows plugins: with halves that are loaded already.

import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import type { AnyPlugin } from '../chain/plugin/plugin.ts'
import { noOptions } from '../corefile/options/option-table.ts'
import { asPlugin } from './blame.ts'
import { guardExit } from './exit-guard.ts'
import type { AnyDefinition } from './load-definition.ts'
import { serveHalfOf } from './serve-half.ts'

const NO_OPTIONS = noOptions('last')

export const pluginOf = (definition: AnyDefinition, outside: OutsideModule): AnyPlugin => {
  guardExit()
  const call = asPlugin(outside.name)
  const { options, parse, facts, inspect, control, serve, hasOptionsByArgument } = definition
  return {
    name: outside.name,
    outside,
    ...(definition.description !== undefined && { description: definition.description }),
    ...(parse === undefined || options !== undefined
      ? { options: options ?? NO_OPTIONS }
      : { parse: directive => definition.parse!(directive) }),
    ...(hasOptionsByArgument && { hasOptionsByArgument }),
    ...(facts !== undefined && { facts }),
    ...(inspect && {
      inspect: async () => ({ inspect: (...by) => call(() => definition.inspect!(...by)) }),
    }),
    ...(control && {
      control: async () => ({ control: (...by) => call(() => definition.control!(...by)) }),
    }),
    ...(serve && { serve: async () => serveHalfOf(outside.name, definition) }),
  }
}
