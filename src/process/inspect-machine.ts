// Finds faults that depend on this machine rather than on the text: files and interfaces that
// directives name. Runs the inspecting halves of the plugins, and gives their findings with the
// place in the Corefile. No network access, nothing is started or kept.

import { inTime, LOAD_PATIENCE_MS } from '../base/time/patience.ts'
import { type BlockSettings, initialSettings } from '../chain/block.ts'
import { messageOf } from '../chain/errors.ts'
import type { InspectScope } from '../chain/plugin/inspect-scope.ts'
import type { CorefileError, Diagnostic } from '../corefile/diagnostics/diagnostic.ts'
import {
  misnamedKeys,
  warningWithUnset,
  withMisnamed,
  withUnset,
} from '../corefile/diagnostics/hints.ts'
import { findOverlaps } from '../corefile/overlap.ts'
import { loadInspectHalf } from '../plugins/index.ts'
import { placedError } from './load/argument-place.ts'
import { boundSites, type Inspection, inSetupOrder, type LoadedBlock } from './load/load.ts'
import { pluginFault, thrownBy } from './load/plugin-fault.ts'
import type { LoadedDirective } from './load/read-directive.ts'
import { settingsMisfit } from './scope-checks.ts'

export interface MachineFindings {
  readonly errors: readonly CorefileError[]
  readonly warnings: readonly Diagnostic[]
}

/**
 * `loaded` may have errors: only the parsed parts are inspected. Call inspect-halves.ts first: all
 * plugins must have the halves that they name.
 */
export const inspectMachine = async (loaded: Inspection): Promise<MachineFindings> => {
  const errors: CorefileError[] = []
  const warnings: Diagnostic[] = []
  const blocks = loaded.blocks.map(block => ({ block, settings: initialSettings() }))
  for (const { holder, found } of inSetupOrder(blocks, loaded.order)) {
    const half = await loadInspectHalf(found.plugin)
    const scope = scopeOf(found, holder, errors, warnings)
    await scope.attempt(() => half?.inspect(found.options, scope))
    const misfit = settingsMisfit(holder.settings)
    if (misfit === undefined) continue
    errors.push(pluginFault(found.plugin.name, found.tokens, `its inspect half ${misfit}`))
    holder.settings = initialSettings()
  }
  if (loaded.errors.length === 0 && errors.length === 0) errors.push(...overlapsOf(blocks, loaded))
  return {
    errors: errors.map(error => withUnset(error, loaded.unset)),
    warnings: warnings.map(warning => warningWithUnset(warning, loaded.unset)),
  }
}

const scopeOf = (
  { plugin, tokens }: LoadedDirective,
  { block, settings }: { readonly block: LoadedBlock; readonly settings: BlockSettings },
  errors: CorefileError[],
  warnings: Diagnostic[],
): InspectScope => {
  const prefix = `plugin/${plugin.name}: `
  const seen = new Map<string, number>()
  const add = (error: unknown): void => {
    const text = messageOf(error)
    const nth = seen.get(text) ?? 0
    seen.set(text, nth + 1)
    errors.push(thrownBy(plugin.name, tokens, 'its inspect half fails', error, nth))
  }
  const warning = (text: string): void => {
    const { span } = placedError(new Error(text), tokens)
    warnings.push({
      severity: 'warning',
      code: 'unusable',
      message: prefix + text,
      ...(span && { span }),
    })
  }
  return {
    settings,
    block: { directives: block.directives.map(({ plugin: { name } }) => name) },
    log: { debug() {}, info() {}, warning, error: text => add(new Error(text)) },
    async attempt(task) {
      try {
        await inTime(task(), { mostMs: LOAD_PATIENCE_MS })
        return true
      } catch (error) {
        add(error)
        return false
      }
    },
  }
}

/** With the addresses of interfaces, which the text alone does not tell. */
const overlapsOf = (
  blocks: readonly { readonly block: LoadedBlock; readonly settings: BlockSettings }[],
  { parsed }: Inspection,
): CorefileError[] => {
  const bound = blocks.flatMap(({ block, settings }) => boundSites(block, settings.bindAddresses))
  const misnamed = misnamedKeys(parsed)
  return [...findOverlaps(bound)].map(error => withMisnamed(error, misnamed))
}
