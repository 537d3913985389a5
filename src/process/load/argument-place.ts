// Finds the place in the Corefile for a failure that was found after parsing: the argument that its
// text quotes, else the directive's name.

import { oneLine } from '../../base/text/one-line.ts'
import { ArgumentError, messageOf } from '../../chain/errors.ts'
import { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import { argumentHint } from '../../corefile/diagnostics/hints.ts'
import type { Token } from '../../corefile/diagnostics/span.ts'
import { literalPattern } from '../../corefile/parse/glob.ts'
import { goQuote } from '../../corefile/words/strconv.ts'

const BOUNDARY = String.raw`[\s"'(),:;/]`

const isNamed = (text: string, message: string): boolean =>
  text.length > 1 &&
  message.includes(text) &&
  new RegExp(`(?:^|${BOUNDARY})${literalPattern(text)}(?:$|${BOUNDARY})`).test(message)

/**
 * The argument that the message quotes in Go's way, else the longest that it names, else one that
 * is empty, which no message can name.
 */
const quotedArgument = (tokens: readonly Token[], message: string): string | undefined => {
  const texts = tokens.slice(1).map(({ text }) => text)
  const named = texts.filter(text => isNamed(text, message))
  const quoted =
    texts.find(text => message.includes(goQuote(text))) ??
    named.toSorted((a, b) => b.length - a.length)[0]
  return quoted ?? texts.find(text => text === '')
}

/**
 * Index of the `nth` token with this text, or of the last one; 0, the directive's name, for none.
 */
const tokenIndex = (
  tokens: readonly Token[],
  argument: string | undefined,
  nth: number,
): number => {
  const indexes = [...tokens.keys()].filter(index => index > 0 && tokens[index]?.text === argument)
  return indexes[Math.min(nth, indexes.length - 1)] ?? 0
}

/**
 * The error with its place. `tokens` are the directive's; `nth` counts failures with the same text
 * from 0.
 */
export const placedError = (error: unknown, tokens: readonly Token[], nth = 0): CorefileError => {
  if (error instanceof CorefileError) return error
  const message = oneLine(messageOf(error))
  const argument = error instanceof ArgumentError ? error.argument : quotedArgument(tokens, message)
  const index = tokenIndex(tokens, argument, nth)
  const hint =
    index === 0 ? undefined : argumentHint(tokens[index]?.text ?? '', tokens[index - 1]?.text ?? '')
  return new CorefileError(message, { code: 'unusable', span: tokens[index]?.span, hint })
}
