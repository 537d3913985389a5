// Hot path. Which block answers a query on a listener: the longest zone above the qname, and for DS
// the parent's side, as CoreDNS's core/dnsserver/server.go does.

import type { Handler } from '../chain/handler.ts'
import type { Question } from '../wire/question.ts'
import { CLASS_IN, TYPE_DS } from '../wire/rrtypes.ts'
import { WireZones } from '../wire/zone-index.ts'
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
  #index: WireZones | undefined
  /** Zones other than the root of blocks without chain plugins, and their routes. */
  #empty: WireZones | undefined
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
  find(question: Question): Route | undefined {
    return this.route(question.folded, question.folded.length, question.type, question.class)
  }

  /** The same for a name in lower case: the first `length` bytes of `name`. */
  route(name: Uint8Array, length: number, qtype: number, qclass: number): Route | undefined {
    if (qclass !== CLASS_IN && !this.#allClasses) return undefined
    const zones = (this.#index ??= new WireZones(this.#zones))
    return qtype === TYPE_DS
      ? this.#routeDs(zones, name, length)
      : this.#routes[zones.longest(name, length)]
  }

  /**
   * DS lies in the parent: the shortest zone other than the root takes it. An empty block on the
   * way there ends the search.
   */
  #routeDs(zones: WireZones, name: Uint8Array, length: number): Route | undefined {
    if (this.#empty === undefined) {
      const isEmpty = (at: number): boolean =>
        this.#routes[at]!.handler === undefined && this.#zones[at]!.length > 1
      this.#emptyRoutes = this.#routes.filter((_, at) => isEmpty(at))
      this.#empty = new WireZones(this.#zones.filter((_, at) => isEmpty(at)))
    }
    return (
      this.#emptyRoutes[this.#empty.longest(name, length)] ??
      this.#routes[zones.shortest(name, length)]
    )
  }
}
