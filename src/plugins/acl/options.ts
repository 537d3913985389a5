// The Corefile syntax of acl.

import { parseCidr } from '../../base/ip.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { argumentFacts, optionFacts } from '../../corefile/options/option-rows.ts'
import type { OptionTable } from '../../corefile/options/option-table.ts'
import { Argument, parsed, type Value } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { normalizeZone, zonesFromArgsOrBlock } from '../../corefile/words/zones.ts'
import { typeFromText } from '../../wire/rrtypes.ts'

const ACTIONS = ['allow', 'block', 'filter', 'drop'] as const

export type Action = (typeof ACTIONS)[number]

export interface Policy {
  readonly action: Action
  /** RR types; undefined is all. */
  readonly types: readonly number[] | undefined
  /** CIDR notation; undefined is all of IPv4 and IPv6. */
  readonly nets: readonly string[] | undefined
}

/** One `acl` directive. */
export interface Rule {
  readonly zones: readonly string[]
  readonly policies: readonly Policy[]
}

const SELECTION = '[type QTYPES...] [net SOURCES...]'

export const options: OptionTable<Rule[]> = {
  facts: [
    argumentFacts('ZONES', '[ZONES...]', {
      otherwise: 'those of the server block',
      does: 'zones that the rule is for',
    }),
    optionFacts('allow', SELECTION, { does: 'pass the query on; no further rule is looked at' }),
    optionFacts('block', SELECTION, { does: 'answer REFUSED' }),
    optionFacts('filter', SELECTION, { does: 'answer NOERROR without records' }),
    optionFacts('drop', SELECTION, { does: 'do not answer' }),
    optionFacts('type', 'QTYPES...', {
      otherwise: '*',
      does: 'behind an action: record types that it is for',
    }),
    optionFacts('net', 'SOURCES...', {
      otherwise: '*',
      does: 'behind an action: addresses and prefixes of clients that it is for',
    }),
  ],
  parse(directive) {
    const rules: Rule[] = []
    while (directive.next()) {
      const zones = readZones(directive)
      const policies: Policy[] = []
      while (directive.nextBlock()) policies.push(readPolicy(directive))
      rules.push({ zones, policies })
    }
    return rules
  },
}

/**
 * CoreDNS silently skips words that are no zones. We warn, since the rule then protects less than
 * it seems to.
 */
const readZones = (directive: Directive): string[] => {
  const tokens = directive.remainingTokens()
  for (const token of tokens) {
    if (normalizeZone(token.text) === undefined)
      directive.warn(
        `${goQuote(token.text)} is not a valid zone: acl does not guard it`,
        'invalid-zone',
        token,
      )
  }
  return zonesFromArgsOrBlock(
    tokens.map(({ text }) => text),
    directive.blockZones,
  )
}

const qtype = parsed('QTYPE', typeFromText, word =>
  word.err(`unexpected token ${goQuote(word.text)}; expect legal QTYPE`),
)

/** An address without a prefix stands for itself alone. */
const asPrefix = (text: string): string => {
  if (text.includes('/')) return text
  return text.includes(':') ? `${text}/128` : `${text}/32`
}

const source: Value<string> = parsed(
  'SOURCE',
  text => (parseCidr(asPrefix(text)) === undefined ? undefined : asPrefix(text)),
  word => word.err(`illegal CIDR notation ${goQuote(asPrefix(word.text))}`),
)

/** What the sections of one kind of a policy say together. A `*` in any of them stands for all. */
interface Selection<T> {
  readonly value: Value<T>
  isAll: boolean
  readonly values: T[]
}

const selected = <T>({ isAll, values }: Selection<T>): T[] | undefined =>
  isAll || values.length === 0 ? undefined : values

const readPolicy = (directive: Directive): Policy => {
  const action = readAction(directive)
  const types: Selection<number> = { value: qtype, isAll: false, values: [] }
  const nets: Selection<string> = { value: source, isAll: false, values: [] }
  const words = directive.remainingTokens().map(token => new Argument(directive, token))
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!isSection(word))
      throw word.err(`unexpected token ${goQuote(word.text)}; expect 'type | net'`)
    if (word.text.toLowerCase() === 'type') takeValues(word, words, types)
    else takeValues(word, words, nets)
  }
  return { action, types: selected(types), nets: selected(nets) }
}

const readAction = (directive: Directive): Action => {
  const written = directive.val().toLowerCase()
  const action = ACTIONS.find(known => known === written)
  if (action !== undefined) return action
  const text = `unexpected token ${goQuote(directive.val())}; expect 'allow', 'block', 'filter' or 'drop'`
  throw directive.unknownOption(text, ACTIONS)
}

const isSection = ({ text }: Argument): boolean => /^(type|net)$/i.test(text)

/** Takes the words of one section. What stands behind a `*` is not read, as in CoreDNS. */
const takeValues = <T>(head: Argument, words: Argument[], selection: Selection<T>): void => {
  const end = words.findIndex(isSection)
  const listed = words.splice(0, end < 0 ? words.length : end)
  if (listed.length === 0)
    throw head.err(`no token specified in ${goQuote(head.text.toLowerCase())} section`)
  for (const word of listed) {
    if (word.text === '*') {
      selection.isAll = true
      return
    }
    selection.values.push(selection.value.read(word))
  }
}
