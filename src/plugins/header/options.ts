// The Corefile syntax of header. Rules that follow each other come to one change of flags.

import { didYouMean } from '../../corefile/diagnostics/nearest.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { optionFacts } from '../../corefile/options/option-rows.ts'
import type { OptionTable } from '../../corefile/options/option-table.ts'
import { Argument } from '../../corefile/options/values.ts'

const FLAGS = ['aa', 'ra', 'rd'] as const

/** Flags that are set (true) or cleared. */
export type FlagRules = { readonly [Flag in (typeof FLAGS)[number]]?: boolean }

export interface HeaderOptions {
  readonly query: FlagRules
  readonly response: FlagRules
}

type Draft = { readonly [Selector in keyof HeaderOptions]: Record<string, boolean> }

const RULE = 'set|clear FLAGS...'

export const options: OptionTable<HeaderOptions> = {
  facts: [
    optionFacts('query', RULE, { does: 'flags of queries, for the plugins behind and upstreams' }),
    optionFacts('response', RULE, { does: 'flags of replies that come from the plugins behind' }),
  ],
  /** The first occurrence that has rules counts, as in CoreDNS. */
  parse(directive) {
    let rules = 0
    const draft: Draft = { query: {}, response: {} }
    while (rules === 0 && directive.next()) {
      if (directive.remainingTokens().length > 0) throw directive.argErr()
      for (; directive.nextBlock(); rules++) readRule(directive, draft)
    }
    if (rules === 0) throw directive.argErr()
    return draft
  },
}

const readRule = (directive: Directive, draft: Draft): void => {
  const selector = new Argument(directive, directive.token)
  const help = directive.optionHelp(['query', 'response'])
  const written = selector.text.toLowerCase()
  const words = directive.remainingTokens().map(token => new Argument(directive, token))
  // A rule of older versions of CoreDNS, which knew those for replies only.
  const isShort = written === 'set' || written === 'clear'
  if (!isShort && written !== 'query' && written !== 'response')
    throw selector.plainErr(
      `setting up rule: invalid selector=${written} should be query or response`,
      help,
    )
  const verb = isShort ? selector : words.shift()
  const action = verb?.text.toLowerCase()
  const change = draft[isShort ? 'response' : written]
  if (verb === undefined) throw selector.plainErr('setting up rule: no flag action provided')
  if (words.length === 0)
    throw verb.plainErr(
      'setting up rule: invalid length for flags, at least one should be provided',
    )
  if (action !== 'set' && action !== 'clear')
    throw verb.plainErr(`setting up rule: unknown flag action=${action}, should be set or clear`, {
      hint: didYouMean(verb.text, ['set', 'clear']),
    })
  for (const word of words) change[readFlag(word)] = action === 'set'
}

const readFlag = (word: Argument): string => {
  const flag = word.text.toLowerCase()
  if (FLAGS.some(known => known === flag)) return flag
  throw word.plainErr(`setting up rule: unknown/unsupported flag=${flag}`, {
    hint: didYouMean(flag, FLAGS),
  })
}
