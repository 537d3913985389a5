// The view of a query that both paths have: FastQuery, which reads from the packet, and Query on
// the slow path. A plugin that decides by these fields alone needs one function for both.

import type { IpAddress } from '../../base/ip.ts'
import { foldName, NameView, nameFromText } from '../../wire/name.ts'
import type { ZoneIndex } from '../../wire/zone-index.ts'
import type { BlockInfo } from '../block.ts'
import type { Transport } from './transport.ts'

/**
 * The listener that a query came in by. `label` is CoreDNS's `server` label, such as `dns://:53` or
 * `tls://:853`: the scheme tells the transport. `index` counts listeners from 0.
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
  /** UDP size in bytes that the OPT record advertises; 0 without one. */
  readonly udpSize: number
  readonly transport: Transport
  readonly listener: ListenerRef
  /** Whether the client has sent the EDNS option of this code. */
  hasOption(code: number): boolean
  /**
   * The client's address; borrowed, valid for this query only. Without bytes if it cannot be
   * parsed.
   */
  readonly address: IpAddress
}

/** An object that tells whether a question concerns it; see Stage.concerns. */
export interface Concerned {
  concerns(asked: Asked): boolean
}

/**
 * A `concerns` for a stage that handles the names in its zones. Undefined where these zones contain
 * all names of the server block: then every question concerns the stage.
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
