// Hot path. What a shard receives: one batch of datagrams with their senders. When a shard dies
// between recvmmsg and sendmmsg, its successor finds the batch here. inbound-layout.ts draws the
// memory.

import { MAX_UDP_QUERY_BYTES } from '../engine.ts'
import { C, CMSGHDR, IN6_PKTINFO, IOVEC, MMSGHDR } from './abi.ts'
import {
  BATCH,
  CONTROL_BYTES,
  CONTROLS,
  HEADERS,
  IOVECS,
  NAME_BYTES,
  NAMES,
  PAYLOAD,
  SLOT_BYTES,
  STATE_COUNT,
  STATE_FD,
} from './inbound-layout.ts'
import { InboundMemory } from './inbound-memory.ts'
import type { Libc, Pinned } from './libc.ts'

/** A longer datagram fills this much, and so shows that it is too long. */
const RECEIVE_BYTES = MAX_UDP_QUERY_BYTES + 4
const HEADER_WORDS = MMSGHDR.size / 4

export class Inbound extends InboundMemory {
  readonly #libc: Libc
  readonly #memory: Pinned<Uint8Array>
  readonly #headers: bigint

  constructor(libc: Libc, memory: SharedArrayBuffer) {
    super(memory)
    this.#libc = libc
    const quads = new BigUint64Array(memory)
    this.#memory = libc.pin(this.bytes)
    const base = this.#memory.address
    this.#headers = base + BigInt(HEADERS)
    // Lengths are left as they are: they may be of a batch to be recovered.
    for (let k = 0; k < BATCH; k++) {
      const header = (HEADERS + k * MMSGHDR.size) >> 3
      const iovec = IOVECS + k * IOVEC.size
      quads[header + (MMSGHDR.name >> 3)] = base + BigInt(NAMES + k * NAME_BYTES)
      quads[header + (MMSGHDR.iov >> 3)] = base + BigInt(iovec)
      quads[header + (MMSGHDR.iovlen >> 3)] = 1n
      quads[(iovec + IOVEC.base) >> 3] = base + BigInt(PAYLOAD + k * SLOT_BYTES)
      quads[(iovec + IOVEC.len) >> 3] = BigInt(RECEIVE_BYTES)
      quads[header + (MMSGHDR.control >> 3)] = base + BigInt(CONTROLS + k * CONTROL_BYTES)
    }
  }

  /**
   * Takes what waits at the socket: the number of datagrams, or -1 with errno. Without
   * `wantsControl` no control messages are asked for.
   */
  receive(fd: number, wantsControl: boolean): number {
    const words = this.words
    const controlBytes = wantsControl ? CONTROL_BYTES : 0
    for (let k = 0, word = HEADERS >> 2; k < BATCH; k++, word += HEADER_WORDS) {
      words[word + (MMSGHDR.namelen >> 2)] = NAME_BYTES
      words[word + (MMSGHDR.controllen >> 2)] = controlBytes
    }
    const count = this.#libc.recvmmsg(fd, this.#headers, BATCH, C.MSG_DONTWAIT, 0n)
    if (count > 0) {
      words[STATE_FD] = fd
      words[STATE_COUNT] = count
    }
    return count
  }

  /**
   * Lets the reply's control message choose the source address only: the interface is the routing
   * table's to choose, but for link-local ones.
   */
  unpinInterface(index: number, isV6: boolean): void {
    const data = this.controlWord(index) + (CMSGHDR.data >> 2)
    const words = this.words
    if (!isV6) words[data] = 0
    else if ((words[data]! & 0xc0ff) !== 0x80fe) words[data + (IN6_PKTINFO.ifindex >> 2)] = 0
  }
}
