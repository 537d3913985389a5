// A module from outside to what it defines, in the thread that asks. It has been on trial before
// (trial.ts), so what fails here is of this thread, or of this moment.

import { inTime, LOAD_PATIENCE_MS, type Patience } from '../base/time/patience.ts'
import { messageOf } from '../chain/errors.ts'
import type { PluginDefinition } from '../chain/plugin/definition.ts'
import { definitionMisfit } from '../chain/plugin/definition-check.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import { hookModules, importModule } from './hooks.ts'
import { moduleFault, pathOf } from './module-fault.ts'

// biome-ignore lint/suspicious/noExplicitAny: each is type-checked where it is defined
export type AnyDefinition = PluginDefinition<any, any>

/** Of this thread: when the import before has come to its end, or to that of our patience. */
let lastImport: Promise<unknown> = Promise.resolve()

/**
 * Throws a sentence. One module is imported after the other: what `require` meets in the middle of
 * another import, of the program or of a package that both use, it refuses.
 */
export const loadDefinition = (
  module: OutsideModule,
  patience: Patience = { mostMs: LOAD_PATIENCE_MS },
): Promise<AnyDefinition> => {
  const load = lastImport.then(() => loadNext(module, patience))
  lastImport = load.catch(() => {})
  return load
}

const loadNext = async (module: OutsideModule, patience: Patience): Promise<AnyDefinition> => {
  hookModules()
  let exported: Record<string, unknown>
  try {
    exported = await inTime(importModule(module), patience)
  } catch (error) {
    if (error === patience.signal?.reason) throw error
    throw new Error(moduleFault(module.url, error), { cause: error })
  }
  return checkedDefinition(module.url, exported)
}

/** What the module of that URL exports for a plugin. Throws a sentence. */
export const checkedDefinition = (
  url: string,
  exported: Record<string, unknown>,
): AnyDefinition => {
  const misfit = misfitOf(exported)
  if (misfit !== undefined) throw new TypeError(`${pathOf(url)}: ${misfit}`)
  return exported.default as AnyDefinition
}

const misfitOf = (exported: Record<string, unknown>): string | undefined => {
  try {
    if (!('default' in exported)) return 'it has no default export: that is the plugin'
    const misfit = definitionMisfit(exported.default)
    return misfit && `its default export is no plugin: ${misfit}`
  } catch (error) {
    return `the plugin cannot be read: ${messageOf(error)}`
  }
}
