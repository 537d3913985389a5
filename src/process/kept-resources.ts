// Resources of plugins on the main thread that are kept from one generation to the next, by
// identity, as long as a generation that is served has asked for them; and the list of ready
// plugins, one per generation.

import { messageOf } from '../chain/errors.ts'
import type { Kept, ReadinessList, Resources } from '../chain/plugin/control-scope.ts'
import type { Logger } from '../log/logger.ts'
import type { RecordsMap } from '../records/map.ts'

/** A resource needs only a few. */
const MOST_MAPS = 100

export class KeptResources {
  readonly #resources: Resources
  readonly #log: Pick<Logger, 'error'>
  readonly #kept = new Map<string, Kept>()

  constructor(resources: Resources, log: Pick<Logger, 'error'>) {
    this.#resources = resources
    this.#log = log
  }

  /**
   * Identities begin with the plugin's name and a blank, so that a resource is always what its
   * plugin made.
   */
  get<T extends Kept>(identity: string, make: (resources: Resources) => T): T {
    const known = this.#kept.get(identity)
    if (known !== undefined) return known as T
    const made = this.#made(make)
    this.#kept.set(identity, made)
    return made
  }

  /** If the resource cannot be made, its maps are freed. */
  #made<T extends Kept>(make: (resources: Resources) => T): T {
    const maps: RecordsMap[] = []
    const newRecords = (): RecordsMap => {
      if (maps.length >= MOST_MAPS)
        throw new RangeError(`more than ${MOST_MAPS} maps for one thing that is kept`)
      const map = this.#resources.newRecords()
      maps.push(map)
      return map
    }
    try {
      const made: T | undefined = make({ newRecords })
      if (typeof made?.dispose !== 'function')
        throw new TypeError('what was made to be kept has no function dispose')
      return made
    } catch (error) {
      for (const map of maps) map.drop()
      throw error
    }
  }

  /** Disposes of all others. */
  keepOnly(identities: Iterable<string>): void {
    const asked = new Set(identities)
    for (const [identity, resource] of this.#kept) {
      if (asked.has(identity)) continue
      this.#kept.delete(identity)
      try {
        resource.dispose()
      } catch (error) {
        // The others must be disposed of all the same.
        const [plugin] = identity.split(' ')
        this.#log.error(`plugin/${plugin}: dispose failed: ${messageOf(error)}`)
      }
    }
  }
}

const MOST_PROVIDERS = 10_000

interface Provider {
  readonly plugin: string
  readonly isReady: () => boolean
}

const isReady = (provider: Provider): boolean => {
  try {
    return provider.isReady()
  } catch (error) {
    const text = `plugin/${provider.plugin}: isReady failed: ${messageOf(error)}`
    throw new Error(text, { cause: error })
  }
}

/** Readiness of the plugins: the list that `ready` reads. */
export class Readiness implements ReadinessList {
  readonly #providers: Provider[] = []

  add(plugin: string, isReady: () => boolean): void {
    if (typeof plugin !== 'string' || typeof isReady !== 'function')
      throw new TypeError('readiness takes a name and a function')
    if (this.#providers.length >= MOST_PROVIDERS)
      throw new RangeError(`more than ${MOST_PROVIDERS} say whether they are ready`)
    this.#providers.push({ plugin, isReady })
  }

  notReady(): string[] {
    const waiting = this.#providers.filter(provider => !isReady(provider))
    return [...new Set(waiting.map(({ plugin }) => plugin))].sort()
  }
}
