// Which block answers a query on a listener: the longest zone above the qname, and for DS the parent's side (reference: corefile-core §1.9).

import type { Handler } from '../core/handler.ts'
import type { Question } from '../wire/question.ts'
import { CLASS_IN, TYPE_DS } from '../wire/rrtypes.ts'

/** A zone of a block on one listener. `handler` is undefined for a block without chain plugins: REFUSED for every query. */
export interface Route {
  readonly handler: Handler | undefined
  readonly view: string
}

const keyOf = (folded: Uint8Array, offset: number): string =>
  Buffer.from(folded.buffer, folded.byteOffset + offset, folded.length - offset).toString('latin1')

/** The routes of one listener. */
export class Router {
  readonly #routes = new Map<string, Route>()
  #root: Route | undefined
  /** Whether a plugin on this listener answers classes other than IN. */
  #allClasses = false

  /** `zone` is in wire form, lower case. */
  add(zone: Uint8Array, route: Route, allClasses: boolean): void {
    if (zone.length === 1) this.#root ??= route
    else if (!this.#routes.has(keyOf(zone, 0))) this.#routes.set(keyOf(zone, 0), route)
    this.#allClasses ||= allClasses
  }

  /** Undefined: no block serves the question here, REFUSED. */
  find(question: Question): Route | undefined {
    if (question.class !== CLASS_IN && !this.#allClasses) return undefined
    if (this.#routes.size === 0) return this.#root
    const { folded } = question
    let parent: Route | undefined
    for (let offset = 0; folded[offset] !== 0 && offset < folded.length; offset += (folded[offset] ?? 0) + 1) {
      const route = this.#routes.get(keyOf(folded, offset))
      if (route === undefined) continue
      if (question.type !== TYPE_DS) return route
      // DS lies in the parent: the shortest zone other than the root takes it.
      parent = route
    }
    return parent ?? this.#root
  }
}
