// `cache 30s`: a TTL is a bare number, anything else is a zone. CoreDNS accepts it in silence.

import type { Diagnostic } from '../../corefile/diagnostic.ts'
import type { Directive } from '../../corefile/directive.ts'
import { parseDuration } from '../../corefile/duration.ts'
import { startsNewLine } from '../../corefile/span.ts'

export const suspicions = (directive: Directive): Diagnostic[] =>
  [...directive.each()].flatMap(({ tokens: [name, argument] }) => {
    if (argument === undefined || startsNewLine(name, argument)) return []
    if (!/^\d+[a-zµ]/.test(argument.text) || parseDuration(argument.text) === undefined) return []
    const message = `'${argument.text}' is read as a zone: the TTL is a bare number of seconds, as in cache 30`
    return [{ severity: 'warning', code: 'cache-duration', message, span: argument.span }]
  })
