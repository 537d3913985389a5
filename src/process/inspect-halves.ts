// Checks that the plugins of a configuration have the halves that the server would load, for
// `check`. The halves are loaded; only the top-level code of their files runs.

import { isFromSource } from '../base/program.ts'
import type { AnyPlugin } from '../chain/plugin/plugin.ts'
import type { CorefileError } from '../corefile/diagnostics/diagnostic.ts'
import { loadControlHalf, loadInspectHalf, loadServeHalf } from '../plugins/index.ts'
import type { Inspection } from './load/load.ts'
import { pluginFault } from './load/plugin-fault.ts'

/** The fault of each plugin, at its first place, and the configuration without these plugins. */
export const inspectHalves = async (
  loaded: Inspection,
): Promise<{ readonly errors: readonly CorefileError[]; readonly whole: Inspection }> => {
  const directives = loaded.blocks.flatMap(block => block.directives)
  const plugins = [...new Set(directives.map(({ plugin }) => plugin))]
  const faults = new Map<AnyPlugin, string>()
  for (const { plugin, fault } of await Promise.all(plugins.map(inspectOne)))
    if (fault !== undefined) faults.set(plugin, fault)
  const errors = [...faults].map(([plugin, fault]) =>
    pluginFault(plugin.name, directives.find(one => one.plugin === plugin)?.tokens ?? [], fault),
  )
  const blocks = loaded.blocks.map(block => ({
    ...block,
    directives: block.directives.filter(({ plugin }) => !faults.has(plugin)),
  }))
  return { errors, whole: { ...loaded, blocks, errors: [...loaded.errors, ...errors] } }
}

const inspectOne = async (
  plugin: AnyPlugin,
): Promise<{ readonly plugin: AnyPlugin; readonly fault: string | undefined }> => {
  try {
    await loadControlHalf(plugin)
    await loadInspectHalf(plugin)
    // That of a plugin from outside is in the module that has been loaded. In the package all
    // halves are there, since they were built together, and a shard's code takes long to load.
    const isOwn = plugin.serve !== undefined && plugin.outside === undefined
    if (isOwn && isFromSource) await loadServeHalf(plugin.name)
    return { plugin, fault: undefined }
  } catch (error) {
    return { plugin, fault: (error as Error).message }
  }
}
