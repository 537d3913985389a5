// `https { max_connections COUNT }`. Only the first occurrence in a block is read, as in CoreDNS.

import type { StreamServing } from '../../chain/listening.ts'
import { limit } from '../../corefile/options/limit-row.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'

export type HttpsOptions = Pick<Partial<StreamServing>, 'maxConnections'>

const reader = new OptionReader({
  rows: {
    maxConnections: limit('max_connections', {
      otherwise: 200,
      least: 0,
      does: 'connections of a listener for DNS over HTTPS, 0 for any number',
    }),
  },
})

export const options: OptionTable<HttpsOptions> = {
  facts: reader.facts,
  parse(directive) {
    directive.next()
    const { maxConnections } = reader.readOccurrence(directive)
    return maxConnections === undefined ? {} : { maxConnections }
  },
}
