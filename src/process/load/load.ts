// Loads a Corefile for the server and for `check`: blocks with parsed keys, and every directive
// parsed by its plugin. It reads the imported files and has no other side effects: control halves,
// listeners and addresses of interfaces come later.

import { resolve } from 'node:path'
import { isOfStreamShards, type Scheme } from '../../chain/listening.ts'
import type { AnyPlugin } from '../../chain/plugin/plugin.ts'
import { CorefileError, type Diagnostic } from '../../corefile/diagnostics/diagnostic.ts'
import {
  misnamedKeys,
  warningWithUnset,
  wholeTextHint,
  withMisnamed,
  withUnset,
} from '../../corefile/diagnostics/hints.ts'
import type { Span } from '../../corefile/diagnostics/span.ts'
import { inspectBlocks, type Site } from '../../corefile/keys.ts'
import { type Directive, directivesInSetupOrder } from '../../corefile/options/directive.ts'
import { type BoundSite, findOverlaps } from '../../corefile/overlap.ts'
import type { Environment } from '../../corefile/parse/env.ts'
import type { Loader } from '../../corefile/parse/loader.ts'
import { parseCorefile, surveyCorefile } from '../../corefile/parse/parser.ts'
import { configHash, type ParsedCorefile, type ServerBlock } from '../../corefile/server-block.ts'
import { splitScheme } from '../../corefile/words/zones.ts'
import { type TellSlow, unsupportedText } from '../../plugins/index.ts'
import { BUILT_IN, type PluginSet } from '../../plugins/plugin-set.ts'
import { defaultCorefile } from './corefile-source.ts'
import { fileLoader } from './file-loader.ts'
import { pluginFault } from './plugin-fault.ts'
import { type LoadedDirective, readDirective } from './read-directive.ts'

export interface LoadOptions {
  /** Folder that relative imports start from. */
  readonly baseDir: string
  /** Port of dns keys that name none. */
  readonly port?: number
  readonly env?: Environment
  readonly loader?: Loader
  /** The available plugins; by default the built-in ones. */
  readonly plugins?: PluginSet | undefined
  /** Called for a plugin that takes long to load. */
  readonly tellSlow?: TellSlow
  /** Its reason ends the load of plugins from outside. */
  readonly signal?: AbortSignal
  /** Heap limit of a shard in bytes: a plugin from outside is test-loaded with the same limit. */
  readonly heapBytes?: number
}

export interface LoadedBlock {
  /** Position among the server blocks, from 0. */
  readonly index: number
  /** Never empty. */
  readonly sites: readonly Site[]
  /** Zones of the sites, in order. */
  readonly zones: readonly string[]
  /** In chain order. */
  readonly directives: readonly LoadedDirective[]
}

export interface LoadedConfig {
  readonly blocks: readonly LoadedBlock[]
  readonly warnings: readonly Diagnostic[]
  /** SHA-512 in hexadecimal, equal to CoreDNS's for the same text: made when it is asked for. */
  readonly hash: () => string
  /** Every source text by the file name that spans carry. */
  readonly files: ReadonlyMap<string, string>
  /** True if the text has no server block, so that the built-in one is used. */
  readonly isBuiltIn: boolean
  /** The directives that there are, as they stand in the chain. */
  readonly order: readonly string[]
}

export interface Inspection {
  /** Undefined if there are errors. */
  readonly config: LoadedConfig | undefined
  /** The blocks that could be read, also if there are errors. */
  readonly blocks: readonly LoadedBlock[]
  /** In the order in which CoreDNS finds them: it would have stopped at the first. */
  readonly errors: readonly CorefileError[]
  readonly warnings: readonly Diagnostic[]
  /** Warnings of `check` alone. */
  readonly suspicions: readonly Diagnostic[]
  readonly files: ReadonlyMap<string, string>
  /** Variables that are not set, by the place of the word that refers to them. */
  readonly unset: ReadonlyMap<Span, readonly string[]>
  /** The server blocks as the parser left them: none where the built-in one is used. */
  readonly parsed: readonly ServerBlock[]
  /** The directives that there are, as they stand in the chain. */
  readonly order: readonly string[]
}

const DEFAULT_PORT = 53

type Attempt = Pick<Inspection, 'blocks' | 'errors' | 'warnings' | 'suspicions'>
/** An Error for one that cannot be loaded. */
type Plugins = ReadonlyMap<string, AnyPlugin | Error>

/** Finds as many errors as possible, not only the first. `file` is the text's name in errors. */
export const inspectCorefile = async (
  text: string,
  file: string,
  options: LoadOptions,
): Promise<Inspection> => {
  const { port = DEFAULT_PORT, plugins: set = BUILT_IN, tellSlow, signal, heapBytes } = options
  const { order } = set
  const survey = surveyCorefile(...parserArguments(text, file, options))
  const { blocks: written, files, unset } = survey.parsed
  const isBuiltIn = written.length === 0 && survey.errors.length === 0
  const parsed = isBuiltIn
    ? { ...survey.parsed, blocks: parse(defaultCorefile(port), file, options).blocks }
    : survey.parsed
  const names = parsed.blocks.flatMap(block => [...block.directives.keys()])
  const plugins = await set.loadAll(names, { tellSlow, signal, heapBytes })
  const { blocks, suspicions, ...found } = readBlocks(parsed, { port, plugins, order })
  const errors = explained([...survey.errors, ...found.errors], text, parsed)
  // An error at the same place makes a warning superfluous.
  const told = new Set(errors.map(({ span }) => span))
  const warnings = [...parsed.warnings, ...found.warnings]
    .filter(({ code, span }) => code !== 'unclosed-quote' || !told.has(span))
    .map(warning => warningWithUnset(warning, unset))
  const read = { blocks, warnings, files, order }
  let hashed: string | undefined
  const hash = (): string => (hashed ??= configHash(parsed))
  const config = errors.length > 0 ? undefined : { ...read, hash, isBuiltIn }
  return { ...read, config, errors, suspicions, unset, parsed: written }
}

/** If the text as a whole is of another kind, its further errors are meaningless. */
const explained = (
  errors: readonly CorefileError[],
  text: string,
  parsed: ParsedCorefile,
): readonly CorefileError[] => {
  const [first] = errors
  const hint = first && wholeTextHint(text)
  if (first !== undefined && hint !== undefined) return [first.hinted(hint)]
  const misnamed = misnamedKeys(parsed.blocks)
  return errors.map(error => withUnset(withMisnamed(error, misnamed), parsed.unset))
}

/** Throws the CorefileError that CoreDNS would have stopped at. */
export const loadCorefile = async (
  text: string,
  file: string,
  options: LoadOptions,
): Promise<LoadedConfig> => {
  const { config, errors } = await inspectCorefile(text, file, options)
  if (config !== undefined) return config
  const [first, ...others] = errors
  throw first?.beside(others)
}

/**
 * SHA-512 of a Corefile, for *reload*: imports and variables are resolved, directives are not
 * checked. Throws CorefileError.
 */
export const hashCorefile = (text: string, file: string, options: LoadOptions): string =>
  configHash(parse(text, file, options))

/** Whether it has keys for stream shards, as far as it can be read. */
export const hasStreamKeys = (text: string, file: string, options: LoadOptions): boolean => {
  try {
    return parse(text, file, options)
      .blocks.flatMap(({ keys }) => keys)
      .some(key => isOfStreamShards(splitScheme(key.text).scheme as Scheme))
  } catch (error) {
    if (error instanceof CorefileError) return false
    throw error
  }
}

const parserArguments = (
  text: string,
  file: string,
  { baseDir, loader = fileLoader, env = process.env, plugins = BUILT_IN }: LoadOptions,
) => [{ text, file, baseDir: resolve(baseDir) }, loader, env, plugins.order] as const

const parse = (text: string, file: string, options: LoadOptions): ParsedCorefile =>
  parseCorefile(...parserArguments(text, file, options))

interface Reading {
  readonly port: number
  readonly plugins: Plugins
  readonly order: readonly string[]
}

const readBlocks = (parsed: ParsedCorefile, { port, plugins, order }: Reading): Attempt => {
  const errors: CorefileError[] = []
  const inspected = inspectBlocks(parsed.blocks, { defaultPort: port }, error => errors.push(error))
  for (const { sites } of inspected) append(errors, unsupportedTransports(sites))
  const found = inspected.map(() => [] as LoadedDirective[])
  const warnings: Diagnostic[] = []
  const suspicions: Diagnostic[] = []
  for (const { blockIndex, directive } of directivesInSetupOrder(inspected, order)) {
    const plugin = plugins.get(directive.name)
    if (plugin === undefined) append(errors, [...directive.each()].map(unsupported))
    else if (plugin instanceof Error)
      append(
        errors,
        [...directive.each()].map(one => unloadable(plugin, one)),
      )
    else {
      const reading = readDirective(plugin, directive)
      append(found[blockIndex] ?? [], reading.loaded)
      append(errors, reading.errors)
      append(warnings, reading.warnings)
      append(suspicions, reading.suspicions)
    }
  }
  const blocks = inspected.map(({ sites, zones }, index) => ({
    index,
    sites,
    zones,
    directives: found[index] ?? [],
  }))
  const isRead = ({ index, directives }: LoadedBlock): boolean =>
    [...(parsed.blocks[index]?.directives.keys() ?? [])]
      .filter(name => setsListeners(plugins.get(name)))
      .every(name => directives.some(({ plugin }) => plugin.name === name))
  append(errors, literalOverlaps(blocks.filter(isRead)))
  return { blocks, errors, warnings, suspicions }
}

/**
 * More overlaps than are useful to read: an import that repeats itself makes a hundred thousand.
 */
const OVERLAP_LIMIT = 100

/** `push` with so many arguments would overflow the stack. */
const append = <T>(list: T[], more: readonly T[]): void => {
  for (const item of more) list.push(item)
}

/** Schemes that can be listened on. */
const SERVED: ReadonlySet<Site['transport']> = new Set(['dns', 'tls'])

const unsupportedTransports = (sites: readonly Site[]): CorefileError[] =>
  sites
    .filter(({ transport }) => !SERVED.has(transport))
    .map(({ transport, key: { span } }) => {
      const message = `transport '${transport}' is known to CoreDNS but not supported by shardns yet`
      return new CorefileError(message, { code: 'unsupported-transport', span })
    })

const unsupported = (directive: Directive): CorefileError => {
  directive.next()
  return directive.plainErr(unsupportedText(directive.name), {
    code: 'unsupported-directive',
  })
}

const unloadable = ({ message }: Error, { name, tokens }: Directive): CorefileError =>
  pluginFault(name, tokens, message)

/** A plugin that cannot be loaded may set them: then the addresses are unknown. */
const setsListeners = (plugin: AnyPlugin | Error | undefined): boolean =>
  plugin instanceof Error || plugin?.facts?.listensOn !== undefined

/** Overlaps among blocks whose addresses are given in the text. */
const literalOverlaps = (blocks: readonly LoadedBlock[]): CorefileError[] => {
  const bound = blocks.flatMap(block => {
    const setter = listenerSetter(block)
    return setter !== undefined && setter.listensOn === undefined
      ? []
      : boundSites(block, setter?.listensOn)
  })
  return findOverlaps(bound).take(OVERLAP_LIMIT).toArray()
}

/** The directive of the block that sets the addresses of its listeners. */
const listenerSetter = ({ directives }: LoadedBlock): LoadedDirective | undefined =>
  directives.find(({ plugin }) => plugin.facts?.listensOn !== undefined)

/** The block's sites on these addresses; undefined for all. */
export const boundSites = (
  block: LoadedBlock,
  bindAddresses: readonly string[] | undefined,
): BoundSite[] => {
  const bindTokens = listenerSetter(block)?.tokens
  const hasView = block.directives.some(({ plugin }) => plugin.facts?.selects === true)
  return block.sites.map(site => ({ site, bindAddresses, bindTokens, hasView }))
}

/**
 * The order in which control halves run: directives with the fact `setsUp` first, then the others
 * in the chain's `order`; for each, the blocks in file order.
 */
export const inSetupOrder = <B extends { readonly block: LoadedBlock }>(
  blocks: readonly B[],
  order: readonly string[],
): { readonly holder: B; readonly found: LoadedDirective }[] => {
  const place = ({ name, facts }: AnyPlugin): number =>
    order.indexOf(name) - (facts?.setsUp === 'first' ? order.length : 0)
  return blocks
    .flatMap(holder => holder.block.directives.map(found => ({ holder, found })))
    .sort((a, b) => place(a.found.plugin) - place(b.found.plugin))
}
