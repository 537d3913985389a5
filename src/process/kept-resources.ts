// What plugins have on the main thread beside their halves: what they keep from one generation to
// the next, by identity, as long as some generation that is served asks for it; and, one per
// generation, the list of who is ready.

import type { Kept, ReadinessList, Resources } from '../chain/control-scope.ts'

export class KeptResources {
  readonly #resources: Resources
  readonly #kept = new Map<string, Kept>()

  constructor(resources: Resources) {
    this.#resources = resources
  }

  /** Identities begin with the plugin's name, so that a resource is always what its plugin made. */
  get<T extends Kept>(identity: string, make: (resources: Resources) => T): T {
    const known = this.#kept.get(identity)
    if (known !== undefined) return known as T
    const made = make(this.#resources)
    this.#kept.set(identity, made)
    return made
  }

  /** Disposes of all others. */
  keepOnly(identities: Iterable<string>): void {
    const asked = new Set(identities)
    for (const [identity, resource] of this.#kept) {
      if (asked.has(identity)) continue
      this.#kept.delete(identity)
      resource.dispose()
    }
  }
}

/** Who is ready: the list that `ready` asks. */
export class Readiness implements ReadinessList {
  readonly #providers: { readonly plugin: string; readonly isReady: () => boolean }[] = []

  add(plugin: string, isReady: () => boolean): void {
    this.#providers.push({ plugin, isReady })
  }

  notReady(): string[] {
    const names = this.#providers.filter(({ isReady }) => !isReady()).map(({ plugin }) => plugin)
    return [...new Set(names)].sort()
  }
}
