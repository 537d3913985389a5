// A plugin as its author defines it, for the harness, which knows plugins as the program does.

import type { PluginDefinition } from '../../src/chain/plugin/definition.ts'
import type { Plugin } from '../../src/chain/plugin/plugin.ts'
import { pluginOf } from '../../src/outside/adapt.ts'

/** Of no module: nobody loads it. */
const NOWHERE = { url: '', version: '', files: new Map(), links: new Map() }

export const definedPlugin = <Options, Shared>(
  name: string,
  definition: PluginDefinition<Options, Shared>,
): Plugin<Options, Shared> => pluginOf(definition, { name, ...NOWHERE })
