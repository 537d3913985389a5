// A libc for tests without sockets, on any machine: addresses of its own for the memory it is
// shown, scripted datagrams to receive, scripted results of sending, and a list of what was sent as
// the structures say it.

import assert from 'node:assert/strict'
import {
  C,
  CMSGHDR,
  IOVEC,
  MMSGHDR,
  POLLFD,
  SOCK_EXTENDED_ERR,
  SOCKADDR_IN,
} from '../../src/net/mmsg/abi.ts'
import { type Libc, Pinned } from '../../src/net/mmsg/libc.ts'

/** A datagram as it goes through the structures. */
export interface Datagram {
  readonly payload: Uint8Array
  /** Port of the IPv4 client at 192.0.2.x. */
  readonly port: number
  /** The address of ours that it was sent to or goes out from, as the last byte of 198.51.100.x. */
  readonly local?: number
}

export interface Sent extends Datagram {
  readonly fd: number
}

/** A report in a socket's error queue. */
export interface QueuedError {
  readonly errno: number
  readonly origin: number
  readonly type: number
  readonly code: number
  /** What it quotes of the datagram. */
  readonly quoted: Uint8Array
}

/** What a call does: sends so many, or fails. `all`: whatever it is given. */
export type SendResult = number | 'all' | { readonly errno: number }

const SPACE = 1n << 32n

export class FakeLibc {
  readonly sent: Sent[] = []
  /** Number of messages that each call of sendmmsg was given. */
  readonly calls: number[] = []
  /** Results of the next calls; then `all`. */
  script: SendResult[] = []
  /** What the next call of recvmmsg finds. */
  waiting: Datagram[] = []
  /** What the next call with MSG_ERRQUEUE finds. */
  errors: QueuedError[] = []
  /** fds that were polled for room. */
  readonly polled: number[] = []
  #errno = 0
  readonly #buffers: ArrayBufferLike[] = []

  /** The interface. Calls that no test expects fail it. */
  readonly libc = {
    pin: view => new Pinned(view, this.#addressOf(view)),
    errno: () => this.#errno,
    poll: (fds, count) => {
      assert.equal(count, 1n)
      this.polled.push(this.#view(fds, POLLFD.size).getInt32(POLLFD.fd, true))
      return 1
    },
    sendmmsg: (fd, headers, count, flags) => this.#send(fd, headers, count, flags),
    recvmmsg: (_, headers, count, flags) =>
      (flags & C.MSG_ERRQUEUE) === 0
        ? this.#receive(headers, count)
        : this.#receiveErrors(headers, count),
  } as Partial<Libc> as Libc

  #addressOf(view: NodeJS.ArrayBufferView): bigint {
    const known = this.#buffers.indexOf(view.buffer)
    const index = known < 0 ? this.#buffers.push(view.buffer) - 1 : known
    return SPACE * BigInt(index + 1) + BigInt(view.byteOffset)
  }

  #view(address: bigint, length: number): DataView {
    const buffer =
      this.#buffers[Number(address / SPACE) - 1] ?? assert.fail(`no memory at ${address}`)
    return new DataView(buffer, Number(address % SPACE), length)
  }
  #bytes(address: bigint, length: number): Uint8Array {
    const { buffer, byteOffset } = this.#view(address, length)
    return new Uint8Array(buffer, byteOffset, length)
  }

  #send(fd: number, headers: bigint, count: number, flags: number): number {
    assert.equal(flags, C.MSG_DONTWAIT)
    this.calls.push(count)
    const result = this.script.shift() ?? 'all'
    if (typeof result === 'object') {
      this.#errno = result.errno
      return -1
    }
    const taken = result === 'all' ? count : Math.min(result, count)
    for (let k = 0; k < taken; k++)
      this.sent.push({ fd, ...this.#read(headers + BigInt(k * MMSGHDR.size)) })
    return taken
  }

  #read(address: bigint): Datagram {
    const header = this.#view(address, MMSGHDR.size)
    assert.equal(header.getUint32(MMSGHDR.namelen, true), SOCKADDR_IN.size)
    const name = this.#view(header.getBigUint64(MMSGHDR.name, true), SOCKADDR_IN.size)
    assert.equal(name.getUint16(SOCKADDR_IN.family, true), C.AF_INET)
    assert.equal(header.getBigUint64(MMSGHDR.iovlen, true), 1n)
    const iovec = this.#view(header.getBigUint64(MMSGHDR.iov, true), IOVEC.size)
    const length = Number(iovec.getBigUint64(IOVEC.len, true))
    const payload = Uint8Array.from(this.#bytes(iovec.getBigUint64(IOVEC.base, true), length))
    const controlLength = Number(header.getBigUint64(MMSGHDR.controllen, true))
    const port = name.getUint16(SOCKADDR_IN.port)
    if (controlLength === 0) return { payload, port }
    const control = this.#bytes(header.getBigUint64(MMSGHDR.control, true), controlLength)
    return { payload, port, local: control[CMSGHDR.data + 7]! }
  }

  #receive(headers: bigint, room: number): number {
    const { waiting } = this
    this.waiting = waiting.slice(room)
    if (waiting.length === 0) this.#errno = C.EAGAIN
    for (const [k, datagram] of waiting.slice(0, room).entries())
      this.#write(headers + BigInt(k * MMSGHDR.size), datagram)
    return Math.min(room, waiting.length) || -1
  }

  #receiveErrors(headers: bigint, room: number): number {
    const taken = this.errors.splice(0, room)
    if (taken.length === 0) this.#errno = C.EAGAIN
    for (const [k, { errno, origin, type, code, quoted }] of taken.entries()) {
      const header = this.#view(headers + BigInt(k * MMSGHDR.size), MMSGHDR.size)
      const iovec = this.#view(header.getBigUint64(MMSGHDR.iov, true), IOVEC.size)
      const length = Math.min(quoted.length, Number(iovec.getBigUint64(IOVEC.len, true)))
      this.#bytes(iovec.getBigUint64(IOVEC.base, true), length).set(quoted.subarray(0, length))
      header.setUint32(MMSGHDR.len, length, true)
      const controlLength = CMSGHDR.data + SOCK_EXTENDED_ERR.size + SOCKADDR_IN.size
      assert.ok(Number(header.getBigUint64(MMSGHDR.controllen, true)) >= controlLength)
      header.setBigUint64(MMSGHDR.controllen, BigInt(controlLength), true)
      const error = this.#view(
        header.getBigUint64(MMSGHDR.control, true) + BigInt(CMSGHDR.data),
        SOCK_EXTENDED_ERR.size,
      )
      error.setUint32(SOCK_EXTENDED_ERR.errno, errno, true)
      error.setUint8(SOCK_EXTENDED_ERR.origin, origin)
      error.setUint8(SOCK_EXTENDED_ERR.type, type)
      error.setUint8(SOCK_EXTENDED_ERR.code, code)
    }
    return taken.length || -1
  }

  #write(address: bigint, { payload, port, local }: Datagram): void {
    const header = this.#view(address, MMSGHDR.size)
    assert.ok(header.getUint32(MMSGHDR.namelen, true) >= SOCKADDR_IN.size)
    const name = this.#view(header.getBigUint64(MMSGHDR.name, true), SOCKADDR_IN.size)
    name.setUint16(SOCKADDR_IN.family, C.AF_INET, true)
    name.setUint16(SOCKADDR_IN.port, port)
    name.setUint32(SOCKADDR_IN.addr, 0xc0000200 + (port & 0xff))
    header.setUint32(MMSGHDR.namelen, SOCKADDR_IN.size, true)
    const iovec = this.#view(header.getBigUint64(MMSGHDR.iov, true), IOVEC.size)
    const length = Math.min(payload.length, Number(iovec.getBigUint64(IOVEC.len, true)))
    this.#bytes(iovec.getBigUint64(IOVEC.base, true), length).set(payload.subarray(0, length))
    header.setUint32(MMSGHDR.len, length, true)
    const room = header.getBigUint64(MMSGHDR.controllen, true)
    const controlLength = local === undefined || room === 0n ? 0 : CMSGHDR.data + 12
    header.setBigUint64(MMSGHDR.controllen, BigInt(controlLength), true)
    if (controlLength === 0) return
    const control = this.#view(header.getBigUint64(MMSGHDR.control, true), controlLength)
    control.setBigUint64(CMSGHDR.len, BigInt(controlLength), true)
    control.setInt32(CMSGHDR.level, C.IPPROTO_IP, true)
    control.setInt32(CMSGHDR.type, C.IP_PKTINFO, true)
    control.setInt32(CMSGHDR.data, 3, true)
    control.setUint32(CMSGHDR.data + 4, 0xc6336400 + (local ?? 0))
    control.setUint32(CMSGHDR.data + 8, 0xc6336400 + (local ?? 0))
  }
}

/** Datagram `n` of many: a payload and a port that tell it from all others. */
export const numberedDatagram = (n: number, local?: number): Datagram => ({
  payload: Uint8Array.of(n >>> 8, n & 255, ...new Uint8Array(n % 7).fill(n)),
  port: 20_000 + n,
  ...(local === undefined ? {} : { local }),
})
