// Search paths of clients: the domains in which a client looks for a name, one after the other
// (resolv.conf(5), `search`). A plugin that knows its clients offers them, and *autopath* uses
// them.

import type { Asked } from '../query/asked.ts'
import type { Query } from '../query/query.ts'
import { lacksMethods, offerKind } from './offers.ts'

export interface SearchPaths {
  /** Name of the offering plugin: `@NAME` in a Corefile. */
  readonly plugin: string
  /**
   * Whether the name lies in the first domain of its client's path. Called for every query: pure,
   * no allocation.
   */
  concerns(asked: Asked): boolean
  /**
   * The client's domains in wire form and lower case, in order, the last of them the root's. Empty:
   * it has none.
   */
  of(query: Query): readonly Uint8Array[]
}

/** Offered in shards by a plugin that knows its clients. */
export const SEARCH_PATHS = offerKind<SearchPaths>('search-paths', lacksMethods('concerns', 'of'))
