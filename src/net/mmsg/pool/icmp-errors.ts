// The queue of ICMP errors of a connected socket (IP_RECVERR): each comes with the beginning of the
// datagram that it is about, hence with the id of the message.

import { C, CMSGHDR, IOVEC, MMSGHDR, SOCK_EXTENDED_ERR } from '../abi.ts'
import type { Libc, Pinned } from '../libc.ts'
import { codeOfErrno } from '../sockets.ts'

/** Errors that one system call takes. */
const BATCH = 16
const ID_BYTES = 2
const CONTROL_BYTES = 64
const DESTINATION_UNREACHABLE = 3
const DESTINATION_UNREACHABLE_6 = 1
/**
 * Codes that may pass (RFC 1122, 4.1.3.3 and 3.2.2.1) or that ask for something, and that Linux
 * tells connected sockets of only with IP_RECVERR: no network, no host, a smaller packet, no route
 * for this kind of service.
 */
const PASSING = new Set([0, 1, 4, 5, 11, 12])
/** No route, beyond the scope, no such neighbour. */
const PASSING_6 = new Set([0, 2, 3])

export class IcmpErrors {
  readonly #libc: Libc
  readonly #ids: Pinned<Uint8Array>
  readonly #controls: Pinned<Uint8Array<ArrayBuffer>>
  readonly #iovecs: Pinned<BigUint64Array>
  readonly #headers: Pinned<BigUint64Array<ArrayBuffer>>
  readonly #headerWords: Int32Array
  readonly #control: DataView

  constructor(libc: Libc) {
    this.#libc = libc
    this.#ids = libc.pin(new Uint8Array(BATCH * ID_BYTES))
    this.#controls = libc.pin(new Uint8Array(BATCH * CONTROL_BYTES))
    this.#iovecs = libc.pin(new BigUint64Array((BATCH * IOVEC.size) / 8))
    this.#headers = libc.pin(new BigUint64Array((BATCH * MMSGHDR.size) / 8))
    this.#headerWords = new Int32Array(this.#headers.view.buffer)
    this.#control = new DataView(this.#controls.view.buffer)
    for (let k = 0; k < BATCH; k++) {
      this.#iovecs.view[k * 2] = this.#ids.address + BigInt(k * ID_BYTES)
      this.#iovecs.view[k * 2 + 1] = BigInt(ID_BYTES)
      const header = (k * MMSGHDR.size) / 8
      this.#headers.view[header + (MMSGHDR.iov >> 3)] =
        this.#iovecs.address + BigInt(k * IOVEC.size)
      this.#headers.view[header + (MMSGHDR.iovlen >> 3)] = 1n
      this.#headers.view[header + (MMSGHDR.control >> 3)] =
        this.#controls.address + BigInt(k * CONTROL_BYTES)
    }
  }

  /**
   * Takes all that is queued; false if nothing was. `refused` gets those that say that a message
   * was refused for good: its id, or -1 where the error quotes too little, and Node's code.
   */
  read(fd: number, refused: (id: number, code: string) => void): boolean {
    const reports: (readonly [id: number, code: string])[] = []
    let total = 0
    for (let count = BATCH; count === BATCH; total += count) {
      for (let k = 0; k < BATCH; k++)
        this.#headerWords[k * (MMSGHDR.size / 4) + (MMSGHDR.controllen >> 2)] = CONTROL_BYTES
      count = Math.max(
        0,
        this.#libc.recvmmsg(fd, this.#headers.address, BATCH, C.MSG_ERRQUEUE | C.MSG_DONTWAIT, 0n),
      )
      for (let k = 0; k < count; k++) {
        const errno = this.#refusalAt(k)
        if (errno !== 0) reports.push([this.#idAt(k), codeOfErrno(errno)])
      }
    }
    // When the queue is empty, since the callback may close the socket.
    for (const [id, code] of reports) refused(id, code)
    return total > 0
  }

  /** The error number of the report, 0 for one that is to be ignored. */
  #refusalAt(k: number): number {
    const at = k * CONTROL_BYTES
    const control = this.#control
    if (this.#word(k, MMSGHDR.controllen) < CMSGHDR.data + SOCK_EXTENDED_ERR.size) return 0
    const error = at + CMSGHDR.data
    const origin = control.getUint8(error + SOCK_EXTENDED_ERR.origin)
    const type = control.getUint8(error + SOCK_EXTENDED_ERR.type)
    const code = control.getUint8(error + SOCK_EXTENDED_ERR.code)
    const isRefusal =
      (origin === C.SO_EE_ORIGIN_ICMP && type === DESTINATION_UNREACHABLE && !PASSING.has(code)) ||
      (origin === C.SO_EE_ORIGIN_ICMP6 &&
        type === DESTINATION_UNREACHABLE_6 &&
        !PASSING_6.has(code))
    return isRefusal ? control.getUint32(error + SOCK_EXTENDED_ERR.errno, true) : 0
  }

  #idAt(k: number): number {
    const ids = this.#ids.view
    return this.#word(k, MMSGHDR.len) < ID_BYTES
      ? -1
      : (ids[k * ID_BYTES]! << 8) | ids[k * ID_BYTES + 1]!
  }

  #word(k: number, offset: number): number {
    return this.#headerWords[k * (MMSGHDR.size / 4) + (offset >> 2)]!
  }
}
