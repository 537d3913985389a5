// What a query asks, as both paths show it: FastQuery where it lies in the packet, Query on the
// slow path. A plugin that decides by this alone decides once, for both.

import type { IpAddress } from '../base/ip.ts'
import { foldName, NameView, nameFromText } from '../wire/name.ts'
import type { ZoneIndex } from '../wire/zone-index.ts'
import type { BlockInfo } from './block.ts'
import type { Transport } from './transport.ts'

/**
 * The listener that a query came in by. `label` is CoreDNS's `server` label, such as `dns://:53`
 * or `tls://:853`: the scheme says of which kind it is. `index` counts listeners from 0.
 */
export interface ListenerRef {
  readonly index: number
  readonly label: string
}

export interface Asked {
  /** In lower case; borrowed. */
  readonly name: NameView
  readonly qtype: number
  readonly qclass: number
  /** The second header word: QR, opcode, AA, TC, RD, RA, Z, AD, CD, rcode. */
  readonly flags: number
  readonly do: boolean
  /** UDP size that the OPT record says; 0 without one. */
  readonly udpSize: number
  readonly transport: Transport
  readonly listener: ListenerRef
  /** Whether the client has sent the EDNS option of this code. */
  hasOption(code: number): boolean
  /** The client's; borrowed. Without bytes if it cannot be read. */
  readonly address: IpAddress
}

/** What says whether it has business with a question; see Stage.concerns. */
export interface Concerned {
  concerns(asked: Asked): boolean
}

/**
 * `concerns` of a stage for the names in its zones. Undefined where these hold all names of the
 * server block: nobody needs to ask.
 */
export const inZones = (
  zones: ZoneIndex,
  block: Pick<BlockInfo, 'zones'>,
): Concerned['concerns'] | undefined =>
  block.zones.every(zone => isWithin(zone, zones)) ? undefined : asked => zones.holds(asked.name)

const isWithin = (zone: string, zones: ZoneIndex): boolean => {
  const wire = nameFromText(zone)
  return wire !== undefined && zones.holds(new NameView(foldName(wire)))
}
