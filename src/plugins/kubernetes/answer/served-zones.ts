// Hot path. The zones of a kubernetes directive: which of them a name is in, and what each path has
// to know of it.

import type { Asked, Concerned } from '../../../chain/asked.ts'
import { isReverseZone } from '../../../corefile/zones.ts'
import { foldName, isSubname, type NameView, nameFromText, nameToText } from '../../../wire/name.ts'
import { ZoneIndex } from '../../../wire/zone-index.ts'
import type { KubernetesOptions } from '../options.ts'

export interface ServedZone {
  /** Bytes of its wire name. */
  readonly length: number
  readonly isMulticluster: boolean
  /**
   * Whether the fast path knows all that is asked of it: no multicluster zone, no reverse names.
   */
  readonly isPlain: boolean
  /** Whether names in it that do not exist may be another plugin's. */
  readonly mayFall: boolean
}

export class ServedZones implements Concerned {
  readonly #index: ZoneIndex
  readonly #zones: readonly ServedZone[]
  /**
   * Where the name is that `concerns` was last asked for: for a fast step, which follows at once.
   */
  asked: ServedZone | undefined

  /** Throws for a zone that is no name. */
  constructor({ zones, multiclusterZones, fallthrough = [] }: KubernetesOptions) {
    // What is no name means nothing there.
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

/** In lower case, whatever its spelling. */
export const wireOf = (zone: string): Uint8Array => {
  const wire = nameFromText(zone)
  if (wire === undefined) throw new Error(`zone is not a valid domain name: ${zone}`)
  return foldName(wire)
}

/** No reverse name lies in the zone. */
export const isForwardOnly = (zone: string): boolean =>
  zone !== '.' &&
  zone !== 'arpa.' &&
  zone !== 'in-addr.arpa.' &&
  zone !== 'ip6.arpa.' &&
  !isReverseZone(zone)
