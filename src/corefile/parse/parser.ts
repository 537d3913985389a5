// Parses a Corefile and its imports to server blocks: up to the first error, as CoreDNS does, or
// past errors to report all of them.

import { CorefileError } from '../diagnostics/diagnostic.ts'
import type { CorefileSource, ParsedCorefile } from '../server-block.ts'
import { BlockParser, type Report } from './block-parser.ts'
import type { Environment } from './env.ts'
import type { Loader } from './loader.ts'

/** More errors of one text than are useful to read. */
const ERROR_LIMIT = 100

/** `failure` is the error that ended the parse, if one did. */
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
 * Reads a Corefile and its imports. Throws the first CorefileError. No server blocks (an empty
 * file, only comments or snippets) is no error: the built-in Corefile is used then. `order` are the
 * names of all directives.
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
  /** The parts that could be parsed. */
  readonly parsed: ParsedCorefile
  /** In the order of the text: the first is the one that parseCorefile throws. */
  readonly errors: readonly CorefileError[]
}

/** The same, but goes on after an error where possible. Never throws. */
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
