// Zones of the records memory as they are offered for transfers.

import type { RecordData } from '../chain/answer/answer.ts'
import { ServerError } from '../chain/errors.ts'
import type { TransferableZone, TransferableZones } from '../chain/offers/transferable-zones.ts'
import { type NameView, nameToText } from '../wire/name.ts'
import { TYPE_NS, TYPE_RRSIG, TYPE_SOA } from '../wire/rrtypes.ts'
import { eachOf, type RRset, recordsOf, ZoneTree } from '../zone/tree.ts'
import { NO_ZONE, NOT_LOADED, type ServedZones } from './served-zones.ts'

/** Records of a part, give or take those of one name. */
const PART_RECORDS = 256

export class OfferedZones implements TransferableZones {
  readonly #zones: ServedZones

  constructor(zones: ServedZones) {
    this.#zones = zones
  }

  zone(origin: NameView): TransferableZone | 'absent' | undefined {
    const at = this.#zones.findExact(origin)
    if (at === NO_ZONE) return undefined
    return at === NOT_LOADED ? 'absent' : new OfferedZone(this.#zones, origin, at)
  }
}

class OfferedZone implements TransferableZone {
  readonly serial: number
  readonly #zones: ServedZones
  readonly #origin: NameView
  readonly #stamp: number

  constructor(zones: ServedZones, origin: NameView, at: number) {
    const tree = new ZoneTree(zones.bytes.buffer, at)
    this.#zones = zones
    this.#origin = origin
    this.#stamp = tree.stamp
    this.serial = tree.serial
  }

  soa(): readonly RecordData[] {
    const tree = this.#tree()
    const { soaNode } = tree
    return [tree.soa, ...tree.signatures(soaNode, TYPE_SOA)].flatMap(recordsOf)
  }

  /** Those of the apex first, its NS records in front, then all names in canonical order. */
  *parts(): Generator<readonly RecordData[], void> {
    let tree = this.#tree()
    const { originNode, nodeCount } = tree
    let part = this.#apex()
    for (let node = 0; node < nodeCount; node++) {
      // A part may be the last thing that this turn of the event loop has time for.
      if (part.length >= PART_RECORDS) {
        yield part
        part = []
        tree = this.#tree()
      }
      if (node !== originNode) part.push(...recordsOfAll(tree.rrsets(node)))
    }
    yield part
  }

  #apex(): RecordData[] {
    const tree = this.#tree()
    const { originNode, ns } = tree
    const covered = [TYPE_SOA, TYPE_NS].flatMap(type => tree.signatures(originNode, type))
    const isCovered = (set: RRset): boolean => covered.some(({ start }) => start === set.start)
    const sets = tree.rrsets(originNode)
    const signatures = sets
      .filter(({ type }) => type === TYPE_RRSIG)
      .flatMap(eachOf)
      .filter(set => !isCovered(set))
    const others = sets.filter(({ type }) => ![TYPE_SOA, TYPE_NS, TYPE_RRSIG].includes(type))
    const own = ns === undefined ? [] : [ns, ...tree.signatures(originNode, TYPE_NS)]
    return recordsOfAll([...own, ...others, ...signatures])
  }

  /** The very tree that it began with. */
  #tree(): ZoneTree {
    const at = this.#zones.findExact(this.#origin)
    const tree = at > NOT_LOADED ? new ZoneTree(this.#zones.bytes.buffer, at) : undefined
    if (tree?.stamp === this.#stamp) return tree
    const name = nameToText(this.#origin.bytes.subarray(0, this.#origin.length))
    throw new ServerError('ZONE_CHANGED', `zone ${name} has changed while it was transferred`)
  }
}

const recordsOfAll = (sets: readonly RRset[]): RecordData[] => sets.flatMap(recordsOf)
