// Hot path. The zones of a kubernetes directive: finds the zone of a name, with what both paths
// must know of it.

import type { Asked, Concerned } from '../../../chain/query/asked.ts'
import { isReverseZone } from '../../../corefile/words/zones.ts'
import { foldName, isSubname, type NameView, nameFromText, nameToText } from '../../../wire/name.ts'
import { ZoneIndex } from '../../../wire/zone-index.ts'
import type { KubernetesOptions } from '../options.ts'

export interface ServedZone {
  /** Bytes of its wire name. */
  readonly length: number
  readonly isMulticluster: boolean
  /**
   * Whether the fast path can answer all names of the zone. It cannot for multicluster and reverse
   * zones.
   */
  readonly isPlain: boolean
  /** Whether another plugin may answer names of the zone that do not exist. */
  readonly mayFall: boolean
}

export class ServedZones implements Concerned {
  readonly #index: ZoneIndex
  readonly #zones: readonly ServedZone[]
  /**
   * The zone of the name that `concerns` was last called for. The fast step, which follows at once,
   * reads it.
   */
  asked: ServedZone | undefined

  /** Throws for a zone that is no name. */
  constructor({ zones, multiclusterZones, fallthrough = [] }: KubernetesOptions) {
    // Arguments of `fallthrough` that are no names have no effect.
    const fall = fallthrough.flatMap(zone => nameFromText(zone) ?? [])
    const wires = zones.map(wireOf)
    this.#index = new ZoneIndex(wires)
    this.#zones = wires.map((wire, index) => {
      const isMulticluster = multiclusterZones.includes(zones[index]!)
      return {
        length: wire.length,
        isMulticluster,
        isPlain: isForwardOnly(nameToText(wire)) && !isMulticluster,
        mayFall: fall.some(other => isSubname(wire, other) || isSubname(other, wire)),
      }
    })
  }

  find(name: NameView): ServedZone | undefined {
    return this.#zones[this.#index.longest(name)]
  }

  concerns({ name }: Asked): boolean {
    this.asked = this.find(name)
    return this.asked !== undefined
  }
}

/** The wire name of a zone in lower case. */
export const wireOf = (zone: string): Uint8Array => {
  const wire = nameFromText(zone)
  if (wire === undefined) throw new Error(`zone is not a valid domain name: ${zone}`)
  return foldName(wire)
}

/** Whether no reverse name is in the zone. */
export const isForwardOnly = (zone: string): boolean =>
  zone !== '.' &&
  zone !== 'arpa.' &&
  zone !== 'in-addr.arpa.' &&
  zone !== 'ip6.arpa.' &&
  !isReverseZone(zone)
