// Whose sockets count as somebody else's, and which of them get a part of the queries.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { parseIp } from '../base/ip.ts'
import { canListSockets, openPorts, ownInodes } from './proc-sockets.ts'
import { sharedPlaces, sharedPortWarnings } from './shared-ports.ts'

const CASES: readonly { ours: string; theirs: string; port?: number; isShared: boolean }[] = [
  { ours: '192.0.2.1', theirs: '192.0.2.1', isShared: true },
  { ours: '192.0.2.1', theirs: '192.0.2.2', isShared: false },
  { ours: '192.0.2.1', theirs: '192.0.2.1', port: 54, isShared: false },
  { ours: '192.0.2.1', theirs: '0.0.0.0', isShared: true },
  { ours: '0.0.0.0', theirs: '192.0.2.1', isShared: true },
  { ours: '192.0.2.1', theirs: '::', isShared: true },
  { ours: '192.0.2.1', theirs: '2001:db8::1', isShared: false },
  { ours: '2001:db8::1', theirs: '2001:db8::1', isShared: true },
  { ours: '2001:db8::1', theirs: '2001:db8::2', isShared: false },
  { ours: '2001:db8::1', theirs: '0.0.0.0', isShared: false },
  { ours: 'fe80::1%lo', theirs: 'fe80::1', isShared: true },
  { ours: '', theirs: '192.0.2.1', isShared: true },
  { ours: '', theirs: '2001:db8::1', isShared: true },
  { ours: '', theirs: '::', isShared: true },
  { ours: '', theirs: '::', port: 54, isShared: false },
]
for (const { ours, theirs, port = 53, isShared } of CASES)
  test(`${ours || 'every address'}, port 53, and ${theirs}, port ${port}: ${isShared ? 'shared' : 'not shared'}`, () => {
    const place = { address: ours, port: 53 }
    const other = {
      protocol: 'tcp',
      address: parseIp(theirs)?.bytes ?? assert.fail(),
      port,
      inode: '1',
      drops: 0,
    } as const
    assert.deepEqual(
      sharedPlaces([place], [other]),
      isShared ? [{ place, protocols: ['tcp'] }] : [],
    )
  })

test('a listener for connections shares nothing with a socket for datagrams', () => {
  const address = parseIp('192.0.2.1')?.bytes ?? assert.fail()
  const socket = { address, port: 853, inode: '1', drops: 0 }
  const others = [
    { ...socket, protocol: 'udp' },
    { ...socket, protocol: 'tcp' },
  ] as const
  const place = { address: '192.0.2.1', port: 853, scheme: 'tls' } as const
  assert.deepEqual(sharedPlaces([place], [others[0]]), [])
  assert.deepEqual(sharedPlaces([place], others), [{ place, protocols: ['tcp'] }])
})

const skip = canListSockets() ? false : 'no /proc/self/net/udp'

test('listeners and sockets that are not connected are listed, with their addresses', {
  skip,
  timeout: 10_000,
}, async t => {
  const server = createServer()
  const v4 = createSocket('udp4')
  const v6 = createSocket({ type: 'udp6', ipv6Only: true })
  t.after(() => {
    server.close()
    v4.close()
    v6.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  v4.bind(port, '127.0.0.3')
  v6.bind(port, '::')
  await Promise.all([once(v4, 'listening'), once(v6, 'listening')])
  const own = ownInodes()
  const listed = [...openPorts('tcp'), ...openPorts('udp')].filter(
    row => row.port === port && own.has(row.inode),
  )
  assert.deepEqual(
    listed.map(({ protocol, address, drops }) => [protocol, [...address], drops]),
    [
      ['tcp', [127, 0, 0, 1], 0],
      ['udp', [127, 0, 0, 3], 0],
      ['udp', new Array(16).fill(0), 0],
    ],
  )
  v4.connect(9, '127.0.0.1')
  await once(v4, 'connect')
  assert.equal(openPorts('udp').filter(row => row.port === port && own.has(row.inode)).length, 1)
  // They are ours.
  assert.deepEqual(sharedPortWarnings([{ address: '', port }]), [])
})
