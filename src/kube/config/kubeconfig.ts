// Finds the cluster and the user of a context in a kubeconfig, and checks that what it says is of
// the right kind. kubeconfig-settings.ts makes the settings of a connection of it.

import { isMapping, isScalar, parseYaml } from '../../base/yaml.ts'
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
    return choose(new Section(mappingOf(await readText(file)), 'the file'), context)
  } catch (error) {
    throw new Error(`kubeconfig ${file}: ${messageOf(error)}`)
  }
}

const mappingOf = (text: string): Record<string, unknown> => {
  const { value } = parseYaml(text)
  if (!isMapping(value)) throw new Error('it is no kubeconfig: the file holds no mapping')
  return value
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
