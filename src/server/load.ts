// Corefile text to what the server runs and `check` judges: blocks with their keys read and every directive parsed by its plugin. Pure but for
// the files that the Corefile imports: control halves, listeners and addresses of interfaces are not its business.

import { resolve } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { parseIp } from '../core/ip.ts'
import type { AnyPlugin } from '../core/plugin.ts'
import { defaultCorefile } from '../corefile/default.ts'
import { CorefileError, type Diagnostic } from '../corefile/diagnostic.ts'
import type { Environment } from '../corefile/env.ts'
import { configHash } from '../corefile/hash.ts'
import { type InspectedBlock, inspectBlocks, type Site } from '../corefile/keys.ts'
import { fileLoader, type Loader } from '../corefile/loader.ts'
import { checkOverlap } from '../corefile/overlap.ts'
import { type ParsedCorefile, parseCorefile } from '../corefile/parser.ts'
import { directivesInSetupOrder, type SetupStep } from '../corefile/setup-order.ts'
import { type BindLine, bind } from '../plugins/bind/index.ts'
import { findPlugin, UNSUPPORTED } from '../plugins/index.ts'

export interface LoadOptions {
  /** Folder that relative imports start from. */
  readonly baseDir: string
  /** Port of dns keys that name none. */
  readonly port?: number
  readonly env?: Environment
  readonly loader?: Loader
}

export interface LoadedDirective {
  readonly plugin: AnyPlugin
  /** What the plugin's parse gave: plain data. */
  readonly options: unknown
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
  /** SHA-512 in hexadecimal, equal to CoreDNS's for the same text. */
  readonly hash: string
  /** Every source text by the file name that spans carry. */
  readonly files: ReadonlyMap<string, string>
  /** Whether the text had no server block, so that the built-in one is used. */
  readonly isBuiltIn: boolean
}

export interface Inspection {
  /** Undefined if there are errors. */
  readonly config: LoadedConfig | undefined
  /** In CoreDNS's order of discovery: the first is the one it would have stopped at. */
  readonly errors: readonly CorefileError[]
  readonly warnings: readonly Diagnostic[]
  readonly files: ReadonlyMap<string, string>
}

const DEFAULT_PORT = 53

type Attempt = Pick<Inspection, 'errors' | 'warnings'> & { readonly blocks: readonly LoadedBlock[] }

/** Finds all errors that can be found, not only the first. `file` is what errors call the text. */
export const inspectCorefile = (text: string, file: string, options: LoadOptions): Inspection => {
  const port = options.port ?? DEFAULT_PORT
  let parsed: ParsedCorefile
  let isBuiltIn = false
  try {
    parsed = parse(text, file, options)
    isBuiltIn = parsed.blocks.length === 0
    if (isBuiltIn) parsed = { ...parsed, blocks: parse(defaultCorefile(port), file, options).blocks }
  } catch (error) {
    return { config: undefined, errors: [asCorefileError(error)], warnings: [], files: new Map([[file, text]]) }
  }
  const { blocks, errors, warnings: found } = readBlocks(parsed, port)
  const warnings = [...parsed.warnings, ...found]
  const { files } = parsed
  const config = errors.length > 0 ? undefined : { blocks, warnings, hash: configHash(parsed), files, isBuiltIn }
  return { config, errors, warnings, files }
}

/** Throws the CorefileError that CoreDNS would have stopped at. */
export const loadCorefile = (text: string, file: string, options: LoadOptions): LoadedConfig => {
  const { config, errors } = inspectCorefile(text, file, options)
  if (config === undefined) throw errors[0]
  return config
}

/** SHA-512 of a Corefile as reload compares it: imports and variables read, directives not judged. Throws CorefileError. */
export const hashCorefile = (text: string, file: string, options: LoadOptions): string => configHash(parse(text, file, options))

const parse = (text: string, file: string, { baseDir, loader, env }: LoadOptions): ParsedCorefile =>
  parseCorefile({ text, file, baseDir: resolve(baseDir) }, loader ?? fileLoader, env ?? process.env)

const asCorefileError = (error: unknown): CorefileError =>
  error instanceof CorefileError ? error : new CorefileError(messageOf(error), { code: 'invalid' })

const readBlocks = (parsed: ParsedCorefile, port: number): Attempt => {
  const errors: CorefileError[] = []
  const attempt = (task: () => void, prefix = ''): void => {
    try {
      task()
    } catch (error) {
      errors.push(asCorefileError(error).prefixed(prefix))
    }
  }
  let inspected: InspectedBlock[] = []
  attempt(() => {
    inspected = inspectBlocks(parsed.blocks, { defaultPort: port })
  })
  for (const { sites } of inspected) attempt(() => refuseTransports(sites))
  const found = inspected.map(() => [] as LoadedDirective[])
  const warnings: Diagnostic[] = []
  for (const step of directivesInSetupOrder(inspected)) {
    const { blockIndex, directive } = step
    const plugin = findPlugin(directive.name)
    if (plugin === undefined) {
      errors.push(unsupported(step))
      continue
    }
    const prefix = `plugin/${plugin.name}: `
    attempt(() => found[blockIndex]?.push({ plugin, options: plugin.parse(directive) }), prefix)
    warnings.push(...directive.warnings.map(warning => ({ ...warning, message: prefix + warning.message })))
  }
  const blocks = inspected.map(({ sites, zones }, index) => ({ index, sites, zones, directives: found[index] ?? [] }))
  if (errors.length === 0) attempt(() => checkLiteralOverlap(blocks))
  return { blocks, errors, warnings }
}

const refuseTransports = (sites: readonly Site[]): void => {
  const site = sites.find(({ transport }) => transport !== 'dns')
  if (site === undefined) return
  const message = `transport '${site.transport}' is known to CoreDNS but not supported by shardns yet`
  throw new CorefileError(message, { code: 'unsupported-transport', span: site.key.span })
}

const unsupported = ({ directive }: SetupStep): CorefileError => {
  directive.next()
  return directive.plainErr(UNSUPPORTED.get(directive.name) ?? '', { code: 'unsupported-directive' })
}

/** Overlaps among blocks whose addresses the text alone tells: those without `bind`, and those whose `bind` names addresses only. */
const checkLiteralOverlap = (blocks: readonly LoadedBlock[]): void => {
  const bound = blocks.flatMap(block => {
    const bindAddresses = literalAddresses(block)
    if (bindAddresses === 'unknown') return []
    return block.sites.map(site => ({ site, bindAddresses, hasView: false }))
  })
  checkOverlap(bound)
}

const literalAddresses = (block: LoadedBlock): readonly string[] | undefined | 'unknown' => {
  const options = block.directives.find(({ plugin }) => plugin === bind)?.options as readonly BindLine[] | undefined
  if (options?.some(line => [...line.listen, ...line.except].some(word => parseIp(word) === undefined))) return 'unknown'
  return options?.flatMap(({ listen, except }) => listen.filter(address => !except.includes(address)))
}
