// The UDP sockets of the mmsg engine: main opens them, one per listen address and shard, and owns
// them for as long as any configuration listens there. Shards only use their numbers. So a shard
// that dies closes nothing, and datagrams that wait in the kernel wait for its successor.

import { getSystemErrorMap } from 'node:util'
import { ipToText, parseIp, withoutZone } from '../../base/ip.ts'
import { type ListenAddress, listenText } from '../engine.ts'
import { C, SOCKADDR_IN, SOCKADDR_IN6 } from './abi.ts'
import type { Libc } from './libc.ts'

/** Sockets of one listen address, UDP or TCP. */
export interface SocketGroup {
  /** File descriptors by shard: of those that listen there, in their order. */
  readonly fds: readonly number[]
  /** Whether replies must say which of the machine's addresses they come from. */
  readonly isWildcard: boolean
  readonly family: 4 | 6
}

/** What main has opened at one address. */
export interface OpenSockets {
  readonly tcp: SocketGroup
  /** Absent where only connections are taken. */
  readonly udp?: SocketGroup
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
export const codeOfErrno = (errno: number): string =>
  getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`

/**
 * Opens UDP sockets; throws the system's error, with nothing left open. A wildcard is `::` for both
 * families, or 0.0.0.0 without IPv6.
 */
export const openUdpGroup = (
  libc: Libc,
  place: ListenAddress,
  { sockets, recvBufferBytes }: UdpSocketOptions,
): SocketGroup =>
  openGroup(libc, place, sockets, C.SOCK_DGRAM, (fd, family, isWildcard) =>
    prepare(libc, fd, family, isWildcard, recvBufferBytes),
  )

/** A UDP socket that shares its place with no other. Throws the system's error. */
export const openAlone = (
  libc: Libc,
  place: ListenAddress,
): { readonly fd: number; readonly port: number } => {
  const sockaddr = sockaddrOf(libc, place)
  const family = sockaddr.length === SOCKADDR_IN.size ? 4 : 6
  const fd = openSocket(libc, C.SOCK_DGRAM, family, sockaddr, () => {})
  const own = new Uint8Array(SOCKADDR_IN6.size)
  libc.getsockname(fd, own, Int32Array.of(own.length))
  return { fd, port: (own[SOCKADDR_IN.port]! << 8) | own[SOCKADDR_IN.port + 1]! }
}

/**
 * Of each TCP connection in either direction; the kernel doubles it for its own use. Left to itself
 * it lets them grow to megabytes, which count against a container's memory, for each client that
 * does not read, or is not read from.
 */
const TCP_BUFFER_BYTES = 16 * 1024

/**
 * The same for TCP. The sockets are bound and do not listen yet: that begins with the first shard
 * that serves.
 */
export const openTcpGroup = (libc: Libc, place: ListenAddress, sockets: number): SocketGroup =>
  openGroup(libc, place, sockets, C.SOCK_STREAM, (fd, family, isWildcard) => {
    // Connections of a predecessor that linger must not keep the port.
    setOption(libc, fd, C.SOL_SOCKET, C.SO_REUSEADDR, 1)
    setOption(libc, fd, C.SOL_SOCKET, C.SO_REUSEPORT, 1)
    // Connections inherit these from the socket that accepts them.
    setOption(libc, fd, C.SOL_SOCKET, C.SO_SNDBUF, TCP_BUFFER_BYTES)
    setOption(libc, fd, C.SOL_SOCKET, C.SO_RCVBUF, TCP_BUFFER_BYTES)
    if (family === 6) setOption(libc, fd, C.IPPROTO_IPV6, C.IPV6_V6ONLY, isWildcard ? 0 : 1)
  })

export const closeGroup = (libc: Libc, { fds }: SocketGroup): void => {
  for (const fd of fds) libc.close(fd)
}

type Prepare = (fd: number, family: 4 | 6, isWildcard: boolean) => void

const openGroup = (
  libc: Libc,
  place: ListenAddress,
  sockets: number,
  type: number,
  prepareSocket: Prepare,
): SocketGroup => {
  const open = (family: 4 | 6, sockaddr: Uint8Array, isWildcard: boolean): SocketGroup => {
    const openOne = (): number =>
      openSocket(libc, type, family, sockaddr, fd => prepareSocket(fd, family, isWildcard))
    return { fds: openAll(libc, sockets, openOne), isWildcard, family }
  }
  if (place.address !== '') {
    const sockaddr = sockaddrOf(libc, place)
    return open(sockaddr.length === SOCKADDR_IN.size ? 4 : 6, sockaddr, false)
  }
  try {
    return open(6, wildcard6(place.port), true)
  } catch (error) {
    if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((error as SocketError).code)) throw error
    return open(4, wildcard4(place.port), true)
  }
}

const openAll = (libc: Libc, count: number, openOne: () => number): number[] => {
  const fds: number[] = []
  try {
    for (let k = 0; k < count; k++) fds.push(openOne())
  } catch (error) {
    for (const fd of fds) libc.close(fd)
    throw error
  }
  return fds
}

const openSocket = (
  libc: Libc,
  type: number,
  family: 4 | 6,
  sockaddr: Uint8Array,
  prepareSocket: (fd: number) => void,
): number => {
  const fd = libc.socket(
    family === 4 ? C.AF_INET : C.AF_INET6,
    type | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC,
    0,
  )
  if (fd < 0) throw new SocketError('socket', libc.errno())
  prepareSocket(fd)
  if (libc.bind(fd, sockaddr, sockaddr.length) === 0) return fd
  const error = new SocketError('bind', libc.errno())
  libc.close(fd)
  throw error
}

/** A port from which no machine sends. */
const NOBODY = 1

/**
 * Takes a UDP socket out of its SO_REUSEPORT group while it can still send: connected to an address
 * from which no machine sends, it matches no client's datagram any more. Once no socket is left
 * there, the kernel tells clients that the port is closed. Datagrams that came before can be read.
 */
export const leaveGroup = (libc: Libc, fd: number): void => {
  // The group's program chooses by number, whether the chosen socket is connected or not. The
  // kernel's own choice leaves connected sockets out.
  setOption(libc, fd, C.SOL_SOCKET, C.SO_DETACH_REUSEPORT_BPF, 0)
  const own = new Uint8Array(SOCKADDR_IN6.size)
  const length = Int32Array.of(own.length)
  if (libc.getsockname(fd, own, length) !== 0) return
  for (const peer of nobodies(own.subarray(0, length[0]))) {
    if (libc.connect(fd, peer, peer.length) === 0) return
  }
}

/**
 * Addresses to connect a socket to that is bound to `own`: its own address, which it can always
 * reach, or this machine's loopback.
 */
const nobodies = (own: Uint8Array): Uint8Array[] => {
  const at = own.length === SOCKADDR_IN.size ? SOCKADDR_IN.addr : SOCKADDR_IN6.addr
  const size = own.length === SOCKADDR_IN.size ? 4 : 16
  const to = (address: readonly number[] | Uint8Array): Uint8Array => {
    const peer = own.slice()
    new DataView(peer.buffer).setUint16(SOCKADDR_IN.port, NOBODY)
    peer.set(address, at)
    return peer
  }
  const address = own.subarray(at, at + size)
  if (address.some(byte => byte !== 0)) return [to(address)]
  if (size === 4) return [to([127, 0, 0, 1])]
  return [
    to([...new Array(15).fill(0), 1]),
    to([...new Array(10).fill(0), 0xff, 0xff, 127, 0, 0, 1]),
  ]
}

const prepare = (
  libc: Libc,
  fd: number,
  family: 4 | 6,
  isWildcard: boolean,
  recvBufferBytes: number,
): void => {
  setOption(libc, fd, C.SOL_SOCKET, C.SO_REUSEPORT, 1)
  // What the kernel does not grant, it lowers by itself.
  setOption(libc, fd, C.SOL_SOCKET, C.SO_RCVBUF, recvBufferBytes)
  if (family === 4) {
    // Replies obey no ICMP that asks for smaller packets: forged ones would make them fragments
    // (RFC 9715).
    setOption(libc, fd, C.IPPROTO_IP, C.IP_MTU_DISCOVER, C.IP_PMTUDISC_OMIT)
    if (isWildcard) setOption(libc, fd, C.IPPROTO_IP, C.IP_PKTINFO, 1)
    return
  }
  setOption(libc, fd, C.IPPROTO_IPV6, C.IPV6_V6ONLY, isWildcard ? 0 : 1)
  setOption(libc, fd, C.IPPROTO_IPV6, C.IPV6_MTU_DISCOVER, C.IPV6_PMTUDISC_OMIT)
  if (isWildcard) setOption(libc, fd, C.IPPROTO_IPV6, C.IPV6_RECVPKTINFO, 1)
}

/** Options are a matter of quality, not of working: a kernel that lacks one is served without. */
export const setOption = (
  libc: Libc,
  fd: number,
  level: number,
  option: number,
  value: number,
): void => {
  libc.setsockopt(fd, level, option, Int32Array.of(value), 4)
}

/**
 * An address in network form, with the scope of its zone. Throws an Error for what is no literal
 * address, and for a zone that is no interface.
 */
export const sockaddrOf = (libc: Libc, place: ListenAddress): Uint8Array => {
  const ip = parseIp(withoutZone(place.address))
  if (ip === undefined) throw new Error(`not an address: ${listenText(place)}`)
  if (ip.family === 4) {
    const sockaddr = wildcard4(place.port)
    sockaddr.set(ip.bytes, SOCKADDR_IN.addr)
    return sockaddr
  }
  const sockaddr = wildcard6(place.port)
  sockaddr.set(ip.bytes, SOCKADDR_IN6.addr)
  const percent = place.address.indexOf('%')
  if (percent >= 0)
    new DataView(sockaddr.buffer).setUint32(
      SOCKADDR_IN6.scopeId,
      scopeOf(libc, place.address.slice(percent + 1)),
      true,
    )
  return sockaddr
}

/** The number of an interface; its name may be that number already. */
const scopeOf = (libc: Libc, zone: string): number => {
  if (/^\d+$/.test(zone)) return Number(zone)
  const name = new TextEncoder().encode(`${zone}\0`)
  const index = libc.if_nametoindex(name)
  if (index === 0) throw new SocketError('if_nametoindex', libc.errno())
  return index
}

const INTERFACE_NAME_BYTES = 16

const zoneOf = (libc: Libc, scope: number): string => {
  if (scope === 0) return ''
  const name = new Uint8Array(INTERFACE_NAME_BYTES)
  const isKnown = libc.if_indextoname(scope, name) !== 0n
  return `%${isKnown ? new TextDecoder().decode(name.subarray(0, name.indexOf(0))) : scope}`
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`, `[fe80::1%eth0]:53` */
export const sockaddrText = (libc: Libc, sockaddr: Uint8Array): string => {
  const port = (sockaddr[SOCKADDR_IN.port]! << 8) | sockaddr[SOCKADDR_IN.port + 1]!
  const isV4 = sockaddr[SOCKADDR_IN.family] === C.AF_INET
  const bytes = isV4
    ? sockaddr.subarray(SOCKADDR_IN.addr, SOCKADDR_IN.addr + 4)
    : sockaddr.subarray(SOCKADDR_IN6.addr, SOCKADDR_IN6.addr + 16)
  const scope = isV4
    ? 0
    : new DataView(sockaddr.buffer, sockaddr.byteOffset).getUint32(SOCKADDR_IN6.scopeId, true)
  return listenText({ address: `${ipToText(bytes)}${zoneOf(libc, scope)}`, port })
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
