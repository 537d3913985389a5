// Violations of the contract by a plugin. CoreDNS has no text for them, so ours contains the place,
// for logs too: `plugin/NAME: FILE:LINE - its serve half …`.

import { oneLine } from '../../base/text/one-line.ts'
import { EndlessError } from '../../base/time/patience.ts'
import { messageOf } from '../../chain/errors.ts'
import { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import type { Token } from '../../corefile/diagnostics/span.ts'
import { placedError } from './argument-place.ts'

/** `tokens` are those of the plugin's directive, of which the first is its name. */
export const pluginFault = (
  name: string,
  tokens: readonly Token[],
  text: string,
): CorefileError => {
  const span = tokens[0]?.span
  const place = span === undefined ? '' : `${span.file}:${span.line} - `
  return new CorefileError(`plugin/${name}: ${place}${oneLine(text)}`, {
    code: 'broken-plugin',
    span,
  })
}

/** Errors of JavaScript itself: they are not meant for the author of the Corefile. */
const DEFECTS = [TypeError, ReferenceError, RangeError, SyntaxError, EndlessError]

const isDefect = (error: unknown): boolean =>
  !(error instanceof Error) || DEFECTS.some(kind => error instanceof kind)

/**
 * The error to report for one that a plugin has thrown on main. The plugin's own texts stay as they
 * are; a defect becomes a fault of the plugin. `doing` names the failing part: `its control half
 * fails`. `nth` counts failures with the same text, from 0.
 */
export const thrownBy = (
  name: string,
  tokens: readonly Token[],
  doing: string,
  error: unknown,
  nth = 0,
): CorefileError =>
  isDefect(error)
    ? pluginFault(name, tokens, `${doing}: ${messageOf(error)}`)
    : placedError(error, tokens, nth).prefixed(`plugin/${name}: `)
