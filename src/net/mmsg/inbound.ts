// Hot path.
// What a shard receives: one batch of datagrams with their senders. When a shard dies between recvmmsg and sendmmsg, its successor finds the
// batch here. inbound-layout.ts draws the memory.

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
  STATE_CURRENT,
  STATE_FD,
  STATE_SEQUENCE,
} from './inbound-layout.ts'
import type { Libc } from './libc.ts'

/** A longer datagram fills this much, and so shows that it is too long. */
const RECEIVE_BYTES = MAX_UDP_QUERY_BYTES + 4
const HEADER_WORDS = MMSGHDR.size / 4

export class Inbound {
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly #libc: Libc
  readonly #headers: bigint

  constructor(libc: Libc, memory: SharedArrayBuffer) {
    this.#libc = libc
    this.words = new Int32Array(memory)
    this.bytes = new Uint8Array(memory)
    const quads = new BigUint64Array(memory)
    const base = libc.addressOf(this.bytes)
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

  /** Takes what waits at the socket: the number of datagrams, or -1 with errno. Without `wantsControl` no control messages are asked for. */
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

  /** Says which datagram of the batch is being answered, for whoever finds the batch after this thread's death. */
  at(index: number): void {
    this.words[STATE_SEQUENCE] = (this.words[STATE_SEQUENCE]! + 1) | 0
    this.words[STATE_CURRENT] = index
  }

  /** The batch is answered as far as it will be. */
  finish(): void {
    this.words[STATE_COUNT] = 0
  }

  /** What a dead predecessor left: the number of its datagrams, 0 for none. */
  get leftCount(): number {
    const count = this.words[STATE_COUNT]!
    return count > 0 && count <= BATCH ? count : 0
  }
  get leftFd(): number {
    return this.words[STATE_FD]!
  }

  /** First byte of datagram `index`. */
  offsetOf(index: number): number {
    return PAYLOAD + index * SLOT_BYTES
  }
  /** Its length; more than MAX_UDP_QUERY_BYTES: it was longer than that, and cut off. */
  lengthOf(index: number): number {
    return this.words[(HEADERS + index * MMSGHDR.size + MMSGHDR.len) >> 2]!
  }
  /** First word of its sender's address. */
  nameWord(index: number): number {
    return (NAMES + index * NAME_BYTES) >> 2
  }
  nameLength(index: number): number {
    return this.words[(HEADERS + index * MMSGHDR.size + MMSGHDR.namelen) >> 2]!
  }
  /** First word of its control messages. */
  controlWord(index: number): number {
    return (CONTROLS + index * CONTROL_BYTES) >> 2
  }
  controlLength(index: number): number {
    return this.words[(HEADERS + index * MMSGHDR.size + MMSGHDR.controllen) >> 2]!
  }

  /** Makes slot 0 look as if a datagram of that length had just been received in it. */
  pretend(length: number, nameLength: number, controlLength: number): void {
    this.words[(HEADERS + MMSGHDR.len) >> 2] = length
    this.words[(HEADERS + MMSGHDR.namelen) >> 2] = nameLength
    this.words[(HEADERS + MMSGHDR.controllen) >> 2] = controlLength
  }

  /** Lets the reply's control message choose the source address only: the interface is the routing table's to choose, but for link-local ones. */
  unpinInterface(index: number, isV6: boolean): void {
    const data = this.controlWord(index) + (CMSGHDR.data >> 2)
    const words = this.words
    if (!isV6) words[data] = 0
    else if ((words[data]! & 0xc0ff) !== 0x80fe) words[data + (IN6_PKTINFO.ifindex >> 2)] = 0
  }
}
