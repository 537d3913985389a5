// `https3 { max_streams COUNT; max_connections COUNT }`. Only the first occurrence in a block is
// read, as in CoreDNS; what it says has no effect, since no listener is of that kind.

import { limit } from '../../corefile/options/limit-row.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'

const reader = new OptionReader({
  rows: {
    maxStreams: limit('max_streams', {
      otherwise: 256,
      least: 0,
      does: 'requests of one connection at a time',
    }),
    maxConnections: limit('max_connections', {
      otherwise: 200,
      least: 0,
      does: 'connections of a listener for DNS over HTTP/3',
    }),
  },
})

export const options: OptionTable<undefined> = {
  facts: reader.facts.map(fact => ({ ...fact, support: 'retired' })),
  parse(directive) {
    directive.next()
    reader.readOccurrence(directive)
    return undefined
  },
}
