// Finds the cluster and the user of a context in a kubeconfig, and checks that what it says is of
// the right kind. kubeconfig-settings.ts makes the settings of a connection of it. The only
// importer of `yaml`, which is loaded when a kubeconfig is read.

import type { Document } from 'yaml'
import { loadPackage } from '../../base/program.ts'
import { messageOf } from '../../chain/errors.ts'
import { readText } from './text-source.ts'

/** A mapping of the file, with the words that messages call it by: `user "admin"`. */
export class Section {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #name: string

  constructor(fields: unknown, name: string) {
    if (fields !== undefined && !isMapping(fields)) throw new Error(`${name} must be a mapping`)
    this.#fields = fields ?? {}
    this.#name = name
  }

  has(key: string): boolean {
    return this.#fields[key] !== undefined && this.#fields[key] !== null
  }

  /**
   * Undefined if it is missing or empty. Numbers and booleans count as their text, as for kubectl.
   */
  text(key: string): string | undefined {
    const value = this.#fields[key] ?? ''
    if (value === '') return undefined
    if (isScalar(value)) return String(value)
    throw this.error(`${key} must be a string`)
  }

  isTrue(key: string): boolean {
    const value = this.#fields[key] ?? false
    if (typeof value === 'boolean') return value
    throw this.error(`${key} must be true or false`)
  }

  texts(key: string): string[] {
    const value = this.#fields[key] ?? []
    if (Array.isArray(value) && value.every(isScalar)) return value.map(String)
    throw this.error(`${key} must be a list of strings`)
  }

  section(key: string): Section {
    return new Section(this.#fields[key] ?? undefined, `${key} of ${this.#name}`)
  }

  /** The mappings of a list. */
  sections(key: string): Section[] {
    const value = this.#fields[key] ?? []
    if (!Array.isArray(value)) throw this.error(`${key} must be a list`)
    return value.map((item, index) => new Section(item, `${key}[${index}] of ${this.#name}`))
  }

  /** As in the file, as JSON data. */
  json(key: string): unknown {
    const value = this.#fields[key]
    if (value === undefined) return undefined
    return JSON.parse(
      JSON.stringify(value, (_, inner: unknown) =>
        typeof inner === 'bigint' ? Number(inner) : inner,
      ),
    )
  }

  keys(): string[] {
    return Object.keys(this.#fields)
  }

  error(why: string): Error {
    return new Error(`${this.#name}: ${why}`)
  }

  /** The same mapping under another name. */
  called(name: string): Section {
    return new Section(this.#fields, name)
  }
}

export interface ChosenContext {
  readonly context: string
  readonly cluster: Section
  /** Empty where the context names no user. */
  readonly user: Section
}

/** Throws an Error that opens with `kubeconfig FILE:`. */
export const readKubeconfig = async (
  file: string,
  context: string | undefined,
): Promise<ChosenContext> => {
  try {
    return choose(new Section(parseYaml(await readText(file)), 'the file'), context)
  } catch (error) {
    throw new Error(`kubeconfig ${file}: ${messageOf(error)}`)
  }
}

/** Not `import`: Node 22 may give two that come at once a module that is not complete yet. */
const loadYaml = () => loadPackage<typeof import('yaml')>('yaml')

const parseYaml = (text: string): unknown => {
  const { parseDocument } = loadYaml()
  const document = parseDocument(text, {
    prettyErrors: false,
    intAsBigInt: true,
    logLevel: 'error',
  })
  const [error] = document.errors
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split('\n').length
    // The library's text for several documents names a function of its own.
    const why =
      error.code === 'MULTIPLE_DOCS'
        ? 'a second document begins here'
        : error.message.split('\n', 1)[0]
    throw new Error(`line ${line} is no YAML: ${why}`)
  }
  const value = withAliases(document)
  if (!isMapping(value)) throw new Error('it is no kubeconfig: the file holds no mapping')
  return value
}

/** More is an attack on memory, not a kubeconfig. */
const ALIAS_LIMIT = 100

/** The contents, with what aliases repeat. */
const withAliases = (document: Pick<Document, 'toJS'>): unknown => {
  try {
    return document.toJS({ maxAliasCount: ALIAS_LIMIT })
  } catch {
    // The one thing that it throws for once parsing has gone well.
    throw new Error(`its aliases repeat more than ${ALIAS_LIMIT} times`)
  }
}

const choose = (file: Section, wanted: string | undefined): ChosenContext => {
  const name = wanted ?? file.text('current-context')
  if (name === undefined)
    throw new Error('it has no current-context: name a context after the file')
  const context = find(file, 'contexts', 'context', name)
  if (context === undefined)
    throw new Error(`there is no context "${name}" (there ${listNames(file)})`)
  const clusterName = context.text('cluster')
  if (clusterName === undefined) throw new Error(`context "${name}" names no cluster`)
  const cluster = find(file, 'clusters', 'cluster', clusterName)
  if (cluster === undefined)
    throw new Error(`there is no cluster "${clusterName}", which context "${name}" names`)
  const userName = context.text('user')
  if (userName === undefined) return { context: name, cluster, user: new Section({}, 'the user') }
  const user = find(file, 'users', 'user', userName)
  if (user === undefined)
    throw new Error(`there is no user "${userName}", which context "${name}" names`)
  return { context: name, cluster, user }
}

/**
 * In a kubeconfig, `users` is a list of { name, user: { … } }, and so are clusters and contexts.
 */
const find = (file: Section, list: string, key: string, name: string): Section | undefined => {
  const entry = file.sections(list).find(one => one.text('name') === name)
  return entry?.section(key).called(`${key} "${name}"`)
}

const listNames = (file: Section): string => {
  const names = file.sections('contexts').map(one => JSON.stringify(one.text('name') ?? ''))
  if (names.length === 0) return 'is none'
  const shown = names.slice(0, 10).join(', ')
  return `${names.length === 1 ? 'is' : 'are'} ${shown}${names.length > 10 ? ', …' : ''}`
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isScalar = (value: unknown): boolean =>
  ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
