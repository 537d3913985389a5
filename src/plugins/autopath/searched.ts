// Hot path. The search path of a query's client: a path from a file is the same for every client,
// one from a plugin depends on the client.

import type { SearchPaths } from '../../chain/offers/search-paths.ts'
import type { Asked, Concerned } from '../../chain/query/asked.ts'
import type { Query } from '../../chain/query/query.ts'
import { foldName, nameFromText } from '../../wire/name.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { AutopathOptions } from './options.ts'

type Paths = Pick<SearchPaths, 'concerns' | 'of'>

export class Searched implements Concerned {
  readonly #zones: ZoneIndex
  readonly #plugin: string
  readonly #offered: () => readonly SearchPaths[]
  #paths: Paths | undefined

  /** `domains` are those of the file. `offered` is complete once queries come. */
  constructor(
    { zones, source }: AutopathOptions,
    domains: readonly string[],
    offered: () => readonly SearchPaths[],
  ) {
    this.#zones = ZoneIndex.fromText(zones)
    this.#plugin = 'plugin' in source ? source.plugin : ''
    this.#paths = 'file' in source ? pathOf(domains) : undefined
    this.#offered = offered
  }

  concerns(asked: Asked): boolean {
    if (!this.#zones.holds(asked.name)) return false
    this.#paths ??= this.#find()
    return this.#paths.concerns(asked)
  }

  /** Domains of the query's client, as SearchPaths.of. */
  path(query: Query): readonly Uint8Array[] {
    this.#paths ??= this.#find()
    return this.#paths.of(query)
  }

  #find(): Paths {
    return this.#offered().find(({ plugin }) => plugin === this.#plugin) ?? NO_PATHS
  }
}

const NO_PATHS: Paths = { concerns: () => false, of: () => [] }

const pathOf = (domains: readonly string[]): Paths => {
  const wires = domains.flatMap(domain => {
    const wire = nameFromText(domain)
    return wire === undefined ? [] : [foldName(wire)]
  })
  return wires.length === 0 ? NO_PATHS : new FixedPath(wires)
}

class FixedPath implements Paths {
  readonly #path: readonly Uint8Array[]
  readonly #first: ZoneIndex

  constructor(domains: readonly Uint8Array[]) {
    this.#path = [...domains, Uint8Array.of(0)]
    this.#first = new ZoneIndex(domains.slice(0, 1))
  }

  concerns({ name }: Asked): boolean {
    return this.#first.holds(name)
  }

  of(): readonly Uint8Array[] {
    return this.#path
  }
}
