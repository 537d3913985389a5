// The Corefile syntax of dns64.

import { type IpPrefix, ipToText, parseCidr } from '../../base/ip.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { argument, flag, option } from '../../corefile/options/option-rows.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'
import type { Argument, Value } from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'

export interface Prefix {
  /** 16 bytes in hex, zero behind the prefix. */
  readonly hex: string
  readonly bits: number
}

export interface Dns64Options {
  readonly prefix: Prefix
  /** Whether AAAA records are passed over. */
  readonly isForAll: boolean
  readonly hasIpv4: boolean
}

const LEAST_BITS = 32
const MOST_BITS = 96

const asPrefix = ({ bytes, bits }: IpPrefix): Prefix => ({
  hex: Buffer.from(bytes).toString('hex'),
  bits,
})

const readPrefix = (word: Argument): Prefix => {
  const cidr = parseCidr(word.text)
  if (cidr === undefined) throw word.plainErr(`invalid CIDR address: ${word.text}`)
  const { bytes, bits } = cidr
  const shown = goQuote(`${ipToText(bytes)}/${bits}`)
  if (cidr.family === 4)
    throw word.err(`invalid netmask ${bytes.length * 8} IPv6 address: ${shown}`)
  if (bits % 8 !== 0 || bits < LEAST_BITS || bits > MOST_BITS)
    throw word.err(`invalid prefix length ${shown}`)
  return asPrefix(cidr)
}

const prefix: Value<Prefix> = {
  word: 'PREFIX',
  range: '/32 to /96',
  read: readPrefix,
}

interface Read {
  readonly argument: Prefix | undefined
  readonly option: Prefix | undefined
  readonly isForAll: boolean
  readonly hasIpv4: boolean
}

const DEFAULT = '64:ff9b::/96'

const reader = new OptionReader<Read>({
  rows: {
    argument: argument('PREFIX', prefix, {
      unset: undefined,
      otherwise: DEFAULT,
      does: 'what is put in front of IPv4 addresses',
    }),
    option: option('prefix', prefix, {
      unset: undefined,
      otherwise: DEFAULT,
      surplus: 'next-line',
      does: 'another way to say PREFIX',
    }),
    isForAll: flag('translate_all', {
      surplus: 'next-line',
      does: 'do not use AAAA records even where there are some',
    }),
    hasIpv4: flag('allow_ipv4', {
      surplus: 'next-line',
      does: 'look at queries that come by IPv4, too',
    }),
  },
})

export const options: OptionTable<Dns64Options> = {
  facts: reader.facts,
  /** Each occurrence adds to those before it. */
  parse(directive) {
    let found: Dns64Options = {
      prefix: asPrefix(parseCidr(DEFAULT)!),
      isForAll: false,
      hasIpv4: false,
    }
    while (directive.next()) {
      const { token } = directive
      const read = reader.readOccurrence(directive)
      found = { ...found, prefix: read.option ?? read.argument ?? found.prefix }
      if (read.argument === undefined)
        found = {
          ...found,
          isForAll: found.isForAll || read.isForAll,
          hasIpv4: found.hasIpv4 || read.hasIpv4,
        }
      else if (read.isForAll || read.hasIpv4) warnOfOptions(directive, token)
    }
    return found
  },
}

const warnOfOptions = (directive: Directive, token: Directive['token']): void =>
  directive.warn(
    `translate_all and allow_ipv4 have no effect behind a PREFIX: say it with 'prefix' in the block`,
    'dns64-options',
    token,
  )
