// Metadata of a query: values that plugins give under labels such as `forward/upstream`, for log
// lines, views and rules. Values are computed only when they are read (CoreDNS: plugin/metadata).

import type { Query, QueryMetadata } from '../query/query.ts'
import { notFunction, offerKind } from './offers.ts'

/**
 * Gives metadata of a query: calls `set` once per label with a function that computes the value.
 * The function is called when the value is first read.
 */
export type MetadataProvider = (query: Query, set: SetMetadata) => void
export type SetMetadata = (label: string, value: () => string) => void

/** Offered by each plugin that provides metadata. */
export const METADATA = offerKind<MetadataProvider>('metadata', notFunction)

/** Collects the metadata of the block's plugins for one query. */
export type MetadataCollector = (query: Query) => QueryMetadata

/**
 * Offered by the collecting plugin (*metadata*), for stages that need metadata before the chain
 * runs.
 */
export const COLLECTOR = offerKind<MetadataCollector>('metadata-collector', notFunction)

/** Labels of one query; further ones are ignored. */
const MOST_LABELS = 256
/** Values of one query that are computed: each once, and again only after it was set again. */
const MOST_COMPUTED = 1024
/** A longer value is cut. */
const MOST_CHARACTERS = 4096

/**
 * Reports errors of a provider, and of each of its values, to `tell`. Readers get '' for a value
 * that cannot be computed.
 */
export const watchedProvider =
  (provider: MetadataProvider, tell: (query: Query, error: unknown) => void): MetadataProvider =>
  (query, set) => {
    const told = (value: () => string) => (): string => {
      try {
        const text: unknown = value()
        if (typeof text === 'string') return text
        throw new TypeError('a value of metadata is no text')
      } catch (error) {
        tell(query, error)
        return ''
      }
    }
    try {
      const given: unknown = provider(query, (label, value) => set(label, told(value)))
      if (given !== undefined) throw new TypeError('a provider of metadata gives no value back')
    } catch (error) {
      tell(query, error)
    }
  }

/** `plugin/name`: a slash with something on both sides. */
export const isMetadataLabel = (label: string): boolean => /^[^/]+\/./.test(label)

/** '' for a value that cannot be computed. */
const textOf = (value: () => string): string => {
  try {
    const text = value()
    // What is cut off must not be kept with it.
    return text.length <= MOST_CHARACTERS
      ? text
      : Buffer.from(text.slice(0, MOST_CHARACTERS), 'utf16le').toString('utf16le')
  } catch {
    return ''
  }
}

export class Metadata implements QueryMetadata {
  readonly #query: Query
  readonly #providers: readonly MetadataProvider[]
  /** Values that were set while the query was answered; they take precedence. */
  readonly #told = new Map<string, () => string>()
  /** The providers' values; the providers are called when the first label is read. */
  #provided: Map<string, () => string> | undefined
  /**
   * Computed values by label; a value that reads itself while it is computed gets ''. Made at first
   * use.
   */
  #computed: Map<string, string> | undefined
  #count = 0

  constructor(query: Query, providers: readonly MetadataProvider[]) {
    this.#query = query
    this.#providers = providers
  }

  /**
   * The value; undefined if no plugin gives the label, '' if the value cannot be computed. It is
   * computed once, however often it is read.
   */
  get(label: string): string | undefined {
    const known = this.#computed?.get(label)
    if (known !== undefined) return known
    const value = this.#told.get(label) ?? this.#collected().get(label)
    if (value === undefined) return undefined
    if (this.#count === MOST_COMPUTED) return ''
    this.#count++
    const computed = (this.#computed ??= new Map<string, string>())
    computed.set(label, '')
    const text = textOf(value)
    computed.set(label, text)
    return text
  }

  /** Sets a value that was found while the query was answered, such as the upstream. */
  set(label: string, value: () => string): void {
    this.#add(this.#told, label, value)
    this.#computed?.delete(label)
  }

  /** All labels that are known now, in the order in which they were set. */
  labels(): string[] {
    return [...new Set([...this.#collected().keys(), ...this.#told.keys()])]
  }

  #add(values: Map<string, () => string>, label: string, value: () => string): void {
    if (!isMetadataLabel(label)) return
    const count = this.#told.size + (this.#provided?.size ?? 0)
    if (count < MOST_LABELS || values.has(label)) values.set(label, value)
  }

  #collected(): Map<string, () => string> {
    if (this.#provided !== undefined) return this.#provided
    const values = (this.#provided = new Map<string, () => string>())
    for (const provider of this.#providers) {
      try {
        provider(this.#query, (label, value) => this.#add(values, label, value))
      } catch {
        // Values that it has set before stay valid. Its error must not fail the reader.
      }
    }
    return values
  }
}
