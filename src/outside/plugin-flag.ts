// `--plugin NAME=MODULE[,before=NAME]`, and what MODULE is the name of.

import { existsSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../chain/errors.ts'
import type { GivenPlugin } from './given-plugin.ts'
import { hookModules } from './hooks.ts'
import { registerHooks } from './sync-hooks.ts'

export const PLUGIN_FLAG_SYNTAX = 'name=module[,before=name]'

/**
 * Throws a sentence. `folder` gives where relative paths and packages are looked for from, or
 * throws.
 */
export const readPluginFlag = (text: string, folder: () => string): GivenPlugin => {
  const [, name = '', rest = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  const { module, options } = splitOptions(rest)
  if (name === '' || module === '')
    throw new Error(`'${text}' is no plugin: it has the form ${PLUGIN_FLAG_SYNTAX}`)
  try {
    const before = beforeIn(options)
    const url = moduleUrl(module, folder)
    return before === undefined ? { name, module: url } : { name, module: url, before }
  } catch (error) {
    throw new Error(`plugin/${name}: ${messageOf(error)}`, { cause: error })
  }
}

const BEFORE = /^before(?:=|$)/
/** Names of directives have no dot or slash. Most paths have one behind their last comma. */
const OPTION = /^\w*=[^=/.]*$/

/**
 * A module's path may have commas and equals signs. So the options begin where all that follows
 * looks like some, and at `before` in any case.
 */
const splitOptions = (text: string): { readonly module: string; readonly options: string[] } => {
  const [first = '', ...parts] = text.split(',')
  const known = parts.findIndex(part => BEFORE.test(part))
  let begin = known < 0 ? parts.length : known
  while (begin > 0 && OPTION.test(parts[begin - 1]!)) begin--
  return { module: [first, ...parts.slice(0, begin)].join(','), options: parts.slice(begin) }
}

/** The directive that `before` names, if it is there. Throws a sentence. */
const beforeIn = (options: readonly string[]): string | undefined => {
  const wrong = options.find(option => !BEFORE.test(option))
  if (wrong !== undefined)
    throw new Error(`'${wrong.split('=')[0]}' is no option of a plugin: there is 'before'`)
  if (options.length > 1) throw new Error(`'before' is given twice`)
  const before = options[0]?.slice('before='.length)
  if (before === '') throw new Error(`'before' names no directive`)
  return before
}

/**
 * `file:` URL of a module: a path, a URL, or the name of a package that is installed where `folder`
 * finds it. Whether a path leads anywhere is found when it is loaded. Throws a sentence.
 */
export const moduleUrl = (module: string, folder: () => string): string => {
  if (module.startsWith('file:')) return fileUrl(module)
  if (isAbsolute(module)) return pathToFileURL(resolve(module)).href
  return module.startsWith('.')
    ? pathToFileURL(resolve(folder(), module)).href
    : packageUrl(module, folder)
}

const fileUrl = (text: string): string => {
  const url = URL.parse(text)
  if (url === null || url.host !== '') throw new Error(`'${text}' is no URL of a file here`)
  return url.href
}

const packageUrl = (name: string, folder: () => string): string => {
  // Shells leave it as it is behind an equals sign.
  if (name.startsWith('~')) throw new Error(`'${name}': the '~' stands for nothing here`)
  const url = resolvedPackage(name, folder())
  if (url.startsWith('file:')) return url
  const what = url.startsWith('node:') ? `a module of Node's own` : 'no module of this machine'
  throw new Error(`'${name}' is ${what}, and no plugin`)
}

const resolvedPackage = (name: string, folder: string): string => {
  hookModules()
  const parentURL = pathToFileURL(resolve(folder, 'package.json')).href
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, specifier === name ? { ...context, parentURL } : context),
  })
  try {
    return import.meta.resolve(name)
  } catch (error) {
    if (existsSync(resolve(folder, name)))
      throw new Error(`'${name}' is no package that is installed: is the file './${name}' meant?`)
    const { code } = Object(error) as { code?: unknown }
    throw code === 'ERR_MODULE_NOT_FOUND'
      ? new Error(`the package '${name}' is not installed in ${folder}`)
      : error
  } finally {
    hooks.deregister()
  }
}
