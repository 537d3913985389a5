// auto in a shard: answers from the zones that main keeps.

import { NO_ZONE, ZoneDirectory } from '../../authority/served-zones.ts'
import { zoneStage } from '../../authority/zone-stage.ts'
import { OfferedZones } from '../../authority/zone-transfers.ts'
import { TRANSFERABLE_ZONES } from '../../chain/offers/transferable-zones.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import type { RecordsRef } from '../../records/layout.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { AutoOptions } from './options.ts'

export const serve = (options: AutoOptions, scope: ServeScope, records: RecordsRef): Stage => {
  const zones = new ZoneDirectory(scope.records(records), ZoneIndex.fromText(options.zones))
  scope.offer(TRANSFERABLE_ZONES, new OfferedZones(zones))
  const isLast = scope.block.chain.at(-1) === 'auto'
  return {
    // A name in no zone is refused if there is no next plugin.
    concerns: isLast ? undefined : ({ name }) => zones.find(name) !== NO_ZONE,
    ...zoneStage({
      zones,
      fall: ZoneIndex.fromText([]),
      isLast,
      dropsNotify: false,
      clearsReferrals: true,
      resolve: scope.resolve,
      log: scope.log,
    }),
  }
}
