// `shardns check`: says what is wrong with Corefiles as the server would find it. Opens no
// listener, sends nothing, runs no control half: it loads the halves, and the inspecting ones look.

import { dirname } from 'node:path'
import { readTextFile } from '../base/files/text-file.ts'
import { messageOf } from '../chain/errors.ts'
import { type Diagnostic, renderDiagnostic } from '../corefile/diagnostics/diagnostic.ts'
import { unsetWarnings } from '../corefile/diagnostics/hints.ts'
import type { Span } from '../corefile/diagnostics/span.ts'
import type { PluginSet } from '../plugins/plugin-set.ts'
import { inspectHalves } from '../process/inspect-halves.ts'
import { inspectMachine } from '../process/inspect-machine.ts'
import { inspectCorefile } from '../process/load/load.ts'
import { type CorefilePath, corefilePaths, STDIN } from './corefile-paths.ts'
import { suspicionsOf } from './suspicions.ts'

export interface CheckOptions {
  readonly format: string
  /** Warnings count as errors. */
  readonly strict: boolean
  /**
   * The Corefile is for another machine: files and interfaces that it names are not looked at,
   * variables that are not set may be so there.
   */
  readonly elsewhere: boolean
  /** Those of the program alone, where nobody says others. */
  readonly plugins?: PluginSet | undefined
}

export interface CheckWorld {
  readonly out: (text: string) => void
  /** Contents of standard input. */
  readonly stdin: () => string
}

interface Finding {
  readonly file: string
  readonly ok: boolean
  readonly isReadable: boolean
  /** In the order of the text, each once, a hundred of a kind at most. */
  readonly diagnostics: readonly Diagnostic[]
  /** Texts of the files that the diagnostics point into. */
  readonly sources: ReadonlyMap<string, string>
}

const EXIT_FINDINGS = 1
const EXIT_UNREADABLE = 2

const unreadable = (file: string, message: string): Finding => {
  const diagnostics = [{ severity: 'error', code: 'unreadable-file', message } as const]
  return { file, ok: false, isReadable: false, diagnostics, sources: new Map() }
}

const inspect = async (
  target: CorefilePath,
  options: CheckOptions,
  world: CheckWorld,
): Promise<Finding> => {
  const { path: file } = target
  if ('problem' in target) return unreadable(file, target.problem)
  let text: string
  try {
    text = file === STDIN ? world.stdin() : readTextFile(file)
  } catch (error) {
    return unreadable(file, messageOf(error))
  }
  const { plugins } = options
  const loaded = await inspectCorefile(text, file, { baseDir: dirname(file), plugins })
  const { errors: faults, whole } = await inspectHalves(loaded)
  const machine = options.elsewhere ? { errors: [], warnings: [] } : await inspectMachine(whole)
  const errors = [...loaded.errors, ...faults, ...machine.errors].map(error => error.toDiagnostic())
  const found = [...loaded.warnings, ...suspicionsOf(loaded), ...machine.warnings]
  const told = new Set([...errors, ...found].map(({ span }) => span))
  const warnings = options.elsewhere ? found : [...found, ...unsetWarnings(loaded.unset, told)]
  const diagnostics = aHundredOfAKind(inOrder([...errors, ...warnings], [...loaded.files.keys()]))
  const ok = errors.length === 0 && !(options.strict && warnings.length > 0)
  return { file, ok, isReadable: true, diagnostics, sources: loaded.files }
}

/**
 * By place, files in the order in which they were read; what has no place comes first. A snippet's
 * errors come once, however often it is used.
 */
const inOrder = (diagnostics: readonly Diagnostic[], files: readonly string[]): Diagnostic[] => {
  const unique = new Map(
    diagnostics.map(diagnostic => [
      JSON.stringify([diagnostic.message, diagnostic.span]),
      diagnostic,
    ]),
  )
  const fileOf = (span: Span | undefined): number =>
    span === undefined ? -1 : files.indexOf(span.file)
  return [...unique.values()].sort(
    ({ span: a }, { span: b }) =>
      fileOf(a) - fileOf(b) ||
      (a?.line ?? 0) - (b?.line ?? 0) ||
      (a?.column ?? 0) - (b?.column ?? 0),
  )
}

const KIND_LIMIT = 100

/** Nobody reads more, and to render a hundred thousand takes minutes. */
const aHundredOfAKind = (diagnostics: readonly Diagnostic[]): Diagnostic[] => {
  const counts = new Map<string, number>()
  return diagnostics.filter(({ severity, code }) => {
    const kind = `${severity} ${code}`
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return count <= KIND_LIMIT
  })
}

const count = (number: number, word: string): string =>
  `${number} ${word}${number === 1 ? '' : 's'}`

const showText = ({ file, diagnostics, sources }: Finding): string => {
  const shown = diagnostics.map(diagnostic => `${renderDiagnostic(diagnostic, sources)}\n`)
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.length - errors
  const parts = [
    errors > 0 && count(errors, 'error'),
    warnings > 0 && count(warnings, 'warning'),
  ].filter(Boolean)
  return `${shown.join('')}${file}: ${parts.join(', ') || 'ok'}\n`
}

const jsonPlace = ({ file, line, column, length }: Span): object => ({ file, line, column, length })

const jsonDiagnostic = ({ severity, code, message, span, hint, related }: Diagnostic): object => ({
  severity,
  code,
  message,
  ...(span && jsonPlace(span)),
  ...(hint !== undefined && { hint }),
  ...(related && { related: { message: related.text, ...jsonPlace(related.span) } }),
})

const showJson = (findings: readonly Finding[]): string => {
  const shown = findings.map(({ file, ok, diagnostics }) => ({
    file,
    ok,
    diagnostics: diagnostics.map(jsonDiagnostic),
  }))
  return `${JSON.stringify(shown, null, 2)}\n`
}

/**
 * Prints what is found in the Corefiles that `args` name (see corefilePaths); resolves to the exit
 * code: 0, 1 if one has errors, 2 if one cannot be read.
 */
export const check = async (
  args: readonly string[],
  options: CheckOptions,
  world: CheckWorld,
): Promise<number> => {
  const findings: Finding[] = []
  for (const target of corefilePaths(args)) findings.push(await inspect(target, options, world))
  world.out(options.format === 'json' ? showJson(findings) : findings.map(showText).join(''))
  if (findings.some(finding => !finding.isReadable)) return EXIT_UNREADABLE
  return findings.every(finding => finding.ok) ? 0 : EXIT_FINDINGS
}
