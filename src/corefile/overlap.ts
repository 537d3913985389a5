// Whether two sites claim the same zone on the same listener, as CoreDNS's
// core/dnsserver/address.go finds it.

import { CorefileError, type CorefileErrorOptions, firstOne } from './diagnostics/diagnostic.ts'
import type { Token } from './diagnostics/span.ts'
import type { Site } from './keys.ts'

export interface BoundSite {
  readonly site: Site
  /** Addresses of the block's `bind`; undefined for the wildcard. */
  readonly bindAddresses: readonly string[] | undefined
  /** The words of the block's `bind`, for the place of an error. */
  readonly bindTokens?: readonly Token[] | undefined
  /** Blocks with a view may share a zone with each other and with one block that has none. */
  readonly hasView: boolean
}

const siteText = (site: Site): string => `${site.transport}://${site.zone}:${site.port}`
const onAddress = (text: string, address: string): string =>
  address === '' ? text : `${text} on ${address}`

/** Sites without a view seen so far. */
class Claims {
  readonly #byAddress = new Map<string, Map<string, Site>>()
  readonly #latest = new Map<string, string>()

  /** The site that has claimed the address already. */
  holder(text: string, address: string): Site | undefined {
    return this.#byAddress.get(text)?.get(address)
  }

  /** The address of the earlier claim that covers this one, or is covered by it. */
  overlapping(text: string, address: string): string | undefined {
    const addresses = this.#byAddress.get(text)
    if (addresses === undefined) return undefined
    if (address === '') return this.#latest.get(text)
    return addresses.has('') ? '' : undefined
  }

  add(text: string, address: string, site: Site): void {
    let addresses = this.#byAddress.get(text)
    if (addresses === undefined) this.#byAddress.set(text, (addresses = new Map()))
    addresses.set(address, site)
    this.#latest.set(text, address)
  }
}

/**
 * The places of a claim and of the first one. `words` name the address in the block's `bind`: a
 * block that claims an address twice has named it twice.
 */
const placesOf = (
  site: Site,
  first: Site | undefined,
  words: readonly Token[],
): Omit<CorefileErrorOptions, 'code'> => {
  const { span } = site.key
  if (first !== site) return { span, ...(first && firstOne(first.key.span, span)) }
  const [one, other] = words
  if (one === undefined || other === undefined) return { span: one?.span ?? span }
  return { span: other.span, ...firstOne(one.span, other.span) }
}

/** Throws the first of findOverlaps. */
export const checkOverlap = (sites: readonly BoundSite[]): void => {
  for (const error of findOverlaps(sites)) throw error
}

/**
 * Yields an error for each site that conflicts with an earlier one. Pass the sites in Corefile
 * order.
 */
export function* findOverlaps(sites: readonly BoundSite[]): Generator<CorefileError> {
  const claims = new Claims()
  for (const { site, bindAddresses, bindTokens = [], hasView } of sites) {
    const text = siteText(site)
    for (const address of bindAddresses ?? ['']) {
      const fail = (why: string, first: Site | undefined): CorefileError =>
        new CorefileError(`cannot serve ${onAddress(text, address)} - ${why}`, {
          code: 'overlap',
          ...placesOf(
            site,
            first,
            bindTokens.filter(token => token.text === address),
          ),
        })
      const holder = claims.holder(text, address)
      if (holder !== undefined && !hasView) {
        yield fail('it is already defined', holder)
        break
      }
      const other = holder === undefined ? claims.overlapping(text, address) : undefined
      if (other !== undefined) {
        yield fail(
          `zone overlap listener capacity with ${onAddress(text, other)}`,
          claims.holder(text, other),
        )
        break
      }
      if (!hasView) claims.add(text, address, site)
    }
  }
}
