// The plugins that createServer is given: modules, which every thread loads, and functions, which
// this thread runs.

import { FOLDER_IS_GONE, isPathLost, workingFolder } from '../base/files/working-folder.ts'
import { given } from '../base/text/given.ts'
import { messageOf } from '../chain/errors.ts'
import type { AnyPlugin } from '../chain/plugin/plugin.ts'
import { didYouMean } from '../corefile/diagnostics/nearest.ts'
import type { GivenPlugin } from '../outside/given-plugin.ts'
import { moduleUrl } from '../outside/plugin-flag.ts'
import { PluginSet } from '../plugins/plugin-set.ts'
import { ShardnsError } from './errors.ts'
import { functionPlugin, type QueryFunction } from './function-plugin.ts'

/** A module whose default export is what `definePlugin` gave, and its place in the chain. */
export interface PluginModule {
  /** A path (`./greet.ts`), a `file:` URL, or the name of a package. */
  readonly module: string | URL
  /** The directive in front of which it stands. Absent: in front of those that answer. */
  readonly before?: string
}

/** By directive. */
export type Plugins = Readonly<Record<string, string | URL | PluginModule | QueryFunction>>

const MODULE_FIELDS: readonly string[] = ['module', 'before']

/** Throws a TypeError that names the plugin, or a ShardnsError for a folder that is gone. */
export const pluginSetOf = (plugins: unknown): PluginSet => {
  if (typeof plugins !== 'object' || plugins === null || Array.isArray(plugins))
    throw misfit('plugins', `${given(plugins)} is no object: it has a field for each directive`)
  const kind = Object.prototype.toString.call(plugins).slice('[object '.length, -1)
  if (!FIELDWISE.includes(kind))
    throw misfit('plugins', `it has a field for each directive, which ${kind} has not`)
  const modules: GivenPlugin[] = []
  const functions: AnyPlugin[] = []
  for (const [name, source] of Object.entries(plugins)) {
    if (typeof source === 'function') functions.push(functionPlugin(name, source as QueryFunction))
    else modules.push(moduleOf(name, source))
  }
  try {
    return new PluginSet(modules, functions)
  } catch (error) {
    const [whole, name = '', text = ''] = /^plugin\/([^:]*): (.*)$/s.exec(messageOf(error)) ?? []
    if (whole === undefined) throw error
    throw misfit(name === '' ? "plugins['']" : `plugins.${name}`, text)
  }
}

/** Kinds that hold their fields and nothing else, of any realm. A Map would look empty. */
const FIELDWISE: readonly string[] = ['Object', 'Module']

const misfit = (field: string, text: string): TypeError =>
  new TypeError(`createServer: ${field}: ${text}`)

const moduleOf = (name: string, source: unknown): GivenPlugin => {
  const field = `plugins.${name}`
  if (typeof source === 'string' || source instanceof URL)
    return { name, module: urlOf(field, source) }
  if (typeof source !== 'object' || source === null || Array.isArray(source))
    throw misfit(field, `${given(source)} is neither a module nor a function`)
  if ('serve' in source || 'control' in source)
    throw misfit(field, 'a definition is given by its module, which every thread loads')
  const strange = Object.keys(source).find(key => !MODULE_FIELDS.includes(key))
  if (strange !== undefined) {
    const hint = didYouMean(strange, MODULE_FIELDS)
    throw misfit(`${field}.${strange}`, `there is no such field${hint ? `: ${hint}` : ''}`)
  }
  const { module, before } = source as Partial<PluginModule>
  if (before !== undefined && (typeof before !== 'string' || before === ''))
    throw misfit(`${field}.before`, `${given(before)} is no directive`)
  const url = urlOf(`${field}.module`, module)
  return before === undefined ? { name, module: url } : { name, module: url, before }
}

const urlOf = (field: string, module: unknown): string => {
  const text = module instanceof URL ? module.href : module
  if (typeof text !== 'string' || text === '')
    throw misfit(field, `${given(module)} is no module: a path, a file: URL or a package`)
  if (!text.startsWith('file:') && isPathLost(text))
    throw new ShardnsError('FOLDER', `createServer: ${field}: ${given(text)}: ${FOLDER_IS_GONE}`)
  try {
    return moduleUrl(text, workingFolder)
  } catch (error) {
    throw misfit(field, messageOf(error))
  }
}
