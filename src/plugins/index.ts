// The plugins that the program brings along: the directives that have a folder here. Nothing of a
// plugin is loaded before a Corefile uses it, and each half in its own thread only.

import { readdirSync } from 'node:fs'
import { messageOf } from '../chain/errors.ts'
import type { OutsideModule } from '../chain/outside-module.ts'
import type { AnyPlugin, AnyServeHalf } from '../chain/plugin.ts'
import { DIRECTIVES } from '../corefile/order.ts'

const FOLDERS: ReadonlySet<string> = new Set(
  readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name),
)

/** In the order of the chain. */
export const PLUGIN_NAMES: readonly string[] = DIRECTIVES.filter(name => FOLDERS.has(name))

/** Told of a plugin whose files take long to load. */
export type TellSlow = (plugin: string) => void

/** What a plugin is, and how its options are read: for main. Throws a sentence. */
export const loadPlugin = async (name: string, tellSlow?: TellSlow): Promise<AnyPlugin> => {
  const file = `src/plugins/${name}/index.ts`
  const { [name]: plugin } = await exportsOf<Record<string, AnyPlugin>>(
    file,
    `/${name}/index`,
    () => import(`./${name}/index.ts`),
    tellSlow && (() => tellSlow(name)),
  )
  const misfit = misfitIn(name, plugin)
  if (misfit !== undefined) throw new TypeError(`${file}${misfit}`)
  return plugin as AnyPlugin
}

/**
 * The half that answers: for shards. `module` is that of a plugin that has no folder here, or the
 * URL of its half. Throws a sentence.
 */
export const loadServeHalf = async (
  name: string,
  module?: OutsideModule | string,
): Promise<AnyServeHalf> => {
  if (typeof module === 'string') return import(module)
  if (module !== undefined) return (await import('./outside/serve-half.ts')).loadServeHalf(module)
  return halfOf(name, 'serve', `/${name}/serve`, () => import(`./${name}/serve.ts`))
}

/** The halves for main; undefined if the plugin has none. Throw a sentence. */
export const loadControlHalf = async ({ name, control }: AnyPlugin, tellSlow?: TellSlow) =>
  control &&
  halfOf(name, 'control', `/${name}/control`, control, tellSlow && (() => tellSlow(name)))
export const loadInspectHalf = async ({ name, inspect }: AnyPlugin) =>
  inspect && halfOf(name, 'inspect', `/${name}/control`, inspect)

/** What an index.ts may leave out, and must be a function if it does not. */
const FUNCTIONS = ['parse', 'inspect', 'control', 'serve'] as const
const FACT_FUNCTIONS = ['changing', 'listensOn', 'suspicions'] as const

/** Why it is not the plugin of that name, to stand behind the file's. */
const misfitIn = (name: string, plugin: AnyPlugin | undefined): string | undefined => {
  try {
    if (plugin?.name !== name) return ` exports no plugin ${name}`
    const misfit = misfitOf(plugin)
    return misfit && `: ${misfit}`
  } catch (error) {
    return `: the plugin cannot be read: ${messageOf(error)}`
  }
}

/** What of a plugin is not as the server needs it. */
const misfitOf = (plugin: AnyPlugin): string | undefined => {
  const { options, parse, facts } = plugin
  if (options === undefined && parse === undefined)
    return `the plugin says nothing of its options: it needs 'options' or 'parse'`
  if (options !== undefined && typeof options?.parse !== 'function')
    return `'options' is no table of options`
  if (facts === null || (facts !== undefined && typeof facts !== 'object'))
    return `'facts' is no object`
  const wrong =
    FUNCTIONS.find(name => !isFunctionOrAbsent(plugin[name])) ??
    FACT_FUNCTIONS.find(name => !isFunctionOrAbsent(facts?.[name]))
  return wrong && `'${wrong}' is no function`
}

const isFunctionOrAbsent = (value: unknown): boolean =>
  value === undefined || typeof value === 'function'

/** The half, which must have the function it is called by. */
const halfOf = async <Half>(
  name: string,
  half: keyof Half & string,
  path: string,
  load: () => Promise<Half>,
  tellSlow?: () => void,
): Promise<Half> => {
  const file = half === 'serve' ? '/serve.ts' : ''
  const what = `its ${half} half (src/plugins/${name}${file})`
  const found = await exportsOf(what, path, load, tellSlow)
  if (typeof found?.[half] !== 'function') throw new TypeError(`${what} has no function '${half}'`)
  return found
}

/**
 * What a file of a plugin exports. `path` is how the file is known if it is the one that is not
 * there, without its suffix, which differs in the package.
 */
const exportsOf = async <T>(
  what: string,
  path: string,
  load: () => Promise<T>,
  tellSlow?: () => void,
): Promise<T> => {
  // Not for who asks for the names alone.
  const { inTime, LOAD_PATIENCE_MS, SLOW_MS } = await import('../base/patience.ts')
  const slow = tellSlow && { afterMs: SLOW_MS, tell: tellSlow }
  try {
    return await inTime(load(), { mostMs: LOAD_PATIENCE_MS, slow })
  } catch (error) {
    const { code, url = '', stack = '' } = Object(error) as Partial<Record<string, string>>
    if (code === 'ERR_MODULE_NOT_FOUND' && url.slice(0, -3).endsWith(path))
      throw new Error(`${what} is not there`, { cause: error })
    // A syntax error has its place nowhere but there.
    const place = /\bsrc\/plugins\/[^\s:]+:\d+/.exec(stack)?.[0]
    const text = place === undefined ? messageOf(error) : `${place}: ${messageOf(error)}`
    throw new Error(`${what} cannot be loaded: ${text}`, { cause: error })
  }
}

/** What a directive that CoreDNS knows and shardns does not is refused with. */
export const unsupportedText = (name: string): string =>
  `directive '${name}' is known to CoreDNS but not supported by shardns yet`
