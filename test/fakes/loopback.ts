// For the engine's tests: libc of this machine, client sockets on loopback, and all that waits at
// the sockets of a group.

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import type { Peer } from '../../src/chain/query/query.ts'
import { C, POLLFD } from '../../src/net/mmsg/abi.ts'
import { Inbound } from '../../src/net/mmsg/inbound.ts'
import { BATCH, makeInboundMemory } from '../../src/net/mmsg/inbound-layout.ts'
import { type Libc, openLibc } from '../../src/net/mmsg/libc.ts'
import { closeGroup, openUdpGroup, type SocketGroup } from '../../src/net/mmsg/sockets.ts'
import { query } from '../support/messages.ts'
import { type Cleanup, freePorts } from '../support/server-process.ts'

const WAIT_MS = 5000
const RECV_BUFFER_BYTES = 4 * 1024 * 1024
/** Sent in one go before they are taken: what the smallest usual receive buffer holds. */
export const PORTION = 200

/** For the `skip` of a test: false, or why this machine cannot run it. */
export const withoutLibc: false | string =
  typeof openLibc() === 'string' ? (openLibc() as string) : false
export const withoutIpv6: false | string = Object.values(networkInterfaces()).some(list =>
  list?.some(one => one.address === '::1'),
)
  ? false
  : 'no ::1'

export const realLibc = (): Libc => {
  const libc = openLibc()
  if (typeof libc === 'string') throw new Error(libc)
  return libc
}

/**
 * libc for an engine whose sockets stay in their group when it ends, as those of a shard that dies
 * do.
 */
export const mortalLibc = (): Libc => ({ ...realLibc(), connect: () => -1 })

/** A free port and sockets there; closed when the test ends. */
export async function openGroup(
  t: Cleanup,
  address: string,
  sockets: number,
): Promise<{ group: SocketGroup; port: number }> {
  const libc = realLibc()
  const [port = 0] = await freePorts(1)
  const group = openUdpGroup(
    libc,
    { address, port },
    { sockets, recvBufferBytes: RECV_BUFFER_BYTES },
  )
  t.after(() => closeGroup(libc, group))
  return { group, port }
}

/** A client that takes replies only from the very address that it sends to. */
export async function connected(t: Cleanup, address: string, port: number): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  t.after(() => void socket.close())
  socket.connect(port, address)
  await once(socket, 'connect')
  return socket
}

/** Resolves once the kernel has them all: on loopback they wait at the receiver then. */
export const sendAll = (socket: Socket, messages: readonly Uint8Array[]): Promise<unknown> =>
  Promise.all(
    messages.map(
      message =>
        new Promise<void>((resolve, reject) =>
          socket.send(message, e => (e ? reject(e) : resolve())),
        ),
    ),
  )

/**
 * The next `expected` datagrams of all sockets together, by socket. Blocks this thread for 5 s at
 * most.
 */
export function receiveAll(fds: readonly number[], expected: number): Uint8Array[][] {
  const libc = realLibc()
  const inbound = new Inbound(libc, makeInboundMemory())
  const received: Uint8Array[][] = fds.map(() => [])
  for (let total = 0; total < expected; ) {
    if (!waitForAny(libc, fds))
      throw new Error(`${total} of ${expected} datagrams in ${WAIT_MS} ms`)
    for (const [k, fd] of fds.entries()) {
      for (let count = BATCH; count === BATCH; ) {
        count = Math.max(0, inbound.receive(fd, false))
        for (let n = 0; n < count; n++) received[k]!.push(datagramAt(inbound, n))
        total += count
      }
    }
  }
  return received
}

/** A copy of datagram `index`. */
export const datagramAt = (inbound: Inbound, index: number): Uint8Array => {
  const start = inbound.offsetOf(index)
  return Uint8Array.from(inbound.bytes.subarray(start, start + inbound.lengthOf(index)))
}

/** False if nothing comes to any of them. */
export function waitForAny(libc: Libc, fds: readonly number[], waitMs = WAIT_MS): boolean {
  const set = libc.pin(new Int32Array(fds.flatMap(fd => [fd, C.POLLIN])))
  const ready = libc.poll(set.address, BigInt(fds.length), waitMs)
  if (set.view.byteLength !== fds.length * POLLFD.size) throw new Error('struct pollfd')
  return ready > 0
}

/** What a peer says of itself, as plain data. */
export const shown = (peer: Peer | undefined): Peer | undefined =>
  peer && { address: peer.address, port: peer.port, family: peer.family }

/** Descriptors of this process. */
export const openDescriptors = (): number => readdirSync('/proc/self/fd').length

export const queryOf = (name: string, id: number): Uint8Array => query(name, 'A', { id }).bytes
export const idOf = (message: Uint8Array): number => (message[0]! << 8) | message[1]!

/** Numbers that look random and are the same in each run. */
export const numbers = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

/** The next `count` replies, sorted by id; rejects after 5 s. */
export const replies = async (client: Socket, count: number): Promise<Uint8Array[]> => {
  const list: Uint8Array[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(
    () => reject(new Error(`${list.length} of ${count} replies in ${WAIT_MS} ms`)),
    WAIT_MS,
  )
  const take = (bytes: Buffer): void => {
    if (list.push(Uint8Array.from(bytes)) === count) resolve()
  }
  client.on('message', take)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    client.off('message', take)
  }
  return list.sort((a, b) => idOf(a) - idOf(b))
}
