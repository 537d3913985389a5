// What CoreDNS accepts in silence and hardly anybody means: warnings of `check` alone.

import type { Diagnostic } from '../corefile/diagnostics/diagnostic.ts'
import { misnamedBlock, misnamedKeys, warningWithUnset } from '../corefile/diagnostics/hints.ts'
import type { Token } from '../corefile/diagnostics/span.ts'
import type { Inspection } from '../process/load/load.ts'
import { zoneSyntaxWarning } from '../process/load/zone-syntax.ts'

const warning = (code: string, message: string, token?: Token): Diagnostic => ({
  severity: 'warning',
  code,
  message,
  ...(token && { span: token.span }),
})

export const suspicionsOf = ({
  config,
  parsed,
  errors,
  unset,
  suspicions,
}: Inspection): Diagnostic[] => {
  if (parsed.length === 0 && errors.length === 0) {
    return [
      warning(
        'no-server-block',
        'no server block: the built-in one, with whoami and log, is served instead',
      ),
    ]
  }
  const told = new Set(errors.map(({ span }) => span))
  const braces = parsed.flatMap(({ keys }) =>
    keys.filter(({ span }) => !told.has(span)).flatMap(braceInKey),
  )
  const spans = new Set([...braces.map(({ span }) => span), ...misnamedKeys(parsed).keys()])
  const zones = (config?.blocks ?? []).flatMap(({ sites }) =>
    // What the server prints beside its zones when it starts.
    sites.flatMap(({ zone, key }): Diagnostic[] => {
      const message = spans.has(key.span) ? undefined : zoneSyntaxWarning(zone)
      return message === undefined ? [] : [warning('zone-syntax', message, key)]
    }),
  )
  const all = [...braces, ...parsed.flatMap(misnamedBlock), ...zones, ...suspicions]
  return all.map(suspicion => warningWithUnset(suspicion, unset))
}

const braceInKey = (key: Token): Diagnostic[] => {
  if (key.text === '}')
    return [warning('stray-brace', `this '}' closes nothing: it is taken for a zone`, key)]
  if (!key.text.endsWith('{')) return []
  return [
    warning(
      'brace-in-zone',
      `a blank is missing before the '{': it is taken for a part of the zone`,
      key,
    ),
  ]
}
