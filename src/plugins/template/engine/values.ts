// The values of templates: the Go values that a template of this plugin can meet. A Go string is a
// JavaScript string, a float64 a number, a bool a boolean. `undefined` is Go's invalid value, which
// a missing key of a map has. `null` is nil.

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
  /** The value of a missing key. */
  readonly zero: Value

  constructor(entries: ReadonlyMap<string, Value>, type: string, zero: Value) {
    this.entries = entries
    this.type = type
    this.zero = zero
  }

  /** The entries in Go's order, which is that of the bytes of the keys. */
  sorted(): [string, Value][] {
    return [...this.entries].sort(([a], [b]) => compareText(a, b))
  }
}

export type Method = (...args: readonly string[]) => Value

/** Fields by name. Each is computed when it is used. */
export class Struct {
  readonly type: string
  readonly fields: Readonly<Record<string, () => Value>>
  /** Methods by name. They take `arity` strings. */
  readonly methods: Readonly<Record<string, { readonly arity: number; readonly call: Method }>>
  /** Its text when it is printed. Undefined if it cannot be printed. */
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

/** Go's name for the type of a valid value. */
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

/** Whether `if`, `with`, `and`, `or` and `not` take the value as true. */
export const isTrue = (value: Value): boolean => {
  if (value === undefined || value === null) return false
  if (typeof value === 'object') {
    if (value instanceof Int) return value.value !== 0n
    if (value instanceof List) return value.items.length > 0
    return value instanceof Dict ? value.entries.size > 0 : true
  }
  return typeof value === 'number' ? value !== 0 : Boolean(value)
}
