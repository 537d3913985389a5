// What one plugin gives another without importing it, typed: zones that can be transferred, search
// paths, providers of metadata. Kinds are known by their names, so that a plugin from outside can
// take part. An offer reaches the plugins of its own server block.

/** `T` is what is offered under the name. */
export interface OfferKind<T> {
  /** Lower case with dashes: `zones`, `search-paths`. */
  readonly name: string
  /** Never there: it holds the type. */
  readonly offers?: T
}

export const offerKind = <T>(name: string): OfferKind<T> => ({ name })

/** In one block, of all kinds: more is a plugin that offers in a loop. */
const MOST_OFFERS = 1000

/** The offers of one block, in one thread. */
export class Offers {
  readonly #byName = new Map<string, unknown[]>()
  #count = 0

  /** Throws RangeError beyond 1000 offers, of whatever kinds. */
  offer<T>(kind: OfferKind<T>, value: T): void {
    if (++this.#count > MOST_OFFERS)
      throw new RangeError(`more than ${MOST_OFFERS} offers in one block, '${kind.name}' the last`)
    this.#values(kind.name).push(value)
  }

  /**
   * What has been offered, in the order of the chain. The list grows while the halves of the block
   * are set up: keep it, and read it when the first query comes.
   */
  offered<T>(kind: OfferKind<T>): readonly T[] {
    return this.#values(kind.name) as readonly T[]
  }

  #values(name: string): unknown[] {
    let values = this.#byName.get(name)
    if (values === undefined) this.#byName.set(name, (values = []))
    return values
  }
}
