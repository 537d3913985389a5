// What a plugin from outside is made with.

import type { PluginDefinition } from '../chain/plugin/definition.ts'
import { definitionMisfit } from '../chain/plugin/definition-check.ts'

/**
 * The definition itself, for the default export of a plugin's module. Types follow from it: options
 * from its table, what the shards get from what `control` gives. Throws a TypeError that names the
 * field for what is none.
 */
export const definePlugin = <Options = undefined, Shared = undefined>(
  definition: PluginDefinition<Options, Shared>,
): PluginDefinition<Options, Shared> => {
  const misfit = definitionMisfit(definition)
  if (misfit !== undefined) throw new TypeError(`definePlugin: ${misfit}`)
  return definition
}
