// `quic { max_streams COUNT; worker_pool_size COUNT }`. Only the first occurrence in a block is
// read, as in CoreDNS; what it says has no effect, since no listener is of that kind.

import { limit } from '../../corefile/options/limit-row.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'

const reader = new OptionReader({
  rows: {
    maxStreams: limit('max_streams', {
      otherwise: 256,
      least: 1,
      does: 'queries of one connection at a time',
    }),
    workerPoolSize: limit('worker_pool_size', {
      otherwise: 1024,
      least: 1,
      does: 'queries of all connections at a time',
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
