// The Corefile syntax of acl.

import { parseCidr } from '../../base/ip.ts'
import type { Directive } from '../../corefile/directive.ts'
import { goQuote } from '../../corefile/quote.ts'
import { normalizeZone, zonesFromArgsOrBlock } from '../../corefile/zones.ts'
import { typeFromText } from '../../wire/rrtypes.ts'

export type Action = 'allow' | 'block' | 'filter' | 'drop'

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

export const parse = (directive: Directive): Rule[] => {
  const rules: Rule[] = []
  while (directive.next()) {
    const zones = readZones(directive)
    const policies: Policy[] = []
    while (directive.nextBlock()) policies.push(readPolicy(directive))
    rules.push({ zones, policies })
  }
  return rules
}

/**
 * CoreDNS skips what is no zone without a word; a rule that then guards less than it says deserves
 * one.
 */
const readZones = (directive: Directive): string[] => {
  const args = directive.remainingArgs()
  for (const arg of args) {
    if (normalizeZone(arg) === undefined)
      directive.warn(`${goQuote(arg)} is not a valid zone: acl does not guard it`, 'invalid-zone')
  }
  return zonesFromArgsOrBlock(args, directive.blockZones)
}

/** What the sections of one kind of a policy say together. A `*` in any of them stands for all. */
interface Selection<T> {
  isAll: boolean
  readonly values: T[]
}

const selected = <T>({ isAll, values }: Selection<T>): T[] | undefined =>
  isAll || values.length === 0 ? undefined : values

const readPolicy = (directive: Directive): Policy => {
  const action = readAction(directive)
  const types: Selection<number> = { isAll: false, values: [] }
  const nets: Selection<string> = { isAll: false, values: [] }
  const words = directive.remainingArgs()
  while (words.length > 0) {
    if (takeSection(directive, words) === 'type')
      takeValues(directive, words, 'type', types, readType)
    else takeValues(directive, words, 'net', nets, readNet)
  }
  return { action, types: selected(types), nets: selected(nets) }
}

const readAction = (directive: Directive): Action => {
  const action = directive.val().toLowerCase()
  if (action === 'allow' || action === 'block' || action === 'filter' || action === 'drop')
    return action
  const text = `unexpected token ${goQuote(directive.val())}; expect 'allow', 'block', 'filter' or 'drop'`
  throw directive.unknownOption(text, ['allow', 'block', 'filter', 'drop'])
}

const isSection = (word: string): boolean => /^(type|net)$/i.test(word)

const takeSection = (directive: Directive, words: string[]): string => {
  const word = words.shift() ?? ''
  if (!isSection(word))
    throw directive.err(`unexpected token ${goQuote(word)}; expect 'type | net'`)
  return word.toLowerCase()
}

/** Takes the words of one section. What stands behind a `*` is not read, as in CoreDNS. */
const takeValues = <T>(
  directive: Directive,
  words: string[],
  section: string,
  selection: Selection<T>,
  read: (directive: Directive, word: string) => T,
): void => {
  const end = words.findIndex(isSection)
  const listed = words.splice(0, end < 0 ? words.length : end)
  if (listed.length === 0) throw directive.err(`no token specified in ${goQuote(section)} section`)
  for (const word of listed) {
    if (word === '*') {
      selection.isAll = true
      return
    }
    selection.values.push(read(directive, word))
  }
}

const readType = (directive: Directive, word: string): number => {
  const type = typeFromText(word)
  if (type === undefined)
    throw directive.err(`unexpected token ${goQuote(word)}; expect legal QTYPE`)
  return type
}

const readNet = (directive: Directive, word: string): string => {
  const net = word.includes('/') ? word : word.includes(':') ? `${word}/128` : `${word}/32`
  if (parseCidr(net) === undefined) throw directive.err(`illegal CIDR notation ${goQuote(net)}`)
  return net
}
