// What CoreDNS accepts in silence and hardly anybody means: warnings of `check` alone.

import type { Diagnostic } from '../corefile/diagnostic.ts'
import { parseDuration } from '../corefile/duration.ts'
import { misnamedBlock, misnamedKeys, warningWithUnset } from '../corefile/hints.ts'
import type { ServerBlock } from '../corefile/server-block.ts'
import { startsNewLine, type Token } from '../corefile/span.ts'
import type { Inspection } from '../process/load/load.ts'
import { zoneSyntaxWarning } from '../process/load/zone-syntax.ts'

const warning = (code: string, message: string, token?: Token): Diagnostic => ({
  severity: 'warning',
  code,
  message,
  ...(token && { span: token.span }),
})

export const suspicionsOf = ({ config, parsed, errors, unset }: Inspection): Diagnostic[] => {
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
  const all = [
    ...braces,
    ...parsed.flatMap(misnamedBlock),
    ...zones,
    ...parsed.flatMap(cacheDurations),
  ]
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

/** `cache 30s`: a TTL is a bare number, anything else is a zone. */
const cacheDurations = ({ directives, occurrences }: ServerBlock): Diagnostic[] => {
  const tokens = directives.get('cache') ?? []
  const starts = occurrences.get('cache')?.starts ?? []
  return starts.flatMap(start => {
    const argument = tokens[start + 1]
    if (argument === undefined || startsNewLine(tokens[start], argument)) return []
    if (!/^\d+[a-zµ]/.test(argument.text) || parseDuration(argument.text) === undefined) return []
    const message = `'${argument.text}' is read as a zone: the TTL is a bare number of seconds, as in cache 30`
    return [warning('cache-duration', message, argument)]
  })
}
