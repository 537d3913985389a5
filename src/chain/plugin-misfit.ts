// What of a plugin is not as the server needs it, whether the program brings it along or not: types
// say so to whoever writes TypeScript, and this to everybody else.

import { given } from '../base/given.ts'
import type { PluginDefinition } from './definition.ts'
import type { AnyPlugin } from './plugin.ts'

/** What may be left out, and must be a function if it is not. */
const FUNCTIONS = ['parse', 'inspect', 'control', 'serve'] as const
const FACT_FUNCTIONS = ['changing', 'listensOn', 'suspicions'] as const

type Parts = Pick<AnyPlugin, 'options' | 'facts'> & {
  readonly [Key in (typeof FUNCTIONS)[number]]?: unknown
}

export const partsMisfit = (parts: Parts): string | undefined => {
  const { options, facts } = parts
  if (options !== undefined && typeof options?.parse !== 'function')
    return `'options' is no table of options`
  if (facts === null || (facts !== undefined && typeof facts !== 'object'))
    return `'facts' is no object`
  const wrong =
    FUNCTIONS.find(name => !isFunctionOrAbsent(parts[name])) ??
    FACT_FUNCTIONS.find(name => !isFunctionOrAbsent(facts?.[name]))
  return wrong && `'${wrong}' is no function`
}

/** Of what a module from outside has for a plugin. */
export const definitionMisfit = (definition: unknown): string | undefined => {
  if (definition === undefined) return 'it has no default export: that is the plugin'
  if (typeof definition !== 'object' || definition === null)
    return `its default export is ${given(definition)}, and no plugin`
  const parts = definition as PluginDefinition<unknown, unknown>
  if (parts.serve === undefined && parts.control === undefined)
    return `its default export is no plugin: it has neither 'serve' nor 'control'`
  if (parts.description !== undefined && typeof parts.description !== 'string')
    return `'description' is no text`
  return partsMisfit(parts)
}

const isFunctionOrAbsent = (value: unknown): boolean =>
  value === undefined || typeof value === 'function'
