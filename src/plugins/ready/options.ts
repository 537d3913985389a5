// `ready [ADDRESS] { monitor until-ready|continuously }`, once per server block.

import { argument, option } from '../../corefile/options/option-rows.ts'
import { type OptionTable, optionTable } from '../../corefile/options/option-table.ts'
import { listenAddress, oneOf } from '../../corefile/options/values.ts'

export type Monitor = 'until-ready' | 'continuously'

export interface ReadyOptions {
  readonly address: string
  readonly monitor: Monitor
}

export const options: OptionTable<ReadyOptions> = optionTable('once', {
  rows: {
    address: argument('ADDRESS', listenAddress, {
      default: ':8181',
      does: 'where /ready is served; all addresses without a host',
    }),
    monitor: option(
      'monitor',
      oneOf(['until-ready', 'continuously'], word =>
        word.err(`monitor type '${word.text}' not supported`),
      ),
      {
        default: 'until-ready',
        does: 'whether a plugin that was ready once is asked again',
      },
    ),
  },
})
