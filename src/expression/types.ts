// What is known about a value before the expression runs, and Go's names for it: they are in
// CoreDNS's error texts.

export type Type =
  | { readonly kind: 'unknown' | 'nil' | 'bool' | 'int' | 'float' | 'string' }
  /** `hasGoStrings`: Go's []string, as split() gives it, which is no []any. */
  | { readonly kind: 'array'; readonly of: Type; readonly hasGoStrings?: true }
  | { readonly kind: 'map'; readonly of: Type; readonly keys: 'string' | 'mixed' }
  | { readonly kind: 'function'; readonly takes: readonly Type[]; readonly gives: Type }

export const UNKNOWN: Type = { kind: 'unknown' }
export const NIL: Type = { kind: 'nil' }
export const BOOL: Type = { kind: 'bool' }
export const INT: Type = { kind: 'int' }
export const FLOAT: Type = { kind: 'float' }
export const STRING: Type = { kind: 'string' }
export const ARRAY: Type = { kind: 'array', of: UNKNOWN }
export const STRINGS: Type = { kind: 'array', of: STRING, hasGoStrings: true }
export const MAP: Type = { kind: 'map', of: UNKNOWN, keys: 'string' }
export const ANY_MAP: Type = { kind: 'map', of: UNKNOWN, keys: 'mixed' }

export const arrayOf = (of: Type): Type => ({ kind: 'array', of })

export const goName = (type: Type): string => {
  switch (type.kind) {
    case 'unknown':
    case 'nil':
      return 'unknown'
    case 'float':
      return 'float64'
    case 'array':
      return type.hasGoStrings ? '[]string' : '[]interface {}'
    case 'map':
      if (type.keys === 'string') return 'map[string]interface {}'
      return `map[interface {}]${type.of.kind === 'array' ? '[]interface {}' : 'interface {}'}`
    case 'function':
      return `func(${type.takes.map(goName).join(', ')}) ${goName(type.gives)}`
    default:
      return type.kind
  }
}

export const isNumber = ({ kind }: Type): boolean => kind === 'int' || kind === 'float'

/** Whether a value of the type may stand where one of `target` is wanted. */
export const isAssignable = (type: Type, target: Type): boolean => {
  if (type.kind === 'nil') return target.kind === 'map' || target.kind === 'array'
  if (type.kind === 'unknown' || target.kind === 'unknown') return false
  return type.kind === target.kind && goName(type) === goName(target)
}

export const isComparable = (left: Type, right: Type): boolean =>
  left.kind === 'unknown' ||
  right.kind === 'unknown' ||
  left.kind === 'nil' ||
  right.kind === 'nil' ||
  (isNumber(left) && isNumber(right)) ||
  (left.kind === 'array' && right.kind === 'array') ||
  isAssignable(left, right)

/** Whether one of the two is unknown, and the other is too or is of one of the kinds. */
export const mayFit = (left: Type, right: Type, ...kinds: readonly Type['kind'][]): boolean => {
  const isLeftUnknown = left.kind === 'unknown'
  const isRightUnknown = right.kind === 'unknown'
  if (isLeftUnknown && isRightUnknown) return true
  return (
    (isLeftUnknown && kinds.includes(right.kind)) || (isRightUnknown && kinds.includes(left.kind))
  )
}

/** Of the sum, difference or product of two numbers. */
export const promoted = (left: Type, right: Type): Type =>
  left.kind === 'float' || right.kind === 'float' ? FLOAT : INT
