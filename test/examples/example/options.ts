// `example ADDRESS [ZONES...]`, once per server block.

import { isIPv4 } from 'node:net'
import {
  flag,
  option,
  requiredArgument,
  zonesArgument,
} from '../../../src/corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../../src/corefile/options/option-table.ts'
import { checked, ttl } from '../../../src/corefile/options/values.ts'

export interface ExampleOptions {
  readonly address: string
  readonly zones: readonly string[]
  readonly ttlSeconds: number
  readonly isLogged: boolean
}

const ipv4 = checked('ADDRESS', isIPv4, word => word.err(`'${word.text}' is no IPv4 address`))

export const options: OptionTable<ExampleOptions> = optionTable('once', {
  rows: {
    address: requiredArgument('ADDRESS', ipv4, { does: 'what A queries are answered with' }),
    zones: zonesArgument('zones whose names are answered'),
    ttlSeconds: option('ttl', ttl({ least: 0, most: 3600 }), {
      default: '60',
      does: 'TTL of answers',
    }),
    isLogged: flag('log', { does: 'log each answer' }),
  },
})
