// file on the main thread: loads the zones that the options name, or keeps them over a reload, and
// checks their files for changes.

import { KeptZone } from '../../authority/kept-zone.ts'
import { lookEvery } from '../../authority/watching.ts'
import { checkZoneFile } from '../../authority/zone-check.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { underRoot } from '../../corefile/options/values.ts'
import { formatDuration } from '../../corefile/words/duration.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import type { RecordsRef } from '../../records/layout.ts'
import type { FileOptions, FileZone } from './options.ts'

/** The maps of the zones, in their order. */
export interface FileShared {
  readonly maps: readonly RecordsRef[]
}

export const control = async ({ zones }: FileOptions, scope: ControlScope): Promise<FileShared> => {
  const maps: RecordsRef[] = []
  const watched = new Map<number, (() => Promise<void>)[]>()
  const missing = new Set<string>()
  for (const zone of zones) {
    const kept = keptZone(zone, scope)
    await load(kept, zone, scope, missing)
    maps.push(kept.map.ref)
    const looks = watched.get(zone.reloadMs) ?? []
    watched.set(zone.reloadMs, [...looks, () => look(kept, zone, scope)])
  }
  for (const [reloadMs, looks] of watched)
    lookEvery(scope, reloadMs, async () => {
      for (const next of looks) await next()
    })
  return { maps }
}

const keptZone = ({ path, origin }: FileZone, scope: ControlScope): KeptZone => {
  const whole = underRoot(path, scope.settings.root)
  // By block, since cached answers of the block may be older than the zone.
  const identity = JSON.stringify({ whole, origin, blockZones: scope.block.zones })
  const kept = scope.keep(identity, resources => new KeptZone(whole, origin, resources, scope))
  kept.source.markChanges(scope)
  return kept
}

/** Faults at the start are logged, and are errors unless the file may appear later. */
const load = async (
  { source }: KeptZone,
  { reloadMs }: FileZone,
  scope: ControlScope,
  missing: Set<string>,
): Promise<void> => {
  const outcome = await source.refresh('start')
  if (outcome.kind === 'failed') throw new Error(outcome.message)
  if (outcome.kind !== 'missing' || missing.has(source.path)) return
  missing.add(source.path)
  absent(outcome.message, reloadMs, scope)
}

/** Fatal if the file is not checked again. CoreDNS puts the plugin's name before the text twice. */
const absent = (message: string, reloadMs: number, { log }: Pick<InspectScope, 'log'>): void => {
  if (reloadMs === 0) throw new Error(`plugin/file: ${message}`)
  log.warning(`Failed to open ${goQuote(message)}: trying again in ${formatDuration(reloadMs)}`)
}

const look = async (
  { source }: KeptZone,
  { isByMtime }: FileZone,
  { log }: ControlScope,
): Promise<void> => {
  await source.look(isByMtime ? 'changed' : 'serial', log)
}

/** Finds the faults that `control` refuses, and also a missing file, which `control` accepts. */
export const inspect = async ({ zones }: FileOptions, scope: InspectScope): Promise<void> => {
  const missing = new Set<string>()
  for (const { path, origin, reloadMs } of zones) {
    const whole = underRoot(path, scope.settings.root)
    const problem = await checkZoneFile(whole, origin, scope)
    if (problem === undefined || missing.has(whole)) continue
    missing.add(whole)
    await scope.attempt(() => absent(problem, reloadMs, scope))
  }
}
