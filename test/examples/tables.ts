// Tables of options that docs/plugins.md shows; tables.test.ts reads Corefiles by them.

import {
  argument,
  finishedTable,
  integer,
  type OptionTable,
  option,
  optionTable,
  text,
  ttl,
} from '../../src/options.ts'

export const twoArguments = optionTable('last', {
  rows: {
    ttlSeconds: argument('TTL', ttl({ least: 0 }), { default: '60', does: 'TTL of answers' }),
    file: argument('FILE', text('FILE'), {
      unset: undefined,
      otherwise: 'no file',
      does: 'where further names stand',
    }),
  },
})

export interface Range {
  readonly least: number
  readonly most: number
}

export const range: OptionTable<Range> = finishedTable(
  'last',
  {
    rows: {
      least: option('least', integer({ least: 0 }), { default: '1', does: 'lower bound' }),
      most: option('most', integer({ least: 0 }), { default: '9', does: 'upper bound' }),
    },
  },
  (read, directive) => {
    if (read.least > read.most) throw directive.err(`least is ${read.least}, most ${read.most}`)
    return read
  },
)
