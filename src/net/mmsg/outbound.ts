// Hot path. What a shard sends: replies to one socket's clients, gathered until the batch is full
// or over. A reply of the fast path is written where it is sent from; any other is copied there.

import { setId } from '../../wire/header.ts'
import { C, IOVEC, MMSGHDR, POLLFD } from './abi.ts'
import type { Inbound } from './inbound.ts'
import { BATCH, CONTROL_BYTES, NAME_BYTES } from './inbound-layout.ts'
import type { Libc, Pinned } from './libc.ts'

/** Room for one reply; larger ones are sent one by one from where they are. */
export const OUT_BYTES = 4096
/** An odd number of cache lines, as in inbound.ts. */
const SLOT_BYTES = 4160
const HEADER_WORDS = MMSGHDR.size / 4
const NAME_WORDS = NAME_BYTES / 4
const CONTROL_WORDS = CONTROL_BYTES / 4
/**
 * How often a full socket is waited for, and how long, before a reply is given up: UDP promises
 * nothing, but a burst may be drained.
 */
const FULL_TRIES = 3
const FULL_WAIT_MS = 2
const POLLOUT = 4

/** What could not be sent. */
export interface UnsentCounts {
  /** The socket's buffer stayed full. */
  full(): void
  /** The kernel refused the datagram: no route, a firewall, an address that cannot be sent to. */
  refused(): void
}

/**
 * Who a reply goes to, copied out of the inbound batch: words of the sockaddr, then words of the
 * control messages.
 */
export interface Destination {
  readonly nameLength: number
  readonly controlLength: number
  readonly words: Int32Array
}

export const destinationOf = (
  inbound: Inbound,
  index: number,
  hasControl: boolean,
): Destination => {
  const words = new Int32Array(NAME_WORDS + (hasControl ? CONTROL_WORDS : 0))
  const name = inbound.nameWord(index)
  for (let k = 0; k < NAME_WORDS; k++) words[k] = inbound.words[name + k]!
  const control = inbound.controlWord(index)
  for (let k = NAME_WORDS; k < words.length; k++)
    words[k] = inbound.words[control + k - NAME_WORDS]!
  const controlLength = hasControl ? inbound.controlLength(index) : 0
  return { nameLength: inbound.nameLength(index), controlLength, words }
}

export class Outbound {
  readonly bytes = new Uint8Array(BATCH * SLOT_BYTES)
  readonly words = new Int32Array(this.bytes.buffer)
  readonly #libc: Libc
  readonly #unsent: UnsentCounts
  readonly #isConnected: boolean
  readonly #payloads: Pinned
  readonly #names: Pinned<Int32Array>
  readonly #controls: Pinned<Int32Array>
  readonly #iovecs: Pinned<BigUint64Array<ArrayBuffer>>
  readonly #iovecWords: Int32Array
  readonly #headers: Pinned<BigUint64Array<ArrayBuffer>>
  readonly #headerWords: Int32Array
  /** Address of each header: made once, since a bigint sum allocates. */
  readonly #addresses: readonly bigint[]
  readonly #poll: Pinned<Int32Array>
  #count = 0
  #fd = -1
  /** The large message that is being sent. */
  #large: Pinned | undefined

  /**
   * `isConnected`: the sockets are connected, so that a send may be told of an error of an earlier
   * one.
   */
  constructor(libc: Libc, unsent: UnsentCounts, { isConnected = false } = {}) {
    this.#libc = libc
    this.#isConnected = isConnected
    this.#unsent = unsent
    this.#payloads = libc.pin(this.bytes)
    this.#names = libc.pin(new Int32Array(BATCH * NAME_WORDS))
    this.#controls = libc.pin(new Int32Array(BATCH * CONTROL_WORDS))
    this.#iovecs = libc.pin(new BigUint64Array((BATCH * IOVEC.size) / 8))
    this.#iovecWords = new Int32Array(this.#iovecs.view.buffer)
    this.#headers = libc.pin(new BigUint64Array((BATCH * MMSGHDR.size) / 8))
    this.#headerWords = new Int32Array(this.#headers.view.buffer)
    this.#poll = libc.pin(new Int32Array(POLLFD.size / 4))
    this.#addresses = Array.from(
      { length: BATCH },
      (_, k) => this.#headers.address + BigInt(k * MMSGHDR.size),
    )
    for (let k = 0; k < BATCH; k++) this.#pointToSlot(k)
  }

  /** Byte at which the next reply begins; OUT_BYTES are there. */
  get at(): number {
    return this.#count * SLOT_BYTES
  }

  /**
   * Must be called before replies of another socket are written: sends what is there for the one
   * before.
   */
  begin(fd: number): void {
    if (this.#fd === fd) return
    this.flush()
    this.#fd = fd
  }

  /** Queues the reply that stands at `at` for the sender of an inbound datagram. */
  take(length: number, inbound: Inbound, index: number, hasControl: boolean): void {
    const { words } = inbound
    const slot = this.#count
    const nameLength = inbound.nameLength(index)
    const from = inbound.nameWord(index)
    const to = slot * NAME_WORDS
    for (let k = 0; k < nameLength >> 2; k++) this.#names.view[to + k] = words[from + k]!
    const controlLength = hasControl ? inbound.controlLength(index) : 0
    if (controlLength > 0) {
      const source = inbound.controlWord(index)
      for (let k = 0; k < CONTROL_WORDS; k++)
        this.#controls.view[slot * CONTROL_WORDS + k] = words[source + k]!
    }
    this.#close(slot, length, nameLength, controlLength)
  }

  /**
   * Queues, or sends if it is large, a message from somewhere else; under another id if one is
   * given.
   */
  put(fd: number, reply: Uint8Array, to: Destination, id = -1): void {
    this.begin(fd)
    const isLarge = reply.length > OUT_BYTES
    if (isLarge) this.flush()
    const slot = this.#count
    const large = isLarge && id >= 0 ? new Uint8Array(reply) : reply
    if (isLarge) {
      this.#large = this.#libc.pin(large)
      this.#point(slot, this.#large.address)
    } else this.bytes.set(reply, slot * SLOT_BYTES)
    if (id >= 0) setId(isLarge ? large : this.bytes, isLarge ? 0 : slot * SLOT_BYTES, id)
    const { words } = to
    for (let k = 0; k < NAME_WORDS; k++) this.#names.view[slot * NAME_WORDS + k] = words[k]!
    for (let k = NAME_WORDS; k < words.length; k++)
      this.#controls.view[slot * CONTROL_WORDS + k - NAME_WORDS] = words[k]!
    this.#close(slot, reply.length, to.nameLength, to.controlLength)
    if (!isLarge) return
    this.flush()
    this.#large = undefined
    this.#pointToSlot(slot)
  }

  /** Sends what is queued. */
  flush(): void {
    const count = this.#count
    this.#count = 0
    let sent = 0
    let fullTries = 0
    let triedAgain = -1
    while (sent < count) {
      const n = this.#libc.sendmmsg(this.#fd, this.#addresses[sent]!, count - sent, C.MSG_DONTWAIT)
      if (n > 0) {
        sent += n
        continue
      }
      const errno = this.#libc.errno()
      if (errno === C.EINTR) continue
      if (errno !== C.EAGAIN && errno !== C.ENOBUFS) {
        if (this.#isConnected && triedAgain !== sent) {
          triedAgain = sent
          continue
        }
        this.#unsent.refused()
      } else if (fullTries++ < FULL_TRIES) {
        this.#waitForRoom()
        continue
      } else this.#unsent.full()
      sent++
    }
  }

  #close(slot: number, length: number, nameLength: number, controlLength: number): void {
    this.#iovecWords[slot * (IOVEC.size / 4) + (IOVEC.len >> 2)] = length
    const header = slot * HEADER_WORDS
    this.#headerWords[header + (MMSGHDR.namelen >> 2)] = nameLength
    this.#headerWords[header + (MMSGHDR.controllen >> 2)] = controlLength
    this.#count = slot + 1
    if (this.#count === BATCH) this.flush()
  }

  #pointToSlot(slot: number): void {
    this.#point(slot, this.#payloads.address + BigInt(slot * SLOT_BYTES))
  }

  #point(slot: number, payload: bigint): void {
    const header = slot * (MMSGHDR.size / 8)
    const iovec = slot * (IOVEC.size / 8)
    this.#iovecs.view[iovec] = payload
    const headers = this.#headers.view
    headers[header + (MMSGHDR.name >> 3)] = this.#names.address + BigInt(slot * NAME_BYTES)
    headers[header + (MMSGHDR.iov >> 3)] = this.#iovecs.address + BigInt(slot * IOVEC.size)
    headers[header + (MMSGHDR.iovlen >> 3)] = 1n
    headers[header + (MMSGHDR.control >> 3)] = this.#controls.address + BigInt(slot * CONTROL_BYTES)
  }

  #waitForRoom(): void {
    this.#poll.view[0] = this.#fd
    this.#poll.view[1] = POLLOUT
    this.#libc.poll(this.#poll.address, 1n, FULL_WAIT_MS)
  }
}
