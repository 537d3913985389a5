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
  others?: readonly string[],
) => {
  const parser = new BlockParser(source, loader, env, report, others)
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
 * file, only comments or snippets) is no error: the built-in Corefile is used then. `others` are
 * directives that the order list has not got.
 */
export const parseCorefile = (
  source: CorefileSource,
  loader: Loader,
  env: Environment,
  others?: readonly string[],
): ParsedCorefile => {
  const report = (error: CorefileError): never => {
    throw error
  }
  const { parsed, failure } = parse(source, loader, env, report, others)
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
): Survey => {
  const errors: CorefileError[] = []
  const { parsed, failure } = parse(source, loader, env, error => {
    errors.push(error)
    if (errors.length === ERROR_LIMIT) throw error
  })
  return {
    parsed,
    errors: failure === undefined || errors.includes(failure) ? errors : [...errors, failure],
  }
}
