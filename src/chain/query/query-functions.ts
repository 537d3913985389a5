// The functions on a query for expressions in a Corefile: `type()`, `client_ip()`, `incidr(…)` and
// the rest of CoreDNS's plugin/pkg/expression.

import { CidrSet, type IpAddress, parseCidr, parseIp } from '../../base/ip.ts'
import type { OwnFunction } from '../../expression/compiler.ts'
import { BOOL, INT, STRING, type Type } from '../../expression/types.ts'
import { asText, type Value } from '../../expression/value.ts'
import { opcodeOf } from '../../wire/header.ts'
import { classToText, typeToText } from '../../wire/rrtypes.ts'
import type { Query } from './query.ts'

export type QueryFunction = OwnFunction<Query>

const telling = (gives: Type, tell: (query: Query) => Value): QueryFunction => ({
  takes: [],
  gives,
  call: tell,
})

/** Over TCP and other streams the only limit is that of a DNS message. */
const MOST_BYTES = 65_535
const LEAST_UDP_BYTES = 512

const replySize = ({ proto, udpSize }: Query): number =>
  proto === 'udp' ? Math.max(LEAST_UDP_BYTES, udpSize) : MOST_BYTES

/** Parsed prefixes: most are constants in the Corefile. Emptied when it is full. */
const prefixes = new Map<string, CidrSet>()
const MOST_PREFIXES = 256

const prefixOf = (text: string): CidrSet => {
  const known = prefixes.get(text)
  if (known !== undefined) return known
  const prefix = parseCidr(text)
  if (prefix === undefined) throw new Error(`invalid CIDR address: ${text}`)
  const set = new CidrSet([prefix])
  if (prefixes.size >= MOST_PREFIXES) prefixes.clear()
  prefixes.set(text, set)
  return set
}

/** The client's address is parsed once for each query. */
const addressOf = (text: string, query: Query): IpAddress => {
  const address = text === query.client.address ? query.address : parseIp(text)
  if (address === undefined || address.bytes.length === 0)
    throw new Error('first argument is not an IP address')
  return address
}

export const QUERY_FUNCTIONS: ReadonlyMap<string, QueryFunction> = new Map<string, QueryFunction>([
  ['type', telling(STRING, query => typeToText(query.qtype))],
  ['name', telling(STRING, query => query.question.name)],
  ['class', telling(STRING, query => classToText(query.qclass))],
  ['proto', telling(STRING, query => query.proto)],
  ['size', telling(INT, query => query.bytes.length)],
  ['client_ip', telling(STRING, query => query.client.address)],
  // A text, as in CoreDNS.
  ['port', telling(STRING, query => String(query.client.port))],
  ['id', telling(INT, query => query.id)],
  ['opcode', telling(INT, query => opcodeOf(query.flags))],
  ['do', telling(BOOL, query => query.do)],
  ['bufsize', telling(INT, replySize)],
  ['server_ip', telling(STRING, query => query.local.address)],
  ['server_port', telling(STRING, query => String(query.local.port))],
  [
    'metadata',
    {
      takes: [STRING],
      gives: STRING,
      call: (query, [label = null]) => query.metadata?.get(asText(label)) ?? '',
    },
  ],
  [
    'incidr',
    {
      takes: [STRING, STRING],
      gives: BOOL,
      call: (query, [ip = null, cidr = null]) => {
        const address = addressOf(asText(ip), query)
        return prefixOf(asText(cidr)).has(address)
      },
    },
  ],
])
