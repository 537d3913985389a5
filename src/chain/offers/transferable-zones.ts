// Zones that can be transferred (AXFR, RFC 5936): offered by the plugins that hold them to the one
// that decides which clients may transfer them.

import type { NameView } from '../../wire/name.ts'
import type { RecordData } from '../answer/answer.ts'
import { offerKind } from './offers.ts'

/** A zone as it is at this moment. */
export interface TransferableZone {
  readonly serial: number
  /** The SOA record and its signatures: the beginning of a transfer, and its end. Borrowed. */
  soa(): readonly RecordData[]
  /**
   * All other records, in parts that are borrowed until the next turn of the event loop. Reading
   * the next part throws a ServerError if the zone has changed in between: the transfer would mix
   * records of two versions.
   */
  parts(): Iterable<readonly RecordData[]>
}

export interface TransferableZones {
  /**
   * The zone with exactly this name. Undefined: there is none. `absent`: it has not been loaded.
   */
  zone(origin: NameView): TransferableZone | 'absent' | undefined
}

/** Records of a part. */
const PART_RECORDS = 256

/** Yields copied records in parts. `check` is called before each further part is read. */
export function* inParts(
  records: Iterable<RecordData>,
  check: () => void,
): Generator<readonly RecordData[], void> {
  let part: RecordData[] = []
  for (const record of records) {
    part.push(record)
    if (part.length < PART_RECORDS) continue
    // The turn of the event loop may end after a part.
    yield part
    part = []
    check()
  }
  if (part.length > 0) yield part
}

export const TRANSFERABLE_ZONES = offerKind<TransferableZones>('transferable-zones')
