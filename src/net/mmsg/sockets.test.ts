// The groups of UDP sockets that main opens: where they listen, and that a failure leaves nothing
// open.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import {
  connected,
  openDescriptors,
  openGroup,
  queryOf,
  realLibc,
  receiveAll,
  sendAll,
  withoutIpv6,
  withoutLibc,
} from '../../../test/fakes/loopback.ts'
import { freePorts } from '../../../test/support/server-process.ts'
import { closeGroup, openUdpGroup } from './sockets.ts'

const OPTIONS = { sockets: 3, recvBufferBytes: 1 << 20 }

const takes = async (
  t: TestContext,
  fds: readonly number[],
  address: string,
  port: number,
): Promise<void> => {
  const client = await connected(t, address, port)
  const message = queryOf('a.example.org.', 7)
  await sendAll(client, [message])
  assert.deepEqual(
    receiveAll(fds, 1)
      .flat()
      .map(bytes => bytes.toHex()),
    [message.toHex()],
  )
}

const LISTENS: readonly {
  at: string
  isWildcard: boolean
  family: 4 | 6
  reached: readonly string[]
}[] = [
  { at: '127.0.0.1', isWildcard: false, family: 4, reached: ['127.0.0.1'] },
  { at: '127.0.0.2', isWildcard: false, family: 4, reached: ['127.0.0.2'] },
  { at: '::1', isWildcard: false, family: 6, reached: ['::1'] },
  { at: '', isWildcard: true, family: 6, reached: ['127.0.0.1', '127.0.0.2', '::1'] },
]

for (const { at, isWildcard, family, reached } of LISTENS)
  test(`listens on ${at === '' ? 'all addresses' : at}`, {
    skip: withoutLibc || (family === 6 ? withoutIpv6 : false),
  }, async t => {
    const { group, port } = await openGroup(t, at, OPTIONS.sockets)
    assert.deepEqual(
      [group.fds.length, new Set(group.fds).size],
      [OPTIONS.sockets, OPTIONS.sockets],
    )
    assert.deepEqual([group.isWildcard, group.family], [isWildcard, family])
    for (const address of reached) await takes(t, group.fds, address, port)
  })

test('without IPv6 a wildcard is one of IPv4', { skip: withoutLibc }, async t => {
  const libc = realLibc()
  const [port = 0] = await freePorts(1)
  let refusals = 0
  const socket = (family: number, type: number, protocol: number): number => {
    if (family === 2) return libc.socket(family, type, protocol)
    refusals++
    return -1
  }
  const EAFNOSUPPORT = 97
  const group = openUdpGroup(
    { ...libc, socket, errno: () => EAFNOSUPPORT },
    { address: '', port },
    OPTIONS,
  )
  t.after(() => closeGroup(libc, group))
  assert.deepEqual([refusals, group.isWildcard, group.family], [1, true, 4])
  await takes(t, group.fds, '127.0.0.2', port)
})

test('a wildcard and one of its addresses can be listened on together', {
  skip: withoutLibc,
}, async t => {
  const { port } = await openGroup(t, '', OPTIONS.sockets)
  const own = openUdpGroup(realLibc(), { address: '127.0.0.1', port }, OPTIONS)
  t.after(() => closeGroup(realLibc(), own))
  await takes(t, own.fds, '127.0.0.1', port)
})

test('an address that somebody holds alone: EADDRINUSE, and nothing stays open', {
  skip: withoutLibc,
}, async t => {
  const holder = createSocket('udp4')
  t.after(() => void holder.close())
  holder.bind(0, '127.0.0.1')
  await once(holder, 'listening')
  const before = openDescriptors()
  const { port } = holder.address()
  assert.throws(() => openUdpGroup(realLibc(), { address: '127.0.0.1', port }, OPTIONS), {
    code: 'EADDRINUSE',
  })
  assert.equal(openDescriptors(), before)
})

test('an address that is not ours: EADDRNOTAVAIL, and nothing stays open', {
  skip: withoutLibc,
}, () => {
  const before = openDescriptors()
  assert.throws(() => openUdpGroup(realLibc(), { address: '192.0.2.1', port: 5353 }, OPTIONS), {
    code: 'EADDRNOTAVAIL',
  })
  assert.equal(openDescriptors(), before)
})

test('a failure at the last socket closes those before it', { skip: withoutLibc }, async () => {
  const libc = realLibc()
  const [port = 0] = await freePorts(1)
  let left = 2
  const socket: typeof libc.socket = (...how) => (left-- > 0 ? libc.socket(...how) : -1)
  const EMFILE = 24
  const before = openDescriptors()
  assert.throws(
    () =>
      openUdpGroup(
        { ...libc, socket, errno: () => EMFILE },
        { address: '127.0.0.1', port },
        OPTIONS,
      ),
    {
      code: 'EMFILE',
    },
  )
  assert.equal(openDescriptors(), before)
})

test('closing closes all', { skip: withoutLibc }, async () => {
  const before = openDescriptors()
  const [port = 0] = await freePorts(1)
  const group = openUdpGroup(realLibc(), { address: '127.0.0.1', port }, OPTIONS)
  assert.equal(openDescriptors(), before + OPTIONS.sockets)
  closeGroup(realLibc(), group)
  assert.equal(openDescriptors(), before)
})
