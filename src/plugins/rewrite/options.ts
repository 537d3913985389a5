// The Corefile syntax of rewrite: one rule for each directive, on its line or in its block. Most of
// CoreDNS's texts are without FILE:LINE; their place is kept beside them.

import { didYouMean } from '../../corefile/diagnostics/nearest.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { argumentFacts, optionFacts } from '../../corefile/options/option-rows.ts'
import type { OptionTable } from '../../corefile/options/option-table.ts'
import { Argument } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { classFromText, typeFromText } from '../../wire/rrtypes.ts'
import { readEdnsRule } from './edns-options.ts'
import { readNameRule } from './name-options.ts'
import { readCnameRule, readRcodeRule, readTtlRule } from './reply-options.ts'
import type { Change, Rule } from './rule.ts'

const NAMES = '[exact|prefix|suffix|substring|regex]'

export const options: OptionTable<Rule[]> = {
  facts: [
    argumentFacts('stop|continue', '[stop|continue]', {
      otherwise: 'stop',
      does: 'whether further rules are looked at where this one applies',
    }),
    optionFacts('name', `${NAMES} FROM TO`, { does: 'ask for another name' }),
    optionFacts('answer', 'auto | name FROM TO | value FROM TO', {
      does: 'behind a name rule: rename what the reply holds',
    }),
    optionFacts('type', 'FROM TO', { does: 'ask for another type' }),
    optionFacts('class', 'FROM TO', { does: 'ask in another class' }),
    optionFacts('edns0', 'local|nsid|subnet set|append|replace|unset [ARGUMENTS...] [revert]', {
      does: 'change an EDNS option of the question',
    }),
    optionFacts('ttl', `${NAMES} NAME SECONDS|MIN-MAX|MIN-|-MAX`, {
      does: 'set or bound the TTLs of the reply',
    }),
    optionFacts('rcode', `${NAMES} NAME FROM TO`, { does: 'answer with another rcode' }),
    optionFacts('cname', `${NAMES} FROM TO`, { does: 'let aliases lead elsewhere' }),
  ],
  parse(directive) {
    const rules: Rule[] = []
    while (directive.next()) rules.push(readRule(directive))
    return rules
  },
}

const readRule = (directive: Directive): Rule => {
  const start = new Argument(directive, directive.token)
  const words = directive.remainingTokens().map(token => new Argument(directive, token))
  if (words.length < 2)
    while (directive.nextBlock()) words.push(new Argument(directive, directive.token))
  else if (directive.nextArg()) throw blockErr(new Argument(directive, directive.token))
  const [first] = words
  if (first === undefined) throw noRuleType(start)
  const mode = first.text.toLowerCase()
  const isMode = mode === 'stop' || mode === 'continue'
  const [field, ...rest] = isMode ? words.slice(1) : words
  if (field === undefined) throw first.plainErr(`${mode} rule must begin with a rule type`)
  return { isLast: mode !== 'continue', ...readField(field, rest) }
}

const noRuleType = (word: Argument) => word.plainErr('no rule type specified for rewrite')

const blockErr = (brace: Argument) =>
  brace.plainErr('no rule type specified for rewrite', {
    hint: 'a block stands behind rewrite alone, rewrite stop or rewrite continue',
  })

/** Reads a rule from the word that names the field and the words after it. */
type FieldReader = (field: Argument, words: readonly Argument[]) => Change

const number =
  (
    kind: 'type' | 'class',
    read: (text: string) => number | undefined,
    isNumeric: RegExp,
  ): FieldReader =>
  (field, words) => {
    const [from, to] = words
    if (from === undefined || to === undefined || words.length > 2)
      throw field.plainErr(`${kind} rules must have exactly two arguments`)
    const value = (word: Argument): number => {
      const text = word.text.toUpperCase()
      const known = isNumeric.test(text) ? undefined : read(text)
      if (known === undefined) throw word.plainErr(`invalid ${kind} ${goQuote(text)}`)
      return known
    }
    return { kind, from: value(from), to: value(to) }
  }

const READERS: ReadonlyMap<string, FieldReader> = new Map<string, FieldReader>([
  ['name', readNameRule],
  ['type', number('type', typeFromText, /^TYPE/)],
  ['class', number('class', classFromText, /^CLASS/)],
  ['edns0', readEdnsRule],
  ['ttl', readTtlRule],
  ['rcode', readRcodeRule],
  ['cname', readCnameRule],
])

const readField: FieldReader = (field, words) => {
  const name = field.text.toLowerCase()
  if (name === 'answer') throw field.plainErr('response rewrites must begin with a name rule')
  const read = READERS.get(name)
  if (read === undefined)
    throw field.plainErr(`invalid rule type ${goQuote(field.text)}`, {
      hint: didYouMean(name, [...READERS.keys()]),
    })
  return read(field, words)
}
