// The shard half of whoami: the answer.

import { type IpAddress, parseIp } from '../../base/ip.ts'
import { answer, type RecordData } from '../../chain/answer/answer.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { MAX_NAME_SIZE } from '../../wire/name.ts'
import { rdataSrv } from '../../wire/rdata.ts'
import { TYPE_A, TYPE_AAAA, TYPE_SRV } from '../../wire/rrtypes.ts'

const ROOT = new Uint8Array(1)

export const serve = (): Stage => ({
  wrap: () => query =>
    answer(query, { aa: true, additionals: [...addressRecord(query), ...portRecord(query)] }),
})

const addressRecord = (query: Query): RecordData[] => {
  const { wire, class: cls } = query.question
  const address: IpAddress | undefined = parseIp(query.client.address)
  if (address === undefined) return []
  const type = address.family === 4 ? TYPE_A : TYPE_AAAA
  return [{ owner: wire, type, class: cls, ttlSeconds: 0, rdata: address.bytes }]
}

/** SRV at `_udp.QNAME` or `_tcp.QNAME`; nothing if that name would be too long. */
const portRecord = (query: Query): RecordData[] => {
  const { wire, class: cls } = query.question
  const label = Buffer.from(`\x04_${query.proto}`, 'latin1')
  if (label.length + wire.length > MAX_NAME_SIZE) return []
  const owner = new Uint8Array(Buffer.concat([label, wire]))
  return [
    {
      owner,
      type: TYPE_SRV,
      class: cls,
      ttlSeconds: 0,
      rdata: rdataSrv(0, 0, query.client.port, ROOT),
    },
  ]
}
