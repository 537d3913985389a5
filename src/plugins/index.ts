// The built-in plugins: the directives that have a folder here. No file of a plugin is loaded
// before a Corefile uses it, and each half is loaded only in the threads that run it.

import { readdirSync } from 'node:fs'
import { programFile, programFolder } from '../base/program.ts'
import { messageOf } from '../chain/errors.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import type { AnyPlugin, AnyServeHalf } from '../chain/plugin/plugin.ts'
import { DIRECTIVES } from '../corefile/order.ts'

const FOLDERS: ReadonlySet<string> = new Set(
  readdirSync(programFolder('src/plugins'), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name),
)

const fileOf = (name: string, part: string): string =>
  programFile(`src/plugins/${name}/${part}`).href

/** In the order of the chain. */
export const PLUGIN_NAMES: readonly string[] = DIRECTIVES.filter(name => FOLDERS.has(name))

/** Called for a plugin whose files take long to load. */
export type TellSlow = (plugin: string) => void

/** A plugin's declaration (index.ts), for main. Throws an error whose text is a sentence. */
export const loadPlugin = async (name: string, tellSlow?: TellSlow): Promise<AnyPlugin> => {
  const file = `src/plugins/${name}/index.ts`
  const { [name]: plugin } = await exportsOf<Record<string, AnyPlugin>>(
    file,
    `/${name}/index`,
    () => import(fileOf(name, 'index')),
    tellSlow && (() => tellSlow(name)),
  )
  const misfit = misfitIn(name, plugin)
  if (misfit !== undefined) throw new TypeError(`${file}${misfit}`)
  return plugin as AnyPlugin
}

/**
 * The serve half, for shards. `module` is the module of a plugin that has no folder here, or the
 * URL of its half. Throws an error whose text is a sentence.
 */
export const loadServeHalf = async (
  name: string,
  module?: OutsideModule | string,
): Promise<AnyServeHalf> => {
  if (typeof module === 'string') return import(module)
  if (module !== undefined) return (await import('../outside/serve-half.ts')).loadServeHalf(module)
  return halfOf(name, 'serve', `/${name}/serve`, () => import(fileOf(name, 'serve')))
}

/**
 * The halves for main; undefined if the plugin has none. They throw an error whose text is a
 * sentence.
 */
export const loadControlHalf = async ({ name, control }: AnyPlugin, tellSlow?: TellSlow) =>
  control &&
  halfOf(name, 'control', `/${name}/control`, control, tellSlow && (() => tellSlow(name)))
export const loadInspectHalf = async ({ name, inspect }: AnyPlugin) =>
  inspect && halfOf(name, 'inspect', `/${name}/control`, inspect)

/** Optional fields of an index.ts, which must be functions if they are there. */
const FUNCTIONS = ['parse', 'inspect', 'control', 'serve'] as const
const FACT_FUNCTIONS = ['changing', 'listensOn', 'suspicions'] as const

/** The reason why it is not the plugin of that name, as text to follow the file's name. */
const misfitIn = (name: string, plugin: AnyPlugin | undefined): string | undefined => {
  try {
    if (plugin?.name !== name) return ` exports no plugin ${name}`
    const misfit = misfitOf(plugin)
    return misfit && `: ${misfit}`
  } catch (error) {
    return `: the plugin cannot be read: ${messageOf(error)}`
  }
}

/** The fault of a plugin's declaration. */
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

/** The half; it must export the function that the server calls. */
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
 * The exports of a plugin's file. `path` names the file in the error if it is missing, without the
 * suffix, which differs in the package.
 */
const exportsOf = async <T>(
  what: string,
  path: string,
  load: () => Promise<T>,
  tellSlow?: () => void,
): Promise<T> => {
  // Not for who asks for the names alone.
  const { inTime, LOAD_PATIENCE_MS, SLOW_MS } = await import('../base/time/patience.ts')
  const slow = tellSlow && { afterMs: SLOW_MS, tell: tellSlow }
  try {
    return await inTime(load(), { mostMs: LOAD_PATIENCE_MS, slow })
  } catch (error) {
    const { code, url = '', stack = '' } = Object(error) as Partial<Record<string, string>>
    if (code === 'ERR_MODULE_NOT_FOUND' && url.slice(0, -3).endsWith(path))
      throw new Error(`${what} is not there`, { cause: error })
    // Only the stack of a syntax error has its place.
    const place = /\bsrc\/plugins\/[^\s:]+:\d+/.exec(stack)?.[0]
    const text = place === undefined ? messageOf(error) : `${place}: ${messageOf(error)}`
    throw new Error(`${what} cannot be loaded: ${text}`, { cause: error })
  }
}

/** The error for a directive that CoreDNS has and shardns does not. */
export const unsupportedText = (name: string): string =>
  `directive '${name}' is known to CoreDNS but not supported by shardns yet`
