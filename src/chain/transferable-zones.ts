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
   * ServerError when the next part is asked for and the zone cannot be gone on with: a zone of a
   * file that has changed meanwhile would be half of one and half of the other.
   */
  parts(): Iterable<readonly RecordData[]>
}

export interface TransferableZones {
  /** The zone of this very name; undefined: there is none, `absent`: it has not been loaded. */
  zone(origin: NameView): TransferableZone | 'absent' | undefined
}

/** Records of a part. */
const PART_RECORDS = 256

/** Records that are copies, as parts. `check` is called before what follows a part is read. */
export function* inParts(
  records: Iterable<RecordData>,
  check: () => void,
): Generator<readonly RecordData[], void> {
  let part: RecordData[] = []
  for (const record of records) {
    part.push(record)
    if (part.length < PART_RECORDS) continue
    // A part may be the last thing that this turn of the event loop has time for.
    yield part
    part = []
    check()
  }
  if (part.length > 0) yield part
}

export const TRANSFERABLE_ZONES = offerKind<TransferableZones>('transferable-zones')
