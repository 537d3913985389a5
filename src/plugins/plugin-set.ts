// The plugins of one server, and the order of its chain: the built-in ones, and those from outside.
// Two servers in one process may have different sets. For main only; shards get the list of plugins
// to load.

import type { AnyPlugin } from '../chain/plugin/plugin.ts'
import { chainOrder } from '../corefile/order.ts'
import type { GivenPlugin } from '../outside/given-plugin.ts'
import type { LoadCare, OutsidePlugin } from '../outside/outside-plugin.ts'
import { loadPlugin, PLUGIN_NAMES } from './index.ts'

export interface SetCare extends Omit<LoadCare, 'tellSlow'> {
  /** Called for a plugin that takes long to load. */
  readonly tellSlow?: ((plugin: string) => void) | undefined
}

const NAME = /^[\w-]+$/
/** Words that are used like a directive in a server block, but are none. */
const RESERVED = 'import'

export class PluginSet {
  /** All directives, for the parser. */
  readonly order: readonly string[]
  /** Of the plugins, in the order of the chain. */
  readonly names: readonly string[]
  /** The plugins from outside. */
  readonly given: readonly GivenPlugin[]
  /** Those that are defined in this process, by the program that runs the server. */
  readonly #own: readonly AnyPlugin[]
  /** By name, once they have been loaded. */
  readonly #outside = new Map<string, OutsidePlugin>()

  /** Throws an error for a plugin that conflicts with the others. */
  constructor(given: readonly GivenPlugin[] = [], own: readonly AnyPlugin[] = []) {
    const placed = [...given, ...own.map(({ name }) => ({ name }))]
    refuseNames(placed.map(({ name }) => name))
    this.given = given
    this.#own = own
    this.order = chainOrder(placed)
    this.names = this.order.filter(name => this.isOutside(name) || PLUGIN_NAMES.includes(name))
  }

  isOutside(name: string): boolean {
    return this.given.some(one => one.name === name) || this.#ownOf(name) !== undefined
  }

  #ownOf(name: string): AnyPlugin | undefined {
    return this.#own.find(plugin => plugin.name === name)
  }

  /** A plugin's declaration. Throws an error whose text is a sentence. */
  async load(name: string, { tellSlow, ...care }: SetCare = {}): Promise<AnyPlugin> {
    const given = this.given.find(one => one.name === name)
    if (given === undefined) return this.#ownOf(name) ?? loadPlugin(name, tellSlow)
    const outside = await this.#outsideOf(given)
    return outside.load({ ...care, tellSlow: tellSlow && (() => tellSlow(name)) })
  }

  async #outsideOf(given: GivenPlugin): Promise<OutsidePlugin> {
    // Most servers have none.
    const { OutsidePlugin } = await import('../outside/outside-plugin.ts')
    const outside = this.#outside.get(given.name) ?? new OutsidePlugin(given)
    this.#outside.set(given.name, outside)
    return outside
  }

  /**
   * Plugins by name, loaded at the same time; an Error for one that cannot be. Names of other
   * directives are left out. Throws the signal's reason alone.
   */
  async loadAll(
    names: Iterable<string>,
    care: SetCare = {},
  ): Promise<ReadonlyMap<string, AnyPlugin | Error>> {
    const wanted = new Set(names)
    const found = this.names.filter(name => wanted.has(name))
    const loaded = found.map(async name => {
      const plugin = await this.load(name, care).catch((error: Error) => {
        care.signal?.throwIfAborted()
        return error
      })
      return [name, plugin] as const
    })
    return new Map(await Promise.all(loaded))
  }

  /** A configuration with them has failed: what is from outside is loaded anew for the next. */
  renew(): void {
    for (const outside of this.#outside.values()) outside.renew()
  }
}

const refuseNames = (names: readonly string[]): void => {
  for (const [index, name] of names.entries()) {
    const problem =
      nameProblem(name) ?? (names.indexOf(name) < index ? 'is given twice' : undefined)
    if (problem !== undefined) throw new Error(`plugin/${name}: the name ${problem}`)
  }
}

const nameProblem = (name: string): string | undefined => {
  if (!NAME.test(name)) return `may have letters, digits, '-' and '_', and nothing else`
  if (name === RESERVED) return 'has a meaning of its own in a Corefile'
  return PLUGIN_NAMES.includes(name) ? 'is that of a plugin of shardns' : undefined
}

/** The set with only the built-in plugins. */
export const BUILT_IN = new PluginSet()
