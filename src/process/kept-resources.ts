// What plugins keep on the main thread from one generation to the next: by identity, as long as
// some generation that is served asks for it.

import type { Kept, Resources } from '../chain/control-scope.ts'

export class KeptResources {
  readonly #resources: Resources
  readonly #things = new Map<string, Kept>()

  constructor(resources: Resources) {
    this.#resources = resources
  }

  /** Identities begin with the plugin's name, so that a thing is always what its plugin made. */
  get<T extends Kept>(identity: string, make: (resources: Resources) => T): T {
    const known = this.#things.get(identity)
    if (known !== undefined) return known as T
    const made = make(this.#resources)
    this.#things.set(identity, made)
    return made
  }

  /** Disposes of all others. */
  keepOnly(identities: Iterable<string>): void {
    const kept = new Set(identities)
    for (const [identity, thing] of this.#things) {
      if (kept.has(identity)) continue
      this.#things.delete(identity)
      thing.dispose()
    }
  }
}
