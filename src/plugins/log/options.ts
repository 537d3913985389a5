// `log [NAMES…] [FORMAT] { class CLASS… }`, any number of times.

import type { ResponseClass } from '../../chain/classify.ts'
import type { Directive } from '../../corefile/directive.ts'
import { COMMON_FORMAT } from './common-format.ts'

const COMBINED_FORMAT = `${COMMON_FORMAT} "{>opcode}"`

const CLASSES: readonly string[] = ['all', 'success', 'denial', 'error']

export interface LogRule {
  /** Lower case with trailing dot. */
  readonly scope: string
  readonly format: string
  /** Undefined: all. */
  readonly classes: readonly ResponseClass[] | undefined
}

export interface LogOptions {
  /** The first whose scope has the qname decides. */
  readonly rules: readonly LogRule[]
}

export function parse(directive: Directive): LogOptions {
  const rules: LogRule[] = []
  while (directive.next()) {
    const { scopes, format } = parseArguments(directive.remainingArgs())
    const classes = parseClasses(directive)
    for (const scope of scopes) rules.push({ scope, format, classes })
  }
  return { rules }
}

/** A single argument is a name, even if it looks like a format. */
function parseArguments(args: readonly string[]): { scopes: string[]; format: string } {
  const last = args.at(-1) ?? ''
  const hasFormat = args.length > 1 && last.includes('{')
  const names = hasFormat ? args.slice(0, -1) : args
  const scopes = names.length === 0 ? ['.'] : names.map(fullyQualified)
  return { scopes, format: hasFormat ? expandNamedFormats(last) : COMMON_FORMAT }
}

const expandNamedFormats = (format: string): string =>
  format.replaceAll('{common}', () => COMMON_FORMAT).replaceAll('{combined}', () => COMBINED_FORMAT)

/** Names are taken as they are, not as zones: no CIDR, no scheme, no port. */
const fullyQualified = (name: string): string =>
  (name.endsWith('.') ? name : `${name}.`).toLowerCase()

function parseClasses(directive: Directive): readonly ResponseClass[] | undefined {
  const words = new Set<string>()
  while (directive.nextBlock()) {
    const property = directive.val()
    if (property !== 'class')
      throw directive.unknownOption(`unknown property '${property}'`, ['class'])
    const args = directive.remainingArgs()
    if (args.length === 0) throw directive.argErr()
    for (const word of args) {
      if (!CLASSES.includes(word)) throw directive.plainErr(`invalid Class: ${word}`)
      words.add(word)
    }
  }
  return words.size === 0 || words.has('all') ? undefined : ([...words] as ResponseClass[])
}
