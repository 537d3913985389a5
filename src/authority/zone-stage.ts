// What file and auto contribute to the chain of a block.

import type { Stage } from '../chain/stage/handler.ts'
import { FastZones } from './fast-zones.ts'
import { ZoneServer, type ZoneServerParts } from './zone-server.ts'

export const zoneStage = (parts: ZoneServerParts): Pick<Stage, 'wrap' | 'fast'> => {
  const server = new ZoneServer(parts)
  return {
    wrap: next => query => server.respond(query, next),
    fast: new FastZones(parts.zones, parts.fall),
  }
}
