// How modules from outside are found and read, in each thread that loads them. `shardns` is the
// program that runs, whatever is installed beside the plugin, so that there is one of each class.
// Files of a plugin carry its version in their URLs, and are read from what main has read.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isProgramFile, programFile } from '../base/program.ts'
import type { ModuleFile, OutsideModule } from '../chain/plugin/outside-module.ts'
import { asPlugin } from './blame.ts'
import { canHook, type Resolved, registerHooks } from './sync-hooks.ts'

/** What a plugin may import of the program. */
const ENTRIES: ReadonlyMap<string, string> = new Map([
  ['shardns', 'src/index'],
  ['shardns/options', 'src/options'],
  ['shardns/wire', 'src/wire'],
])

const IS_BEFORE_24 = Number.parseInt(process.versions.node, 10) < 24
const FIRST_NODE = '22.15'
const PARAMETER = 'shardns'
const VERSION = new RegExp(`([?&])${PARAMETER}=([^&#]*)&?`)

/** What the hooks go by, in this thread. */
const modules = new Map<string, OutsideModule>()
/** Versions that this thread has begun to load. */
const begun = new Set<string>()
let isHooked = false

/** Throws a sentence where Node has no such hooks. */
export const hookModules = (): void => {
  if (isHooked) return
  if (!canHook())
    throw new Error(
      `plugins from outside need Node ${FIRST_NODE} or later, and this is ${process.version}`,
    )
  isHooked = true
  registerHooks({
    resolve: (specifier, context, next) =>
      resolved(specifier, context.parentURL ?? '', () => next(specifier, context)),
    load: (url, context, next) => {
      const module = moduleOf(url)
      const file = module?.files.get(withoutVersion(url))
      if (module === undefined || file === undefined || isLeft(url, file)) return next(url, context)
      const source = isRequired(file) ? named(file.source, url, module) : file.source
      return { format: file.format, source, shortCircuit: true }
    },
  })
}

/** The module that the file belongs to, if it is being loaded. */
const moduleOf = (url: string): OutsideModule | undefined => {
  const version = versionIn(url)
  if (version !== undefined) return modules.get(version)
  // `require` knows files by their paths alone.
  for (const module of modules.values()) if (isRequired(module.files.get(url))) return module
  return undefined
}

/**
 * Before Node 24, CommonJS that is imported with a source of ours has a `require` that asks no
 * hooks: it is read from the disk.
 */
const isLeft = (url: string, file: ModuleFile): boolean =>
  IS_BEFORE_24 && isRequired(file) && versionIn(url) !== undefined

/** Stacks show files that are required by their paths: they say whose they are, too. */
const named = (source: ModuleFile['source'], url: string, { version }: OutsideModule): string =>
  `${source}\n//# sourceURL=${withVersion(withoutVersion(url), version)}`

const isRequired = (file: ModuleFile | undefined): boolean =>
  file?.format.startsWith('commonjs') === true

/** Where `shardns/…` leads; undefined for other specifiers. Throws a sentence. */
const entryUrl = (specifier: string): string | undefined => {
  if (specifier !== 'shardns' && !specifier.startsWith('shardns/')) return undefined
  const file = ENTRIES.get(specifier)
  if (file !== undefined) return programFile(file).href
  const names = [...ENTRIES.keys()].map(name => `'${name}'`).join(', ')
  throw new Error(`there is no '${specifier}' to import: there are ${names}`)
}

const resolved = (specifier: string, parent: string, next: () => Resolved): Resolved => {
  const entry = entryUrl(specifier)
  if (entry !== undefined) return { url: entry, shortCircuit: true }
  // The module itself.
  const whole = moduleOf(specifier)?.files.get(withoutVersion(specifier))
  if (whole !== undefined) return { url: specifier, format: whole.format, shortCircuit: true }
  const from = withoutVersion(parent)
  const version = versionIn(parent)
  const link = moduleOf(parent)?.links.get(importSpot(from, specifier))
  if (link !== undefined)
    return { url: versioned(link.url, version), format: link.format, shortCircuit: true }
  const found = next()
  return version !== undefined && isOwnFile(found.url, from)
    ? { ...found, url: withVersion(found.url, version) }
    : found
}

const versioned = (url: string, version: string | undefined): string =>
  version === undefined ? url : withVersion(url, version)

/** Key of what is imported where. */
export const importSpot = (parent: string, specifier: string): string => `${parent}\n${specifier}`

export const withVersion = (url: string, version: string): string => {
  const [address = '', fragment] = url.split('#', 2)
  const versioned = `${address}${address.includes('?') ? '&' : '?'}${PARAMETER}=${version}`
  return fragment === undefined ? versioned : `${versioned}#${fragment}`
}

export const withoutVersion = (url: string): string =>
  url.replace(VERSION, '$1').replace(/[?&](?=#|$)/, '')

/** Whether a URL, or some file of a stack, belongs to a plugin from outside. */
export const hasVersion = (text: string): boolean => VERSION.test(text)

const versionIn = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : VERSION.exec(url)?.[2]

/**
 * Whether a file belongs to the plugin that has loaded `other`: none of the program's, and neither
 * of them in another package.
 */
export const isOwnFile = (url: string, other: string): boolean =>
  url.startsWith('file:') && !isProgramFile(url) && packageOf(url) === packageOf(other)

/** The folder of the installed package that holds the file; '' for none. */
const packageOf = (url: string): string =>
  /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(url)?.[0] ?? ''

/** `import` of the module, in this thread. */
export const importModule = async (module: OutsideModule): Promise<Record<string, unknown>> => {
  const { url, version } = module
  if (!begun.has(version)) forgetRequired(module)
  begun.add(version)
  modules.set(version, module)
  try {
    return await asPlugin(module.name)(() => import(url))
  } finally {
    // What it imports later comes from the disk.
    modules.delete(version)
  }
}

/** `require` keeps its modules by path, whatever their version. */
const forgetRequired = ({ files }: OutsideModule): void => {
  const { cache } = createRequire(import.meta.url)
  for (const [url, file] of files) if (isRequired(file)) delete cache[fileURLToPath(url)]
}
