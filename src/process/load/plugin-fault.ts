// What a plugin does against its contract. Such a text is nobody's but ours, so it has the place in
// it, for logs too: `plugin/NAME: FILE:LINE - its serve half …`.

import { messageOf } from '../../chain/errors.ts'
import { CorefileError } from '../../corefile/diagnostic.ts'
import type { Token } from '../../corefile/span.ts'
import { placedError } from './argument-place.ts'

/** `tokens` are those of the plugin's directive, of which the first is its name. */
export const pluginFault = (
  name: string,
  tokens: readonly Token[],
  text: string,
): CorefileError => {
  const span = tokens[0]?.span
  const place = span === undefined ? '' : `${span.file}:${span.line} - `
  return new CorefileError(`plugin/${name}: ${place}${text}`, { code: 'broken-plugin', span })
}

/** Errors of JavaScript's own: nobody has thrown them for whoever wrote the Corefile. */
const DEFECTS = [TypeError, ReferenceError, RangeError, SyntaxError]

/**
 * What a plugin has thrown on main. Its own texts stay as they are; a defect becomes its fault.
 * `doing` is what failed: `its control half fails`.
 */
export const thrownBy = (
  name: string,
  tokens: readonly Token[],
  doing: string,
  error: unknown,
): CorefileError =>
  DEFECTS.some(kind => error instanceof kind)
    ? pluginFault(name, tokens, `${doing}: ${messageOf(error)}`)
    : placedError(error, tokens).prefixed(`plugin/${name}: `)
