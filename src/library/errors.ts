// Errors that the library gives to whoever calls it. (A query ends in a ServerError, of
// chain/errors.ts; the reader of a Corefile has an error of its own, of
// corefile/diagnostics/diagnostic.ts.)

import type { Diagnostic } from '../corefile/diagnostics/diagnostic.ts'

/** What the library could not do. The message is a sentence for people. */
export class ShardnsError extends Error {
  /** Stable, upper case, for programs: `COREFILE`, `CLOSED`, … */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ShardnsError'
    this.code = code
  }
}

/** One thing that is wrong with a Corefile, or that hardly anybody means. */
export interface CorefileDiagnostic {
  readonly severity: 'error' | 'warning'
  /** Stable, lower case: `unknown-directive`, `syntax`, … */
  readonly code: string
  readonly message: string
  /** Where it stands, if it stands somewhere: lines and columns count from 1. */
  readonly file?: string
  readonly line?: number
  readonly column?: number
  /** `did you mean 'cache'?` or another sentence that helps. */
  readonly hint?: string
}

/** A Corefile that cannot be served. What was served before a reload is served on. */
export class CorefileError extends ShardnsError {
  /** At least one error; warnings stand among them. */
  readonly diagnostics: readonly CorefileDiagnostic[]

  constructor(diagnostics: readonly CorefileDiagnostic[], options?: ErrorOptions) {
    const { message } = diagnostics.find(({ severity }) => severity === 'error') ?? {
      message: 'the Corefile cannot be served',
    }
    super('COREFILE', message, options)
    this.name = 'CorefileError'
    this.diagnostics = diagnostics
  }
}

/** A diagnostic of the reader, as plain data. */
export const corefileDiagnostic = (diagnostic: Diagnostic): CorefileDiagnostic => {
  const { severity, code, message, span, hint } = diagnostic
  return {
    severity,
    code,
    message,
    ...(span && { file: span.file, line: span.line, column: span.column }),
    ...(hint !== undefined && { hint }),
  }
}
