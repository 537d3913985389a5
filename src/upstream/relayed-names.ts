// Which names go to upstreams.

import { isSubname, nameFromText, namesEqual } from '../wire/name.ts'

export class RelayedNames {
  readonly #from: Uint8Array
  readonly #except: readonly Uint8Array[]

  /** Zones as text. */
  constructor({ from, except }: { readonly from: string; readonly except: readonly string[] }) {
    this.#from = wireName(from)
    this.#except = except.map(wireName)
  }

  /** Whether the name is at or below FROM and not excepted; FROM itself is never excepted. */
  hold(folded: Uint8Array): boolean {
    if (!isSubname(folded, this.#from)) return false
    return namesEqual(folded, this.#from) || !this.#except.some(zone => isSubname(folded, zone))
  }
}

const wireName = (text: string): Uint8Array => {
  const wire = nameFromText(text)
  if (wire === undefined) throw new RangeError(`not a name: ${text}`)
  return wire
}
