// A zone that outlives reloads of the Corefile, with a map of its own in the records memory.

import { messageOf } from '../chain/errors.ts'
import type { ControlScope, Kept, Resources } from '../chain/plugin/control-scope.ts'
import type { RecordsMap } from '../records/map.ts'
import { ZoneSource } from './zone-source.ts'

/** Throws an Error if there is no room for an empty map. */
export const newZoneMap = (resources: Resources): RecordsMap => {
  try {
    return resources.newRecords()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new Error(`${messageOf(error)}; raise --records-bytes`, { cause: error })
  }
}

export class KeptZone implements Kept {
  readonly map: RecordsMap
  readonly source: ZoneSource

  constructor(
    path: string,
    origin: string,
    resources: Resources,
    { process }: Pick<ControlScope, 'process'>,
  ) {
    this.map = newZoneMap(resources)
    const collectGarbage = (): void => process.collectGarbage()
    this.source = new ZoneSource({ path, origin, map: this.map, collectGarbage })
  }

  dispose(): void {
    this.source.dispose({ isMapDropped: true })
    this.map.drop()
  }
}
