// Where in the Corefile a failure belongs that was found after parsing: at the argument that its text quotes, else at the directive's name.

import { messageOf } from '../core/errors.ts'
import { CorefileError } from '../corefile/diagnostic.ts'
import { argumentHint } from '../corefile/hints.ts'
import { goQuote } from '../corefile/quote.ts'
import type { Token } from '../corefile/span.ts'

const BOUNDARY = String.raw`[\s"'(),:;/]`

const isQuoted = (text: string, message: string): boolean =>
  message.includes(goQuote(text)) ||
  (text.length > 1 && new RegExp(`(?:^|${BOUNDARY})${RegExp.escape(text)}(?:$|${BOUNDARY})`).test(message))

/** Index of the token that the message is about, the `nth` of those with the same text; 0 for the directive's name. */
const quotedToken = (tokens: readonly Token[], message: string, nth: number): number => {
  let best: string | undefined
  for (const { text } of tokens.slice(1)) {
    if ((best === undefined || text.length > best.length) && isQuoted(text, message)) best = text
  }
  if (best === undefined) return 0
  const indexes = [...tokens.keys()].filter(index => index > 0 && tokens[index]?.text === best)
  return indexes[Math.min(nth, indexes.length - 1)] ?? 0
}

/** The error with its place. `tokens` are the directive's; `nth` counts failures with the same text from 0. */
export const placedError = (error: unknown, tokens: readonly Token[], nth = 0): CorefileError => {
  if (error instanceof CorefileError) return error
  const message = messageOf(error)
  const index = quotedToken(tokens, message, nth)
  const hint = index === 0 ? undefined : argumentHint(tokens[index]?.text ?? '', tokens[index - 1]?.text ?? '')
  return new CorefileError(message, { code: 'unusable', span: tokens[index]?.span, hint })
}
