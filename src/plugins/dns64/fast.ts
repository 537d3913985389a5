// Hot path. The fast step of dns64: lets answers through that need no other addresses.

import type { Asked } from '../../chain/query/asked.ts'
import type { FastQuery } from '../../chain/query/fast-query.ts'
import type { FastStep } from '../../chain/stage/fast-step.ts'
import { getAncount, getFlags, getU16, MASK_RCODE } from '../../wire/header.ts'
import { RCODE_NXDOMAIN } from '../../wire/rcodes.ts'
import { CLASS_IN, TYPE_AAAA } from '../../wire/rrtypes.ts'

/** Type and class stand between. */
const TYPE_TO_TTL = 4

export class FastDns64 implements FastStep {
  readonly #isForAll: boolean

  /** `isForAll`: AAAA records are passed over. */
  constructor(isForAll: boolean) {
    this.#isForAll = isForAll
  }

  shape({ out, outAt, ttlOffsets }: FastQuery): boolean {
    if ((getFlags(out, outAt) & MASK_RCODE) === RCODE_NXDOMAIN) return true
    if (this.#isForAll) return false
    for (let index = getAncount(out, outAt) - 1; index >= 0; index--)
      if (getU16(out, outAt + ttlOffsets[index]! - TYPE_TO_TTL) === TYPE_AAAA) return true
    return false
  }
}

export const isAsked = ({ qtype, qclass }: Asked): boolean =>
  qtype === TYPE_AAAA && qclass === CLASS_IN

/** Whether it came by IPv6, too. */
export const isAskedByIpv6 = ({ qtype, qclass, address }: Asked): boolean =>
  qtype === TYPE_AAAA && qclass === CLASS_IN && address.family === 6
