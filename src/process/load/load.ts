// Corefile text to what the server runs and `check` judges: blocks with their keys read and every
// directive parsed by its plugin. Pure but for the files that the Corefile imports: control halves,
// listeners and addresses of interfaces are not its business.

import { resolve } from 'node:path'
import { parseIp } from '../../base/ip.ts'
import { defaultCorefile } from '../../corefile/default.ts'
import { CorefileError, type Diagnostic } from '../../corefile/diagnostic.ts'
import type { Directive } from '../../corefile/directive.ts'
import type { Environment } from '../../corefile/env.ts'
import { configHash } from '../../corefile/hash.ts'
import {
  misnamedKeys,
  warningWithUnset,
  wholeTextHint,
  withMisnamed,
  withUnset,
} from '../../corefile/hints.ts'
import { inspectBlocks, type Site } from '../../corefile/keys.ts'
import type { Loader } from '../../corefile/loader.ts'
import { findOverlaps } from '../../corefile/overlap.ts'
import { parseCorefile, surveyCorefile } from '../../corefile/parser.ts'
import type { ParsedCorefile, ServerBlock } from '../../corefile/server-block.ts'
import { directivesInSetupOrder } from '../../corefile/setup-order.ts'
import type { Span } from '../../corefile/span.ts'
import { type BindLine, bind } from '../../plugins/bind/index.ts'
import { findPlugin, UNSUPPORTED } from '../../plugins/index.ts'
import { fileLoader } from './file-loader.ts'
import { type LoadedDirective, readDirective } from './read-directive.ts'

export interface LoadOptions {
  /** Folder that relative imports start from. */
  readonly baseDir: string
  /** Port of dns keys that name none. */
  readonly port?: number
  readonly env?: Environment
  readonly loader?: Loader
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
  /** What could be read, errors or not. */
  readonly blocks: readonly LoadedBlock[]
  /** In CoreDNS's order of discovery: the first is the one it would have stopped at. */
  readonly errors: readonly CorefileError[]
  readonly warnings: readonly Diagnostic[]
  readonly files: ReadonlyMap<string, string>
  /** Variables that are not set, by the place of the word that refers to them. */
  readonly unset: ReadonlyMap<Span, readonly string[]>
  /** The server blocks as the parser left them: none where the built-in one is used. */
  readonly parsed: readonly ServerBlock[]
}

const DEFAULT_PORT = 53

type Attempt = Pick<Inspection, 'blocks' | 'errors' | 'warnings'>

/** Finds all errors that can be found, not only the first. `file` is what errors call the text. */
export const inspectCorefile = (text: string, file: string, options: LoadOptions): Inspection => {
  const port = options.port ?? DEFAULT_PORT
  const survey = surveyCorefile(...parserArguments(text, file, options))
  const { blocks: written, files, unset } = survey.parsed
  const isBuiltIn = written.length === 0 && survey.errors.length === 0
  const parsed = isBuiltIn
    ? { ...survey.parsed, blocks: parse(defaultCorefile(port), file, options).blocks }
    : survey.parsed
  const { blocks, errors: found, warnings: foundWarnings } = readBlocks(parsed, port)
  const errors = explained([...survey.errors, ...found], text, parsed)
  // Where an error says it, a warning need not.
  const told = new Set(errors.map(({ span }) => span))
  const warnings = [...parsed.warnings, ...foundWarnings]
    .filter(({ code, span }) => code !== 'unclosed-quote' || !told.has(span))
    .map(warning => warningWithUnset(warning, unset))
  const config =
    errors.length > 0 ? undefined : { blocks, warnings, hash: configHash(parsed), files, isBuiltIn }
  return { config, blocks, errors, warnings, files, unset, parsed: written }
}

/** Where the text as a whole is of another kind, its further errors say nothing. */
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
export const loadCorefile = (text: string, file: string, options: LoadOptions): LoadedConfig => {
  const { config, errors } = inspectCorefile(text, file, options)
  if (config === undefined) throw errors[0]
  return config
}

/**
 * SHA-512 of a Corefile as reload compares it: imports and variables read, directives not judged.
 * Throws CorefileError.
 */
export const hashCorefile = (text: string, file: string, options: LoadOptions): string =>
  configHash(parse(text, file, options))

const parserArguments = (text: string, file: string, { baseDir, loader, env }: LoadOptions) =>
  [{ text, file, baseDir: resolve(baseDir) }, loader ?? fileLoader, env ?? process.env] as const

const parse = (text: string, file: string, options: LoadOptions): ParsedCorefile =>
  parseCorefile(...parserArguments(text, file, options))

const readBlocks = (parsed: ParsedCorefile, port: number): Attempt => {
  const errors: CorefileError[] = []
  const inspected = inspectBlocks(parsed.blocks, { defaultPort: port }, error => errors.push(error))
  for (const { sites } of inspected) append(errors, unsupportedTransports(sites))
  const found = inspected.map(() => [] as LoadedDirective[])
  const warnings: Diagnostic[] = []
  for (const { blockIndex, directive } of directivesInSetupOrder(inspected)) {
    const plugin = findPlugin(directive.name)
    if (plugin === undefined) append(errors, [...directive.each()].map(unsupported))
    else {
      const reading = readDirective(plugin, directive)
      append(found[blockIndex] ?? [], reading.loaded)
      append(errors, reading.errors)
      append(warnings, reading.warnings)
    }
  }
  const blocks = inspected.map(({ sites, zones }, index) => ({
    index,
    sites,
    zones,
    directives: found[index] ?? [],
  }))
  const isBindKnown = ({ index, directives }: LoadedBlock): boolean =>
    !parsed.blocks[index]?.directives.has('bind') ||
    directives.some(({ plugin }) => plugin === bind)
  append(errors, literalOverlaps(blocks.filter(isBindKnown)))
  return { blocks, errors, warnings }
}

/** More overlaps than anybody reads: an import that repeats itself makes a hundred thousand. */
const OVERLAP_LIMIT = 100

/** `push` with so many arguments would overflow the stack. */
const append = <T>(list: T[], more: readonly T[]): void => {
  for (const item of more) list.push(item)
}

const unsupportedTransports = (sites: readonly Site[]): CorefileError[] =>
  sites
    .filter(({ transport }) => transport !== 'dns')
    .map(({ transport, key: { span } }) => {
      const message = `transport '${transport}' is known to CoreDNS but not supported by shardns yet`
      return new CorefileError(message, { code: 'unsupported-transport', span })
    })

const unsupported = (directive: Directive): CorefileError => {
  directive.next()
  return directive.plainErr(UNSUPPORTED.get(directive.name) ?? '', {
    code: 'unsupported-directive',
  })
}

/**
 * Overlaps among blocks whose addresses the text alone tells: those without `bind`, and those whose
 * `bind` names addresses only.
 */
const literalOverlaps = (blocks: readonly LoadedBlock[]): CorefileError[] => {
  const bound = blocks.flatMap(block => {
    const bindAddresses = literalAddresses(block)
    if (bindAddresses === 'unknown') return []
    return block.sites.map(site => ({
      site,
      bindAddresses,
      bindTokens: bindOf(block)?.tokens,
      hasView: false,
    }))
  })
  return findOverlaps(bound).take(OVERLAP_LIMIT).toArray()
}

export const bindOf = ({ directives }: LoadedBlock): LoadedDirective | undefined =>
  directives.find(({ plugin }) => plugin === bind)

const literalAddresses = (block: LoadedBlock): readonly string[] | undefined | 'unknown' => {
  const options = bindOf(block)?.options as readonly BindLine[] | undefined
  if (
    options?.some(line =>
      [...line.listen, ...line.except].some(word => parseIp(word) === undefined),
    )
  )
    return 'unknown'
  return options?.flatMap(({ listen, except }) =>
    listen.filter(address => !except.includes(address)),
  )
}
