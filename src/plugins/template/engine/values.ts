// The values of templates: those of Go that a template of this plugin can have. Text is a
// JavaScript string, a float64 a number, true and false are themselves. `undefined` is Go's invalid
// value, of a key that a map has not, and `null` is nil.

export type Value = undefined | null | boolean | number | string | Int | List | Dict | Struct

export type IntType = 'int' | 'uint8' | 'uint16' | 'uint32' | 'uint64'

export class Int {
  readonly value: bigint
  readonly type: IntType

  constructor(value: bigint | number, type: IntType = 'int') {
    this.value = BigInt(value)
    this.type = type
  }
}

export class List {
  readonly items: readonly Value[]
  /** `[]string`. */
  readonly type: string

  constructor(items: readonly Value[], type: string) {
    this.items = items
    this.type = type
  }
}

/** A map with strings for keys. */
export class Dict {
  readonly entries: ReadonlyMap<string, Value>
  readonly type: string
  /** What `index` gives for a key that is not there. */
  readonly zero: Value

  constructor(entries: ReadonlyMap<string, Value>, type: string, zero: Value) {
    this.entries = entries
    this.type = type
    this.zero = zero
  }

  /** As Go goes through it: by the keys' bytes. */
  sorted(): [string, Value][] {
    return [...this.entries].sort(([a], [b]) => compareText(a, b))
  }
}

export type Method = (...args: readonly string[]) => Value

/** Fields by name, each computed when it is asked for. */
export class Struct {
  readonly type: string
  readonly fields: Readonly<Record<string, () => Value>>
  /** They take strings, as many as `arity` says. */
  readonly methods: Readonly<Record<string, { readonly arity: number; readonly call: Method }>>
  /** How it prints; absent: it does not. */
  readonly text: (() => string) | undefined

  constructor(
    type: string,
    fields: Struct['fields'],
    { methods = {}, text }: { methods?: Struct['methods']; text?: () => string } = {},
  ) {
    this.type = type
    this.fields = fields
    this.methods = methods
    this.text = text
  }
}

/** The order of Go's strings, which is that of their bytes. */
export const compareText = (a: string, b: string): number => {
  if (a === b) return 0
  return isAscii(a) && isAscii(b)
    ? a < b
      ? -1
      : 1
    : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is a range that begins with controls
const ASCII = /^[\x00-\x7f]*$/

export const isAscii = (text: string): boolean => ASCII.test(text)

/** Go's name for the type of a value that is one. */
export const typeName = (value: Exclude<Value, null | undefined>): string => {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'number':
      return 'float64'
    default:
      return value.type
  }
}

/** What `if`, `with`, `and`, `or` and `not` make of it. */
export const isTrue = (value: Value): boolean => {
  if (value === undefined || value === null) return false
  if (typeof value === 'object') {
    if (value instanceof Int) return value.value !== 0n
    if (value instanceof List) return value.items.length > 0
    return value instanceof Dict ? value.entries.size > 0 : true
  }
  return typeof value === 'number' ? value !== 0 : Boolean(value)
}
