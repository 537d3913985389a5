// JSON as Go's encoding/json reads and writes it: numbers are read as floats, keys are written
// sorted, two blanks deep.

import type { Budget } from './budget.ts'
import { isArray, isMap, TextMap, type Value, valueToText } from './value.ts'

export const jsonToValue = (text: string): Value => fromParsed(JSON.parse(text))

const fromParsed = (parsed: unknown): Value => {
  if (Array.isArray(parsed)) return parsed.map(fromParsed)
  if (parsed === null || typeof parsed !== 'object') return parsed as Value
  return new TextMap(Object.entries(parsed).map(([key, item]) => [key, fromParsed(item)]))
}

export const valueToJson = (value: Value, budget: Budget, indent = ''): string => {
  const inner = `${indent}  `
  if (isArray(value)) {
    if (value.length === 0) return '[]'
    budget.spend(value.length)
    const items = value.map(item => inner + valueToJson(item, budget, inner))
    return `[\n${items.join(',\n')}\n${indent}]`
  }
  if (isMap(value)) {
    if (value.size === 0) return '{}'
    budget.spend(value.size)
    const items = [...value]
      .map(([key, item]) => [valueToText(key, budget), item] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${inner}${escaped(key)}: ${valueToJson(item, budget, inner)}`)
    return `{\n${items.join(',\n')}\n${indent}}`
  }
  if (typeof value === 'string') return escaped(budget.make(value))
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TypeError(`json: unsupported value: ${valueToText(value, budget)}`)
  return String(value)
}

/** Go escapes what could end a script element, too. */
const escaped = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
