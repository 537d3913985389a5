// `shardns fmt`: Corefiles in the usual layout, printed, written back, or told of. Flags: -w is
// gofmt's and caddy fmt's, --check that of terraform fmt. With the former two -d shows a
// difference: it is not taken for anything else.

import { replaceFile } from '../base/files/replace-file.ts'
import { readTextFile, TEXT_FILE_BYTES } from '../base/files/text-file.ts'
import { messageOf } from '../chain/errors.ts'
import { CorefileError, renderDiagnostic } from '../corefile/diagnostics/diagnostic.ts'
import { formatCorefile } from '../corefile/format.ts'
import { type ChooseNames, type CorefilePath, corefilePaths, STDIN } from './corefile-paths.ts'
import { GoFlagError } from './go-flags.ts'
import { runVerb, type VerbWorld } from './verb.ts'

interface FormatWorld extends VerbWorld {
  /** Contents of standard input. */
  readonly stdin: () => string
}

const EXIT_FINDINGS = 1
const EXIT_UNREADABLE = 2

/** What is written over must be a Corefile for sure. */
const surely: ChooseNames = names =>
  names.filter(name => /^Corefile(?:[.-][\w-]+)?$|[.-][Cc]orefile$/.test(name))

type Mode = 'print' | 'write' | 'check'

const modeOf = (flags: ReadonlySet<string>): Mode => {
  if (flags.has('write') && flags.has('check'))
    throw new GoFlagError('-write and -check exclude each other')
  if (flags.has('write')) return 'write'
  return flags.has('check') ? 'check' : 'print'
}

/** The exit code that one file asks for. */
const formatOne = (target: CorefilePath, mode: Mode, world: FormatWorld): number => {
  const { path } = target
  let text: string
  try {
    if ('problem' in target) throw new Error(target.problem)
    text = path === STDIN ? world.stdin() : readTextFile(path)
  } catch (error) {
    world.err(`${messageOf(error)}\n`)
    return EXIT_UNREADABLE
  }
  try {
    const formatted = formatCorefile({ text, name: path, limit: TEXT_FILE_BYTES })
    return deliver(path, formatted, formatted !== text, mode, world)
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error
    world.err(`${renderDiagnostic(error.toDiagnostic(), new Map([[path, text]]))}\n`)
    return EXIT_FINDINGS
  }
}

const deliver = (
  path: string,
  formatted: string,
  isChanged: boolean,
  mode: Mode,
  world: FormatWorld,
): number => {
  if (mode === 'print') world.out(formatted)
  else if (!isChanged) return 0
  else if (mode === 'check') {
    world.out(`${path}\n`)
    return EXIT_FINDINGS
  } else {
    try {
      replaceFile(path, formatted)
    } catch (error) {
      world.err(`${messageOf(error)}\n`)
      return EXIT_UNREADABLE
    }
  }
  return 0
}

/**
 * Formats the Corefiles that the arguments name (see corefilePaths), each for itself; resolves to
 * the exit code: 0, 1 if one cannot be formatted or would change, 2 if one cannot be read or
 * written.
 */
export const format = (args: readonly string[], world: FormatWorld): Promise<number> =>
  runVerb('fmt', args, world, (flags, words) => {
    const mode = modeOf(flags)
    const targets = corefilePaths(words, surely)
    if (mode === 'write' && targets.some(({ path }) => path === STDIN))
      throw new GoFlagError('-write has no file to write to: standard input is printed')
    return Math.max(0, ...targets.map(target => formatOne(target, mode, world)))
  })
