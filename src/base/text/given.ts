// What a plugin has given that does not fit, in the words of a sentence that refuses it.

const MOST_CHARACTERS = 60

/** `NaN`, `'x'`, `a function`: for people, whatever it is. Never throws. */
export const given = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return `'${value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value}'`
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
    case 'function':
    case 'symbol':
      return `a ${typeof value}`
    default:
      return String(value)
  }
}
