// A zone's own records: SOA and NS at its apex, and the name servers' names below it.

import { answer, type RecordData } from '../../chain/answer/answer.ts'
import type { ExternalServices } from '../../chain/offers/external-services.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import { isSubname } from '../../wire/name.ts'
import { RCODE_NOERROR, RCODE_NXDOMAIN } from '../../wire/rcodes.ts'
import { rdataName, rdataSoa } from '../../wire/rdata.ts'
import { TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_SOA } from '../../wire/rrtypes.ts'

const label = (text: string): Uint8Array => Buffer.from([text.length, ...Buffer.from(text)])
const NS1 = label('ns1')
const HOSTMASTER = label('hostmaster')

const TIMERS = { refreshSeconds: 7200, retrySeconds: 1800, expireSeconds: 86_400 }

export interface ZoneParts {
  /** Wire form, lower case. */
  readonly zone: Uint8Array
  /** Labels in front of it that the name servers' names lie below. */
  readonly apex: Uint8Array
  readonly ttlSeconds: number
  readonly services: ExternalServices
  readonly isHeadless: boolean
}

export class ExternalZone {
  readonly #parts: ZoneParts
  readonly #apex: Uint8Array

  constructor(parts: ZoneParts) {
    this.#parts = parts
    this.#apex = Buffer.concat([parts.apex, parts.zone])
  }

  /** To questions for the zone itself, and for the names of its servers; undefined to others. */
  respond(query: Query): Reply | undefined {
    const { folded } = query.question
    if (folded.length === this.#parts.zone.length) return this.#atApex(query)
    return isSubname(folded, this.#apex) ? this.#belowApex(query) : undefined
  }

  negative(query: Query, rcode: number): Reply {
    return answer(query, { aa: true, rcode, authorities: [this.soa] })
  }

  /** Its name server with the addresses of that. */
  get nameServer(): readonly RecordData[] {
    return [this.#ns, ...this.#addresses(this.#server)]
  }

  #atApex(query: Query): Reply {
    const { type, wire } = query.question
    if (type === TYPE_SOA) return answer(query, { aa: true, answers: [this.soa] })
    if (type !== TYPE_NS) return this.negative(query, RCODE_NOERROR)
    return answer(query, {
      aa: true,
      answers: [this.#ns],
      additionals: this.#addresses(Buffer.concat([NS1, this.#parts.apex, wire])),
    })
  }

  #belowApex(query: Query): Reply {
    const { folded, wire, type } = query.question
    if (folded.length === this.#apex.length) return this.negative(query, RCODE_NOERROR)
    const isServer = folded.length === this.#server.length && isSubname(folded, this.#server)
    if (!isServer) return this.negative(query, RCODE_NXDOMAIN)
    const answers = this.#addresses(wire).filter(record => record.type === type)
    return answers.length === 0
      ? this.negative(query, RCODE_NOERROR)
      : answer(query, { aa: true, answers })
  }

  #addresses(owner: Uint8Array): RecordData[] {
    const { services, isHeadless, ttlSeconds } = this.#parts
    return services.nameServers(isHeadless).map(rdata => {
      const type = rdata.length === 4 ? TYPE_A : TYPE_AAAA
      return { owner, type, ttlSeconds, rdata }
    })
  }

  get #ns(): RecordData {
    const { zone: owner, ttlSeconds } = this.#parts
    return { owner, type: TYPE_NS, ttlSeconds, rdata: rdataName(this.#server) }
  }

  get #server(): Uint8Array {
    return Buffer.concat([NS1, this.#apex])
  }

  get soa(): RecordData {
    const { zone, ttlSeconds, services, isHeadless } = this.#parts
    const rdata = rdataSoa({
      mname: this.#server,
      rname: Buffer.concat([HOSTMASTER, this.#apex]),
      serial: services.serial(isHeadless),
      ...TIMERS,
      minimumSeconds: ttlSeconds,
    })
    return { owner: zone, type: TYPE_SOA, ttlSeconds, rdata }
  }
}
