// file in a shard: answers from the zones that main keeps.

import { FixedZones } from '../../authority/served-zones.ts'
import { zoneStage } from '../../authority/zone-stage.ts'
import { OfferedZones } from '../../authority/zone-transfers.ts'
import { TRANSFERABLE_ZONES } from '../../chain/offers/transferable-zones.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import { inZones } from '../../chain/query/asked.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { foldName, nameFromText } from '../../wire/name.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { FileShared } from './control.ts'
import type { FileOptions } from './options.ts'

/** It holds no names. */
const NO_NAME = new Uint8Array(0)

export const serve = (options: FileOptions, scope: ServeScope, { maps }: FileShared): Stage => {
  const origins = options.zones.map(({ origin }) => foldName(nameFromText(origin) ?? NO_NAME))
  const index = new ZoneIndex(origins)
  const zones = new FixedZones(
    index,
    origins,
    maps.map(ref => scope.records(ref)),
  )
  scope.offer(TRANSFERABLE_ZONES, new OfferedZones(zones))
  const isLast = scope.block.chain.at(-1) === 'file'
  return {
    // A name in no zone is refused if there is no next plugin.
    concerns: isLast ? undefined : inZones(index, scope.block),
    ...zoneStage({
      zones,
      fall: ZoneIndex.fromText(options.fall),
      isLast,
      dropsNotify: true,
      clearsReferrals: false,
      resolve: scope.resolve,
      log: scope.log,
    }),
  }
}
