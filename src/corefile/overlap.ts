// Whether two sites claim the same zone on the same listener (reference: corefile-core §1.7).

import { CorefileError } from './diagnostic.ts'
import type { Site } from './keys.ts'

export interface BoundSite {
  readonly site: Site
  /** Addresses of the block's `bind`; undefined for the wildcard. */
  readonly bindAddresses: readonly string[] | undefined
  /** Blocks with a view may share a zone with each other and with one block that has none. */
  readonly hasView: boolean
}

const siteText = (site: Site): string => `${site.transport}://${site.zone}:${site.port}`
const onAddress = (text: string, address: string): string => (address === '' ? text : `${text} on ${address}`)

/** Sites without a view seen so far. */
class Claims {
  readonly #addresses = new Map<string, Set<string>>()
  readonly #latest = new Map<string, string>()

  isTaken(site: string, address: string): boolean {
    return this.#addresses.get(site)?.has(address) ?? false
  }

  /** The earlier claim whose address covers this one, or is covered by it. */
  overlapping(site: string, address: string): string | undefined {
    const addresses = this.#addresses.get(site)
    if (addresses === undefined) return undefined
    if (address === '') return onAddress(site, this.#latest.get(site) ?? '')
    return addresses.has('') ? site : undefined
  }

  add(site: string, address: string): void {
    let addresses = this.#addresses.get(site)
    if (addresses === undefined) this.#addresses.set(site, (addresses = new Set()))
    addresses.add(address)
    this.#latest.set(site, address)
  }
}

/** Throws CorefileError for the first site that cannot be served beside an earlier one. Sites come in Corefile order. */
export const checkOverlap = (sites: readonly BoundSite[]): void => {
  const claims = new Claims()
  for (const { site, bindAddresses, hasView } of sites) {
    const text = siteText(site)
    for (const address of bindAddresses ?? ['']) {
      const fail = (why: string): CorefileError =>
        new CorefileError(`cannot serve ${onAddress(text, address)} - ${why}`, { code: 'overlap', span: site.key.span })
      const isTaken = claims.isTaken(text, address)
      if (isTaken && !hasView) throw fail('it is already defined')
      const overlapping = isTaken ? undefined : claims.overlapping(text, address)
      if (overlapping !== undefined) throw fail(`zone overlap listener capacity with ${overlapping}`)
      if (!hasView) claims.add(text, address)
    }
  }
}
