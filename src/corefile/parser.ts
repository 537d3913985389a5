// A Corefile and what it imports, to server blocks: up to the first error, as CoreDNS reads it, or
// past all errors, as a reader wants it.

import { BlockParser, type Report } from './block-parser.ts'
import { CorefileError } from './diagnostic.ts'
import type { Environment } from './env.ts'
import type { Loader } from './loader.ts'
import type { CorefileSource, ParsedCorefile } from './server-block.ts'

/** More errors of one text than anybody reads. */
const ERROR_LIMIT = 100

/** `failure` is what ended the parse, if something did. */
const parse = (
  source: CorefileSource,
  loader: Loader,
  env: Environment,
  report: Report,
  order?: readonly string[],
) => {
  const parser = new BlockParser(source, loader, env, report, order)
  let failure: CorefileError | undefined
  try {
    parser.parseAll()
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error
    failure = error
    parser.finishBroken()
  }
  const { blocks, warnings, unset, importer } = parser
  const parsed: ParsedCorefile = { blocks, warnings, unset, files: importer.files }
  return { parsed, failure }
}

/**
 * Reads a Corefile and what it imports. Throws the first CorefileError. No server blocks (an empty
 * file, only comments or snippets) is no error: the built-in Corefile is used then. `order` are the
 * directives that there are.
 */
export const parseCorefile = (
  source: CorefileSource,
  loader: Loader,
  env: Environment,
  order?: readonly string[],
): ParsedCorefile => {
  const report = (error: CorefileError): never => {
    throw error
  }
  const { parsed, failure } = parse(source, loader, env, report, order)
  if (failure !== undefined) throw failure
  return parsed
}

export interface Survey {
  /** What was understood. */
  readonly parsed: ParsedCorefile
  /** In the order of the text: the first is the one that parseCorefile throws. */
  readonly errors: readonly CorefileError[]
}

/** The same, going on after an error where that makes sense. Throws nothing. */
export const surveyCorefile = (
  source: CorefileSource,
  loader: Loader,
  env: Environment,
  order?: readonly string[],
): Survey => {
  const errors: CorefileError[] = []
  const report = (error: CorefileError): void => {
    errors.push(error)
    if (errors.length === ERROR_LIMIT) throw error
  }
  const { parsed, failure } = parse(source, loader, env, report, order)
  return {
    parsed,
    errors: failure === undefined || errors.includes(failure) ? errors : [...errors, failure],
  }
}
