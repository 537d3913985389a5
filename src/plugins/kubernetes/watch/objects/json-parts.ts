// Reads JSON that has not been validated. A value of another kind than expected counts as absent.
// One short text says what is wrong.

/** The most characters of a value that a log line shows. */
const SHOWN_CHARACTERS = 60

export const partOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined

/** The text under a key. '' for any other value. */
export const textPart = (value: unknown, key: string): string => {
  const part = partOf(value, key)
  return typeof part === 'string' ? part : ''
}

/** The list under a key. An empty one for any other value. */
export const listPart = (value: unknown, key: string): readonly unknown[] => {
  const part = partOf(value, key)
  return Array.isArray(part) ? part : []
}

/**
 * A value as short text. It does not walk through the value, since JSON may be nested deeper than
 * the stack allows.
 */
export const shown = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return value.length > SHOWN_CHARACTERS ? `'${value.slice(0, SHOWN_CHARACTERS)}...'` : `'${value}'`
}

/** The faults of one object: the first one, and how many more there are. */
export class Faults {
  #first = ''
  #count = 0

  add(text: string): void {
    if (this.#count++ === 0) this.#first = text
  }

  /** The text of the faults. '' if there are none. */
  get reason(): string {
    return this.#count < 2 ? this.#first : `${this.#first} (and ${this.#count - 1} more)`
  }
}
