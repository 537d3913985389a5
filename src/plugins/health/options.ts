// `health [ADDRESS] { lameduck DURATION }`. The last occurrence counts.

import { argument, option } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'
import { duration, listenAddress, type Value } from '../../corefile/options/values.ts'
import { parsePort, splitHostPort } from '../../corefile/words/host-port.ts'

export interface HealthOptions {
  readonly address: string
  /** 0 or less: no lameduck. */
  readonly lameduckMs: number
}

/** Only the address of the last one is used: the ports of the others are not checked. */
const address: Value<string> = {
  ...listenAddress,
  read(word) {
    const split = splitHostPort(listenAddress.read(word))
    if (word.directive.isLast && 'port' in split && parsePort(split.port) === undefined)
      throw word.plainErr(`listen tcp ${word.text}: invalid port ${split.port}`)
    return word.text
  },
}

export const options: OptionTable<HealthOptions> = optionTable('last', {
  rows: {
    address: argument('ADDRESS', address, {
      default: ':8080',
      does: 'where /health is served; all addresses without a host',
    }),
    lameduckMs: option(
      'lameduck',
      duration({
        wrong: (word, why) =>
          word.plainErr(`unable to parse lameduck duration value: '${word.text}' : ${why}`),
      }),
      { default: '0s', does: 'how long to go on serving after SIGTERM or SIGINT' },
    ),
  },
})
