// Zones that can be given away whole (AXFR, RFC 5936): offered by plugins that have them to the one
// that says who may have them.

import type { NameView } from '../wire/name.ts'
import type { RecordData } from './answer.ts'
import { offerKind } from './offers.ts'

/** A zone as it is at this moment. */
export interface TransferableZone {
  readonly serial: number
  /** The SOA record and its signatures: the beginning of a transfer, and its end. Borrowed. */
  soa(): readonly RecordData[]
  /**
   * All other records, in parts that are borrowed until the next turn of the event loop. Throws a
   * ServerError when the next part is asked for and the zone has changed meanwhile: half of one and
   * half of the other would be neither.
   */
  parts(): Iterable<readonly RecordData[]>
}

export interface TransferableZones {
  /** The zone of this very name; undefined: there is none, `absent`: it has not been loaded. */
  zone(origin: NameView): TransferableZone | 'absent' | undefined
}

export const TRANSFERABLE_ZONES = offerKind<TransferableZones>('transferable-zones')
