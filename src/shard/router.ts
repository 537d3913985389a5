// Hot path. Which block answers a query on a listener: the longest zone above the qname, and for DS
// the parent's side, as CoreDNS's core/dnsserver/server.go does.

import type { Asked } from '../chain/asked.ts'
import type { Handler } from '../chain/handler.ts'
import type { NameView } from '../wire/name.ts'
import { CLASS_IN, TYPE_DS } from '../wire/rrtypes.ts'
import { ZoneIndex } from '../wire/zone-index.ts'
import type { FastChain } from './answer/fast-chain.ts'

/**
 * A zone of a block on one listener. `handler` is undefined for a block without chain plugins:
 * REFUSED for every query.
 */
export interface Route {
  readonly handler: Handler | undefined
  /** Undefined if no query of this block can be answered on the fast path. */
  readonly fast?: FastChain | undefined
  readonly view: string
}

/** The routes of one listener. */
export class Router {
  readonly #zones: Uint8Array[] = []
  readonly #routes: Route[] = []
  /** Of both, made at the first question: zones are added before. */
  #index: ZoneIndex | undefined
  /** Zones other than the root of blocks without chain plugins, and their routes. */
  #empty: ZoneIndex | undefined
  #emptyRoutes: Route[] = []
  /** Whether a plugin on this listener answers classes other than IN. */
  #allClasses = false

  /** `zone` is in wire form, lower case; of equal zones the first counts. */
  add(zone: Uint8Array, route: Route, allClasses: boolean): void {
    this.#zones.push(zone)
    this.#routes.push(route)
    this.#index = undefined
    this.#empty = undefined
    this.#allClasses ||= allClasses
  }

  /** Undefined: no block serves the question here, REFUSED. */
  route({ name, qtype, qclass }: Pick<Asked, 'name' | 'qtype' | 'qclass'>): Route | undefined {
    if (qclass !== CLASS_IN && !this.#allClasses) return undefined
    const zones = (this.#index ??= new ZoneIndex(this.#zones))
    return qtype === TYPE_DS ? this.#routeDs(zones, name) : this.#routes[zones.longest(name)]
  }

  /**
   * DS lies in the parent: the shortest zone other than the root takes it. An empty block on the
   * way there ends the search.
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
}
