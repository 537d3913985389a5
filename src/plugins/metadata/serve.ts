// The shard half of metadata. No plugin is called before a label is read, so queries whose metadata
// is not read stay on the fast path.

import {
  COLLECTOR,
  METADATA,
  Metadata,
  type MetadataCollector,
} from '../../chain/offers/metadata.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import { TRANSPARENT } from '../../chain/stage/fast-step.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { MetadataOptions } from './options.ts'

export const serve = (
  { zones }: MetadataOptions,
  scope: Pick<ServeScope, 'offer' | 'offered'>,
): Stage => {
  const index = ZoneIndex.fromText(zones)
  const providers = scope.offered(METADATA)
  // For other names only values that are set while the query is answered are kept, as in CoreDNS.
  const collect: MetadataCollector = query =>
    new Metadata(query, index.holds(query.name) ? providers : [])
  scope.offer(COLLECTOR, collect)
  return {
    fast: TRANSPARENT,
    wrap: next => query => {
      query.metadata = collect(query)
      return next(query)
    },
  }
}
