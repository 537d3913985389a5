// auto on the main thread: takes the folder that the options name (as it was before, after a
// reload), and looks at it from time to time.

import { stat } from 'node:fs/promises'
import { lookEvery } from '../../authority/watching.ts'
import { zoneFileText } from '../../authority/zone-check.ts'
import { codeOf, pathErrorText } from '../../base/files/errno.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { underRoot } from '../../corefile/options/values.ts'
import type { RecordsRef } from '../../records/layout.ts'
import type { AutoOptions } from './options.ts'
import { ZoneFolder } from './zone-folder.ts'
import { filesIn, originReader } from './zone-names.ts'

export const control = async (
  { source, reloadMs }: AutoOptions,
  scope: ControlScope,
): Promise<RecordsRef> => {
  const parts = { ...source, directory: await checkedDirectory(source.directory, scope) }
  // Zones of the block, because what a cache holds for it may be older than the zones.
  const identity = JSON.stringify({ parts, blockZones: scope.block.zones })
  const folder = scope.keep(identity, resources => new ZoneFolder(parts, resources, scope))
  const mark = (origin: Uint8Array): void => scope.changes.markZone(origin)
  scope.onRetire(folder.follow(mark))
  const isNews = !scope.process.isFirstLoad && !folder.wasServed
  await folder.scan('start', scope.log)
  scope.onStart(() => {
    folder.serve(mark)
    if (isNews) for (const origin of folder.origins) mark(origin)
  })
  lookEvery(scope, reloadMs, () => folder.scan('serial', scope.log))
  return folder.map.ref
}

type Place = Pick<InspectScope, 'settings' | 'log'>

/** A folder that is missing may come later. */
const checkedDirectory = async (written: string, { settings, log }: Place): Promise<string> => {
  const path = underRoot(written, settings.root)
  try {
    await stat(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      const why = pathErrorText('stat', path, error)
      throw new Error(`Unable to access root path '${path}': ${why}`, { cause: error })
    }
    log.warning(`Directory does not exist: ${path}`)
  }
  return path
}

/**
 * Finds the faults that `control` refuses, and also files that are no zones, which `control` skips.
 */
export const inspect = async ({ source }: AutoOptions, scope: InspectScope): Promise<void> => {
  const directory = await checkedDirectory(source.directory, scope)
  const originOf = originReader(source)
  // That the folder is missing has been said.
  const silent = { ...scope.log, warning() {} }
  for await (const { path, name } of filesIn(directory, silent)) {
    const origin = originOf(name)
    const text = origin === undefined ? undefined : await zoneFileText(path, origin)
    if (text !== undefined) scope.log.warning(`Parse zone \`${origin}': ${text}`)
  }
}
