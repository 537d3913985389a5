// Hot path. Chooses the block that answers a query on a listener, as CoreDNS's
// core/dnsserver/server.go does: the block with the longest zone that contains the qname, and for
// DS that of the parent zone.

import type { Asked } from '../chain/query/asked.ts'
import type { Query } from '../chain/query/query.ts'
import type { Handler } from '../chain/stage/handler.ts'
import type { NameView } from '../wire/name.ts'
import { CLASS_IN, TYPE_DS } from '../wire/rrtypes.ts'
import { ZoneIndex } from '../wire/zone-index.ts'
import type { FastChain } from './answer/fast-chain.ts'
import type { Leaving } from './answer/leaving.ts'

/**
 * A zone of a block on one listener. `handler` is undefined for a block without chain plugins:
 * REFUSED for every query.
 */
export interface Route {
  readonly handler: Handler | undefined
  /** Undefined if no query of this block can be answered on the fast path. */
  readonly fast?: FastChain | undefined
  readonly leaving?: Leaving | undefined
  readonly view: string
  /** Whether the block accepts the question; absent: it accepts all for its zones. */
  readonly accepts?: ((query: Query) => boolean) | undefined
  /** The same for both paths; undefined: only `accepts` can tell. */
  readonly takes?: ((asked: Asked) => boolean | undefined) | undefined
}

/** The choice depends on a block that accepts only some questions: call Router.choose. */
export const UNDECIDED: Route = { handler: undefined, view: '' }

/**
 * With more zones on a listener, blocks are chosen on the slow path, since all have to be tried.
 */
const MOST_CANDIDATES = 64

interface Candidate {
  readonly zone: Uint8Array
  /** An index of only this zone. */
  readonly index: ZoneIndex
  readonly route: Route
}

/** The routes of one listener. */
export class Router {
  readonly #zones: Uint8Array[] = []
  readonly #routes: Route[] = []
  /** Index of all zones, made at the first question, after all zones have been added. */
  #index: ZoneIndex | undefined
  /** Zones other than the root of blocks without chain plugins, and their routes. */
  #empty: ZoneIndex | undefined
  #emptyRoutes: Route[] = []
  /** Zones of blocks that accept only some questions. */
  readonly #choosy: Uint8Array[] = []
  #choosyIndex: ZoneIndex | undefined
  #candidates: readonly Candidate[] | undefined
  /** Whether a plugin on this listener answers classes other than IN. */
  #allClasses = false

  /** `zone` is in wire form, lower case; of equal zones the first is used. */
  add(zone: Uint8Array, route: Route, allClasses: boolean): void {
    this.#zones.push(zone)
    this.#routes.push(route)
    if (route.accepts !== undefined) this.#choosy.push(zone)
    this.#choosyIndex = undefined
    this.#index = undefined
    this.#empty = undefined
    this.#allClasses ||= allClasses
  }

  /** The route of the question; undefined: no block serves it on this listener, REFUSED. */
  route(asked: Asked): Route | undefined {
    const { name, qtype, qclass } = asked
    if (qclass !== CLASS_IN && !this.#allClasses) return undefined
    if (this.#choosy.length > 0) {
      const choosy = (this.#choosyIndex ??= new ZoneIndex(this.#choosy))
      if (choosy.holds(name)) return this.#chosen(asked)
    }
    const zones = (this.#index ??= new ZoneIndex(this.#zones))
    return qtype === TYPE_DS ? this.#routeDs(zones, name) : this.#routes[zones.longest(name)]
  }

  /**
   * DS belongs to the parent: the shortest zone other than the root is chosen. A block without
   * chain plugins on the way there ends the search.
   */
  #routeDs(zones: ZoneIndex, name: NameView): Route | undefined {
    if (this.#empty === undefined) {
      const isEmpty = (at: number): boolean =>
        this.#routes[at]!.handler === undefined && this.#zones[at]!.length > 1
      this.#emptyRoutes = this.#routes.filter((_, at) => isEmpty(at))
      this.#empty = new ZoneIndex(this.#zones.filter((_, at) => isEmpty(at)))
    }
    return this.#emptyRoutes[this.#empty.longest(name)] ?? this.#routes[zones.shortest(name)]
  }

  /** The same for blocks that accept only some questions, on the slow path. */
  choose(query: Query): Route | undefined {
    const route = this.route(query)
    return route === UNDECIDED ? this.#chosen(query, query) : route
  }

  /**
   * The first block that accepts the question, from the longest zone to the root, in the order of
   * the Corefile. DS belongs to the parent: of zones other than the root the last one that accepts
   * is chosen. Without `query` the result is UNDECIDED if a block on the way needs it.
   */
  #chosen(asked: Asked, query?: Query): Route | undefined {
    const candidates = (this.#candidates ??= this.#inOrder())
    if (query === undefined && candidates.length > MOST_CANDIDATES) return UNDECIDED
    let parent: Route | undefined
    const isDs = asked.qtype === TYPE_DS
    for (let k = 0; k < candidates.length; k++) {
      const { zone, index, route } = candidates[k]!
      if (!index.holds(asked.name)) continue
      if (isDs && zone.length === 1 && parent !== undefined) return parent
      if (route.handler === undefined) return route
      const isTaken = takes(route, asked, query)
      if (isTaken === undefined) return UNDECIDED
      if (!isTaken) continue
      if (!isDs || zone.length === 1) return route
      parent = route
    }
    return parent
  }

  /** The longest zone first; of equal ones that of the first block. */
  #inOrder(): readonly Candidate[] {
    return this.#zones
      .map((zone, at) => ({ zone, index: new ZoneIndex([zone]), route: this.#routes[at]! }))
      .sort((a, b) => b.zone.length - a.zone.length)
  }
}

const takes = (
  { accepts, takes: byAsked }: Route,
  asked: Asked,
  query: Query | undefined,
): boolean | undefined => {
  if (accepts === undefined) return true
  if (query !== undefined) return accepts(query)
  return byAsked === undefined ? undefined : byAsked(asked)
}
