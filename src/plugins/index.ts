// Which plugins there are: the directives of CoreDNS that have a folder here. Nothing of a plugin
// is loaded before a Corefile uses it, and each half in its own thread only.

import { readdirSync } from 'node:fs'
import type { AnyPlugin, AnyServeHalf } from '../chain/plugin.ts'
import { DIRECTIVES } from '../corefile/order.ts'

const FOLDERS: ReadonlySet<string> = new Set(
  readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name),
)

/** In the order of the chain, which is CoreDNS's. */
export const PLUGIN_NAMES: readonly string[] = DIRECTIVES.filter(name => FOLDERS.has(name))

/** What a plugin is, and how its options are read: for main. */
export const loadPlugin = async (name: string): Promise<AnyPlugin> => {
  const { [name]: plugin } = (await import(`./${name}/index.ts`)) as Record<string, AnyPlugin>
  if (plugin?.name !== name) throw new Error(`plugins/${name}/index.ts exports no plugin ${name}`)
  return plugin
}

/** The half that answers: for shards. */
export const loadServeHalf = (name: string): Promise<AnyServeHalf> => import(`./${name}/serve.ts`)

/** Plugins by name, loaded at the same time. Names of other directives are left out. */
export const loadPlugins = async (
  names: Iterable<string>,
): Promise<ReadonlyMap<string, AnyPlugin>> => {
  const wanted = new Set(names)
  const plugins = await Promise.all(PLUGIN_NAMES.filter(name => wanted.has(name)).map(loadPlugin))
  return new Map(plugins.map(plugin => [plugin.name, plugin]))
}

/** What a directive that CoreDNS knows and shardns does not is refused with. */
export const unsupportedText = (name: string): string =>
  `directive '${name}' is known to CoreDNS but not supported by shardns yet`
