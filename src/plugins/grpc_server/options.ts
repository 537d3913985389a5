// `grpc_server { max_streams COUNT; max_connections COUNT }`. Only the first occurrence in a block
// is read, as in CoreDNS.

import type { StreamServing } from '../../chain/listening.ts'
import { limit } from '../../corefile/options/limit-row.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'

const reader = new OptionReader({
  rows: {
    maxStreams: limit('max_streams', {
      otherwise: 256,
      least: 0,
      does: 'calls of one connection at a time, 0 for 1000',
    }),
    maxConnections: limit('max_connections', {
      otherwise: 200,
      least: 0,
      does: 'connections of a listener for gRPC, 0 for any number',
    }),
  },
})

export const options: OptionTable<Partial<StreamServing>> = {
  facts: reader.facts,
  parse(directive) {
    directive.next()
    const { maxStreams, maxConnections } = reader.readOccurrence(directive)
    return {
      ...(maxStreams !== undefined && { maxStreams }),
      ...(maxConnections !== undefined && { maxConnections }),
    }
  },
}
