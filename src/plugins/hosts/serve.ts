// hosts in a shard: answers from the newest table.

import { answer, errorReply, type RecordData } from '../../core/answer.ts'
import type { Handler, Stage } from '../../core/handler.ts'
import { parseIp, reverseNameToIp } from '../../core/ip.ts'
import type { Query } from '../../core/query.ts'
import type { Reply } from '../../core/reply.ts'
import type { ServeScope } from '../../core/serve-scope.ts'
import { fallsThrough, ZoneSet } from '../../core/zones.ts'
import { RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_PTR } from '../../wire/rrtypes.ts'
import type { HostsOptions } from './options.ts'
import type { HostsTable } from './table.ts'
import { type TableFeed, TableReader } from './table-feed.ts'

export const serveHosts = (options: HostsOptions, scope: ServeScope, feed: TableFeed): Stage => {
  const reader = new TableReader(feed)
  scope.onRetire(() => reader.close())
  const zones = new ZoneSet(options.zones)
  return { wrap: next => query => respond(options, zones, reader.table, query, next) }
}

const respond = (
  options: HostsOptions,
  zones: ZoneSet,
  table: HostsTable,
  query: Query,
  next: Handler,
): Reply | Promise<Reply> => {
  const { name, folded, type } = query.question
  // Reverse zones need not be among the zones of hosts.
  if (type === TYPE_PTR) {
    const names = namesFor(table, name)
    return names.length === 0 ? next(query) : positive(query, options, names)
  }
  if (zones.match(name) === undefined) return next(query)
  const isSupported = type === TYPE_A || type === TYPE_AAAA
  const addresses = isSupported ? table.addressesOf(folded, type === TYPE_A ? 4 : 6) : []
  if (addresses.length > 0) return positive(query, options, addresses)
  const isKnown = table.has(folded)
  const mayFall = !isKnown || (options.fallUnsupported && !isSupported)
  if (mayFall && fallsThrough(options.fall, name)) return next(query)
  // There is no SOA to go with NXDOMAIN; CoreDNS answers SERVFAIL in its place.
  return isKnown ? answer(query, { aa: true }) : errorReply(query, RCODE_SERVFAIL)
}

const namesFor = (table: HostsTable, name: string): Uint8Array[] => {
  const address = parseIp(reverseNameToIp(name) ?? '')
  return address === undefined ? [] : table.namesOf(address.bytes)
}

/** Records of the question's own type, owned by the qname in lower case. */
const positive = (query: Query, { ttlSeconds }: HostsOptions, items: readonly Uint8Array[]): Reply => {
  const { folded: owner, type } = query.question
  const answers: RecordData[] = items.map(rdata => ({ owner, type, ttlSeconds, rdata }))
  return answer(query, { aa: true, answers })
}
