// Typed values that one plugin gives another without importing it: zones that can be transferred,
// search paths, providers of metadata. Kinds are identified by their names, so that plugins from
// outside can take part. An offer reaches the plugins of its own server block.

import { given } from '../../base/text/given.ts'

/** A kind of offer; `T` is the type of the values under its name. */
export interface OfferKind<T> {
  /** Lower case with dashes: `zones`, `search-paths`. */
  readonly name: string
  /** Never set: it only carries the type. */
  readonly offers?: T
}

/** The fault of a value, as text to follow `the offer 'NAME' `; undefined if there is none. */
type OfferMisfit = (value: unknown) => string | undefined

/** By the kinds' names, which identify them. */
const MISFITS = new Map<string, OfferMisfit>()

/**
 * Makes a kind. `misfit` checks values as they are offered: it returns the fault as text, or
 * undefined.
 */
export const offerKind = <T>(name: string, misfit?: OfferMisfit): OfferKind<T> => {
  if (misfit !== undefined) MISFITS.set(name, misfit)
  return { name }
}

/** The misfit of a kind whose values are functions. */
export const notFunction: OfferMisfit = value =>
  typeof value === 'function' ? undefined : `is ${given(value)}, and no function`

/** The misfit of a kind whose values are objects with these methods. */
export const lacksMethods =
  (...methods: readonly string[]): OfferMisfit =>
  value => {
    if (typeof value !== 'object' || value === null) return `is ${given(value)}, and no object`
    const missing = methods.find(
      method => typeof (value as Record<string, unknown>)[method] !== 'function',
    )
    return missing && `has no function '${missing}'`
  }

/** Offers of all kinds in one block: a plugin that makes more offers in a loop. */
const MOST_OFFERS = 1000

/** The offers of one block, in one thread. */
export class Offers {
  readonly #byName = new Map<string, unknown[]>()
  #count = 0

  /**
   * Throws RangeError beyond 1000 offers of all kinds, and TypeError for a value that does not fit.
   */
  offer<T>(kind: OfferKind<T>, value: T): void {
    checkKind(kind)
    if (++this.#count > MOST_OFFERS)
      throw new RangeError(`more than ${MOST_OFFERS} offers in one block, '${kind.name}' the last`)
    const misfit = MISFITS.get(kind.name)?.(value)
    if (misfit !== undefined) throw new TypeError(`the offer '${kind.name}' ${misfit}`)
    this.#values(kind.name).push(value)
  }

  /**
   * The values offered, in the order of the chain. The list grows while the halves of the block are
   * set up: keep the array, and read it when the first query comes.
   */
  offered<T>(kind: OfferKind<T>): readonly T[] {
    checkKind(kind)
    return this.#values(kind.name) as readonly T[]
  }

  #values(name: string): unknown[] {
    let values = this.#byName.get(name)
    if (values === undefined) this.#byName.set(name, (values = []))
    return values
  }
}

const checkKind = (kind: OfferKind<unknown>): void => {
  if (typeof kind?.name !== 'string') throw new TypeError('an offer has no kind')
}
