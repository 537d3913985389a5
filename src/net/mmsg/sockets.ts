// The UDP sockets of the mmsg engine: main opens them, one per listen address and shard, and owns them for as long as any configuration
// listens there. Shards only use their numbers, so a shard that dies closes nothing and what waits in the kernel waits for its successor.

import { getSystemErrorMap } from 'node:util'
import { ipToText, parseIp } from '../../core/ip.ts'
import { type ListenAddress, listenText } from '../engine.ts'
import { C, SOCKADDR_IN, SOCKADDR_IN6 } from './abi.ts'
import type { Libc } from './libc.ts'

/** Sockets of one listen address. */
export interface UdpGroup {
  /** File descriptors by shard. */
  readonly fds: readonly number[]
  /** Whether replies must say which of the machine's addresses they come from. */
  readonly isWildcard: boolean
  readonly family: 4 | 6
}

export interface UdpSocketOptions {
  readonly sockets: number
  /** Asked of the kernel, which may grant less. */
  readonly recvBufferBytes: number
}

/** An error with Node's `code`, as net and dgram throw it. */
class SocketError extends Error {
  readonly code: string

  constructor(call: string, errno: number) {
    const code = codeOfErrno(errno)
    super(`${call}: ${code}`)
    this.code = code
  }
}

/** Node's name of an error number, such as EADDRINUSE. */
export const codeOfErrno = (errno: number): string => getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`

/** Opens the sockets; throws the system's error, with nothing left open. A wildcard is `::` for both families, or 0.0.0.0 without IPv6. */
export function openUdpGroup(libc: Libc, at: ListenAddress, options: UdpSocketOptions): UdpGroup {
  if (at.address !== '') {
    const sockaddr = sockaddrOf(at)
    const family = sockaddr.length === SOCKADDR_IN.size ? 4 : 6
    return { fds: openAll(libc, family, sockaddr, false, options), isWildcard: false, family }
  }
  try {
    return { fds: openAll(libc, 6, wildcard6(at.port), true, options), isWildcard: true, family: 6 }
  } catch (error) {
    if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((error as SocketError).code)) throw error
    return { fds: openAll(libc, 4, wildcard4(at.port), true, options), isWildcard: true, family: 4 }
  }
}

export function closeUdpGroup(libc: Libc, { fds }: UdpGroup): void {
  for (const fd of fds) libc.close(fd)
}

function openAll(libc: Libc, family: 4 | 6, sockaddr: Uint8Array, isWildcard: boolean, options: UdpSocketOptions): number[] {
  const fds: number[] = []
  try {
    for (let k = 0; k < options.sockets; k++) {
      const fd = libc.socket(family === 4 ? C.AF_INET : C.AF_INET6, C.SOCK_DGRAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC, 0)
      if (fd < 0) throw new SocketError('socket', libc.errno())
      fds.push(fd)
      prepare(libc, fd, family, isWildcard, options.recvBufferBytes)
      if (libc.bind(fd, libc.addressOf(sockaddr), sockaddr.length) !== 0) throw new SocketError('bind', libc.errno())
    }
  } catch (error) {
    for (const fd of fds) libc.close(fd)
    throw error
  }
  return fds
}

function prepare(libc: Libc, fd: number, family: 4 | 6, isWildcard: boolean, recvBufferBytes: number): void {
  setOption(libc, fd, C.SOL_SOCKET, C.SO_REUSEPORT, 1)
  // What the kernel does not grant, it lowers by itself.
  setOption(libc, fd, C.SOL_SOCKET, C.SO_RCVBUF, recvBufferBytes)
  if (family === 4) {
    // Replies obey no ICMP that asks for smaller packets: forged ones would make them fragments (RFC 9715).
    setOption(libc, fd, C.IPPROTO_IP, C.IP_MTU_DISCOVER, C.IP_PMTUDISC_OMIT)
    if (isWildcard) setOption(libc, fd, C.IPPROTO_IP, C.IP_PKTINFO, 1)
    return
  }
  setOption(libc, fd, C.IPPROTO_IPV6, C.IPV6_V6ONLY, isWildcard ? 0 : 1)
  setOption(libc, fd, C.IPPROTO_IPV6, C.IPV6_MTU_DISCOVER, C.IPV6_PMTUDISC_OMIT)
  if (isWildcard) setOption(libc, fd, C.IPPROTO_IPV6, C.IPV6_RECVPKTINFO, 1)
}

/** Options are a matter of quality, not of working: a kernel that lacks one is served without. */
function setOption(libc: Libc, fd: number, level: number, option: number, value: number): void {
  const cell = Int32Array.of(value)
  libc.setsockopt(fd, level, option, libc.addressOf(cell), 4)
}

/** An address in network form. Throws an Error for what is no literal address. */
export const sockaddrOf = (at: ListenAddress): Uint8Array => {
  const percent = at.address.indexOf('%')
  const ip = parseIp(percent < 0 ? at.address : at.address.slice(0, percent))
  if (ip === undefined) throw new Error(`not an address: ${listenText(at)}`)
  if (ip.family === 4) {
    const sockaddr = wildcard4(at.port)
    sockaddr.set(ip.bytes, SOCKADDR_IN.addr)
    return sockaddr
  }
  const sockaddr = wildcard6(at.port)
  sockaddr.set(ip.bytes, SOCKADDR_IN6.addr)
  return sockaddr
}

/** `192.0.2.1:53`, `[2001:db8::1]:53` */
export const sockaddrText = (sockaddr: Uint8Array): string => {
  const port = (sockaddr[SOCKADDR_IN.port]! << 8) | sockaddr[SOCKADDR_IN.port + 1]!
  const isV4 = sockaddr[SOCKADDR_IN.family] === C.AF_INET
  const bytes = isV4
    ? sockaddr.subarray(SOCKADDR_IN.addr, SOCKADDR_IN.addr + 4)
    : sockaddr.subarray(SOCKADDR_IN6.addr, SOCKADDR_IN6.addr + 16)
  return listenText({ address: ipToText(bytes), port })
}

const wildcard4 = (port: number): Uint8Array => {
  const sockaddr = new Uint8Array(SOCKADDR_IN.size)
  const view = new DataView(sockaddr.buffer)
  view.setUint16(SOCKADDR_IN.family, C.AF_INET, true)
  view.setUint16(SOCKADDR_IN.port, port)
  return sockaddr
}

const wildcard6 = (port: number): Uint8Array => {
  const sockaddr = new Uint8Array(SOCKADDR_IN6.size)
  const view = new DataView(sockaddr.buffer)
  view.setUint16(SOCKADDR_IN6.family, C.AF_INET6, true)
  view.setUint16(SOCKADDR_IN6.port, port)
  return sockaddr
}
