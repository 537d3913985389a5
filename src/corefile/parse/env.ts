// Environment references in a token: `{%NAME%}` first, then `{$NAME}`. Values may hold references
// again.

/** Like process.env; only own properties count. */
export type Environment = Readonly<Record<string, string | undefined>>

const REPLACEMENT_LIMIT = 1000
const LENGTH_LIMIT = 1 << 20

/** Called with the name of each variable that is not set. */
export type UnsetListener = (name: string) => void

const replaceReferences = (
  text: string,
  lookUp: (name: string) => string,
  open: string,
  close: string,
): string | undefined => {
  let result = text
  for (let count = 0; ; count++) {
    const from = result.indexOf(open)
    if (from < 0) return result
    const to = result.indexOf(close, from)
    if (to <= from + open.length) return result
    if (count === REPLACEMENT_LIMIT) return undefined
    const value = lookUp(result.slice(from + open.length, to))
    result = result.replaceAll(result.slice(from, to + close.length), () => value)
    if (result.length > LENGTH_LIMIT) return undefined
  }
}

/**
 * The text with its references replaced; unset variables are empty. Undefined if a variable refers
 * to itself, so that replacing would not end: CoreDNS hangs there.
 */
export const replaceEnvironment = (
  text: string,
  env: Environment,
  onUnset?: UnsetListener,
): string | undefined => {
  if (!text.includes('{')) return text
  const lookUp = (name: string): string => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value === undefined) onUnset?.(name)
    return value ?? ''
  }
  const half = replaceReferences(text, lookUp, '{%', '%}')
  return half === undefined ? undefined : replaceReferences(half, lookUp, '{$', '}')
}
