// The shard half of metadata. Nothing is asked of any plugin before somebody wants to know: so
// answers leave on the fast path as ever, where nobody does.

import { TRANSPARENT } from '../../chain/fast-step.ts'
import type { Stage } from '../../chain/handler.ts'
import { COLLECTOR, METADATA, Metadata, type MetadataCollector } from '../../chain/metadata.ts'
import type { ServeScope } from '../../chain/serve-scope.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { MetadataOptions } from './options.ts'

export const serve = (
  { zones }: MetadataOptions,
  scope: Pick<ServeScope, 'offer' | 'offered'>,
): Stage => {
  const index = ZoneIndex.fromText(zones)
  const providers = scope.offered(METADATA)
  // For other names only what turns out on the way is kept, as in CoreDNS.
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
