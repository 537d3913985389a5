// What plugins say of a query under labels such as `forward/upstream`, for log lines, views and
// rules. Nothing is computed before somebody asks (CoreDNS: plugin/metadata).

import { notFunction, offerKind } from './offers.ts'
import type { Query, QueryMetadata } from './query.ts'

/** Tells what it knows of a query: `set` for each label. The values are computed when asked for. */
export type MetadataProvider = (query: Query, set: SetMetadata) => void
export type SetMetadata = (label: string, value: () => string) => void

/** Offered by each plugin that knows something. */
export const METADATA = offerKind<MetadataProvider>('metadata', notFunction)

/** Collects for a query of the block what its plugins know. */
export type MetadataCollector = (query: Query) => QueryMetadata

/** Offered by who collects: for stages that are asked before the chain is gone through. */
export const COLLECTOR = offerKind<MetadataCollector>('metadata-collector', notFunction)

/** Of one query; further ones are not taken. */
const MOST_LABELS = 256
/** Values of one query that are computed: each once, and those anew that were told anew. */
const MOST_COMPUTED = 1024
/** A longer value is cut. */
const MOST_CHARACTERS = 4096

/**
 * What a provider, and each of its values, fails with goes to `tell`; whoever asks gets '' for a
 * value that cannot be computed.
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
  /** What turned out on the way: it wins. */
  readonly #told = new Map<string, () => string>()
  /** What the providers say: they are asked with the first label that somebody wants to know. */
  #provided: Map<string, () => string> | undefined
  /** Values by label; one that is being computed is '' for itself. Made with the first. */
  #computed: Map<string, string> | undefined
  #count = 0

  constructor(query: Query, providers: readonly MetadataProvider[]) {
    this.#query = query
    this.#providers = providers
  }

  /**
   * Undefined if nobody knows; '' if the value cannot be computed. It is computed once, however
   * often it is asked for.
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

  /** From here on: what turned out while the query was answered, such as the upstream. */
  set(label: string, value: () => string): void {
    this.#add(this.#told, label, value)
    this.#computed?.delete(label)
  }

  /** All that is known now, in the order it was told. */
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
        // What it has told so far holds. Whoever asks is not to fail for it.
      }
    }
    return values
  }
}
