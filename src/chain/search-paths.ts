// Where a client would look for a name, domain after domain (resolv.conf(5), `search`), as a plugin
// knows it of its clients: *autopath* asks for it.

import type { Asked } from './asked.ts'
import { lacksMethods, offerKind } from './offers.ts'
import type { Query } from './query.ts'

export interface SearchPaths {
  /** Whose they are: what a Corefile calls `@NAME`. */
  readonly plugin: string
  /**
   * Whether the name lies in the first domain of its client's path. Pure, no allocation: it is
   * asked for every query.
   */
  concerns(asked: Asked): boolean
  /**
   * The client's domains in wire form and lower case, in order, the last of them the root's. Empty:
   * it has none.
   */
  of(query: Query): readonly Uint8Array[]
}

/** Offered in shards by whoever knows its clients. */
export const SEARCH_PATHS = offerKind<SearchPaths>('search-paths', lacksMethods('concerns', 'of'))
