// Hot path. Reads and writes the memory that a shard receives into (inbound-layout.ts). It receives
// nothing itself.

import { MMSGHDR } from './abi.ts'
import {
  BATCH,
  CONTROL_BYTES,
  CONTROLS,
  HEADERS,
  NAME_BYTES,
  NAMES,
  PAYLOAD,
  SLOT_BYTES,
  STATE_COUNT,
  STATE_CURRENT,
  STATE_FD,
  STATE_SEQUENCE,
} from './inbound-layout.ts'

export class InboundMemory {
  readonly words: Int32Array
  readonly bytes: Uint8Array

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory)
    this.bytes = new Uint8Array(memory)
  }

  /**
   * Notes which datagram of the batch is being answered, for the successor that finds the batch
   * after this thread's death.
   */
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
}
