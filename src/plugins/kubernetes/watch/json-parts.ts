// Reading JSON that nobody has validated: what is not of the wanted kind counts as absent, and what
// is wrong is said in one short text.

/** Characters of a foreign text that a log line shows. */
const SHOWN_CHARACTERS = 60

export const partOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined

/** '' for anything but a text. */
export const textPart = (value: unknown, key: string): string => {
  const part = partOf(value, key)
  return typeof part === 'string' ? part : ''
}

/** An empty list for anything but a list. */
export const listPart = (value: unknown, key: string): readonly unknown[] => {
  const part = partOf(value, key)
  return Array.isArray(part) ? part : []
}

/** Short, and never by walking through a value: JSON may be nested deeper than a stack. */
export const shown = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return value.length > SHOWN_CHARACTERS ? `'${value.slice(0, SHOWN_CHARACTERS)}...'` : `'${value}'`
}

/** What is wrong with one object: the first thing, and how many more there are. */
export class Faults {
  #first = ''
  #count = 0

  add(text: string): void {
    if (this.#count++ === 0) this.#first = text
  }

  /** '' if nothing is wrong. */
  get reason(): string {
    return this.#count < 2 ? this.#first : `${this.#first} (and ${this.#count - 1} more)`
  }
}
