// `shardns check`: says what is wrong with Corefiles as the server would find it. Opens no listener, sends nothing, runs no control half.

import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Diagnostic, renderDiagnostic } from '../corefile/diagnostic.ts'
import { openErrorText } from '../corefile/loader.ts'
import { inspectCorefile, type LoadedConfig } from '../server/load.ts'
import { zoneSyntaxWarning } from '../server/zone-syntax.ts'

export const CHECK_FORMATS = ['text', 'json']

export interface CheckOptions {
  readonly format: string
  /** Warnings count as errors. */
  readonly strict: boolean
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
  readonly diagnostics: readonly Diagnostic[]
  /** Texts of the files that the diagnostics point into. */
  readonly sources: ReadonlyMap<string, string>
}

const EXIT_FINDINGS = 1
const EXIT_UNREADABLE = 2

const inspect = (argument: string, strict: boolean, world: CheckWorld): Finding => {
  const file = argument === '-' ? '/dev/stdin' : argument
  let text: string
  try {
    text = argument === '-' ? world.stdin() : readFileSync(argument, 'utf8')
  } catch (error) {
    const diagnostics = [{ severity: 'error', code: 'unreadable-file', message: openErrorText(file, error) } as const]
    return { file, ok: false, isReadable: false, diagnostics, sources: new Map() }
  }
  const { config, errors, warnings: found, files } = inspectCorefile(text, file, { baseDir: dirname(file) })
  const warnings = [...found, ...zoneWarnings(config)]
  const diagnostics = [...errors.map(error => error.toDiagnostic()), ...warnings]
  const ok = errors.length === 0 && !(strict && warnings.length > 0)
  return { file, ok, isReadable: true, diagnostics, sources: files }
}

/** What the server prints beside its zones when it starts. */
const zoneWarnings = (config: LoadedConfig | undefined): Diagnostic[] =>
  (config?.blocks ?? []).flatMap(({ sites }) =>
    sites.flatMap(({ zone, key }): Diagnostic[] => {
      const message = zoneSyntaxWarning(zone)
      return message === undefined ? [] : [{ severity: 'warning', code: 'zone-syntax', message, span: key.span }]
    }),
  )

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`

const showText = ({ file, diagnostics, sources }: Finding): string => {
  const shown = diagnostics.map(diagnostic => {
    const caret = renderDiagnostic(diagnostic, diagnostic.span && sources.get(diagnostic.span.file))
    return diagnostic.severity === 'error' ? `${diagnostic.message}\n${caret}\n` : `${caret}\n`
  })
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.length - errors
  const parts = [errors > 0 && count(errors, 'error'), warnings > 0 && count(warnings, 'warning')].filter(Boolean)
  return `${shown.join('')}${file}: ${parts.join(', ') || 'ok'}\n`
}

const jsonDiagnostic = ({ severity, code, message, span, hint }: Diagnostic): object => ({
  severity,
  code,
  message,
  ...(span && { file: span.file, line: span.line, column: span.column, length: span.length }),
  ...(hint !== undefined && { hint }),
})

const showJson = (findings: readonly Finding[]): string => {
  const shown = findings.map(({ file, ok, diagnostics }) => ({ file, ok, diagnostics: diagnostics.map(jsonDiagnostic) }))
  return `${JSON.stringify(shown, null, 2)}\n`
}

/** Prints what is found in `files`; returns the exit code: 0, 1 if one has errors, 2 if one cannot be read. `-` is standard input. */
export const check = (files: readonly string[], options: CheckOptions, world: CheckWorld): number => {
  const findings = files.map(file => inspect(file, options.strict, world))
  world.out(options.format === 'json' ? showJson(findings) : findings.map(showText).join(''))
  if (findings.some(finding => !finding.isReadable)) return EXIT_UNREADABLE
  return findings.every(finding => finding.ok) ? 0 : EXIT_FINDINGS
}
