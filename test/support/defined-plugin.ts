// A plugin as its author defines it, for the harness, which knows plugins as the program does.

import type { PluginDefinition } from '../../src/chain/definition.ts'
import type { Stage } from '../../src/chain/handler.ts'
import type { Plugin } from '../../src/chain/plugin.ts'
import { noOptions, type OptionTable } from '../../src/corefile/option-table.ts'

export const definedPlugin = <Options, Shared>(
  name: string,
  { options, facts, inspect, control, serve }: PluginDefinition<Options, Shared>,
): Plugin<Options, Shared> => ({
  name,
  options: options ?? (noOptions('once') as unknown as OptionTable<Options>),
  ...(facts && { facts }),
  ...(inspect && { inspect: async () => ({ inspect }) }),
  ...(control && { control: async () => ({ control }) }),
  ...(serve && { serve: async () => ({ serve: (...given) => stageOf(serve(...given)) }) }),
})

const stageOf = (stage: ReturnType<NonNullable<PluginDefinition['serve']>>): Stage | undefined =>
  stage && {
    ...stage,
    wrap: next => query => (stage.handle === undefined ? next(query) : stage.handle(query, next)),
  }
