// `edns0 local|nsid|subnet set|append|replace|unset ... [revert]`.

import { isMetadataLabel } from '../../chain/offers/metadata.ts'
import type { Argument } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { OPTION_ECS, OPTION_NSID } from '../../wire/edns.ts'
import { EDNS_ACTIONS, EDNS_VARIABLES, type EdnsData, type EdnsRule } from './rule.ts'

/** Limit of the data that one rule puts into an option. */
const MOST_DATA_BYTES = 4096

export const readEdnsRule = (field: Argument, words: readonly Argument[]): EdnsRule => {
  const [kind, verb, ...rest] = words
  if (kind === undefined || verb === undefined)
    throw field.plainErr('too few arguments for an EDNS0 rule')
  const action = EDNS_ACTIONS.find(known => known === verb.text.toLowerCase())
  if (action === undefined)
    throw verb.plainErr(`invalid action: ${goQuote(verb.text.toLowerCase())}`)
  const isReverted = rest.at(-1)?.text === 'revert'
  if (isReverted && action === 'unset')
    throw (rest.at(-1) ?? verb).plainErr('EDNS0 unset rules do not accept revert')
  const operands = isReverted ? rest.slice(0, -1) : rest
  return { kind: 'edns0', action, isReverted, ...readOption(kind, action, operands) }
}

const NO_DATA: EdnsData = { of: 'literal', hex: '' }

const readOption = (
  kind: Argument,
  action: EdnsRule['action'],
  words: readonly Argument[],
): Pick<EdnsRule, 'code' | 'data'> => {
  const isUnset = action === 'unset'
  const [first, second] = words
  switch (kind.text.toLowerCase()) {
    case 'nsid':
      if (words.length > 0) throw kind.plainErr('EDNS0 NSID rules do not accept args')
      return { code: OPTION_NSID, data: NO_DATA }
    case 'local':
      if (first === undefined || words.length !== (isUnset ? 1 : 2))
        throw kind.plainErr(`EDNS0 local rules require exactly ${isUnset ? 'two' : 'three'} args`)
      return { code: readNumber(first), data: second === undefined ? NO_DATA : readData(second) }
    case 'subnet':
      if (words.length !== (isUnset ? 0 : 2))
        throw kind.plainErr(
          `EDNS0 subnet rules require exactly ${isUnset ? 'one arg' : 'three args'}`,
        )
      return {
        code: OPTION_ECS,
        data:
          first === undefined || second === undefined
            ? NO_DATA
            : { of: 'subnet', bits4: readBits(first, 4, 32), bits6: readBits(second, 6, 128) },
      }
    default:
      throw kind.plainErr(`invalid rule type ${goQuote(kind.text.toLowerCase())}`)
  }
}

const readBits = (word: Argument, version: 4 | 6, most: number): number => {
  const bits = readNumber(word)
  if (bits > most) throw word.plainErr(`invalid IPv${version} bit mask length ${bits}`)
  return bits
}

const BASES: readonly (readonly [digits: RegExp, start: string])[] = [
  [/^0[xX](_?[0-9a-fA-F]+)+$/, '0x'],
  [/^0[bB](_?[01]+)+$/, '0b'],
  [/^0[oO]?(_?[0-7]+)+$/, '0o'],
  [/^(0|[1-9](_?[0-9]+)*)$/, ''],
]

/** strconv.ParseUint in base 0 and 16 bits: Go's integer syntax. */
const readNumber = (word: Argument): number => {
  const { text } = word
  const base = text.length > 64 ? undefined : BASES.find(([digits]) => digits.test(text))
  if (base === undefined)
    throw word.plainErr(`strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`)
  const [, start] = base
  const digits = text.replaceAll('_', '').replace(/^0[xXbBoO]?(?=.)/, '')
  const value = Number(`${start}${digits}`)
  if (value > 0xffff)
    throw word.plainErr(`strconv.ParseUint: parsing ${goQuote(text)}: value out of range`)
  return value
}

const readData = (word: Argument): EdnsData => {
  const { text } = word
  if (text.startsWith('{') && text.endsWith('}')) return readVariable(word, text.slice(1, -1))
  const hex = text.startsWith('0x')
    ? readHex(word, text.slice(2))
    : Buffer.from(text).toString('hex')
  if (hex.length > 2 * MOST_DATA_BYTES)
    throw word.plainErr(
      `the data of an EDNS0 option is ${hex.length / 2} bytes long: more than ${MOST_DATA_BYTES}`,
    )
  return { of: 'literal', hex }
}

const readVariable = (word: Argument, name: string): EdnsData => {
  const isKnown = EDNS_VARIABLES.some(variable => variable === name) || isMetadataLabel(name)
  if (!isKnown) throw word.plainErr(`unsupported variable name ${goQuote(word.text)}`)
  return { of: 'variable', name }
}

/** Reads hex as Go's encoding/hex does, with its error texts. It works on bytes. */
const readHex = (word: Argument, text: string): string => {
  const wrong = /[^0-9a-fA-F]/.exec(Buffer.from(text).toString('latin1'))?.[0]
  if (wrong !== undefined) {
    const code = wrong.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    throw word.plainErr(`encoding/hex: invalid byte: U+${code} '${wrong}'`)
  }
  if (text.length % 2 === 1) throw word.plainErr('encoding/hex: odd length hex string')
  return text.toLowerCase()
}
