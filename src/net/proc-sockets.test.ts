import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { openGroup, sendAll, withoutLibc } from '../../test/fakes/loopback.ts'
import { canListSockets, receiveDrops, receiveDropsAt } from './proc-sockets.ts'

test('what does not fit into a receive buffer is counted, of the sockets asked for only', {
  skip: withoutLibc,
  timeout: 20_000,
}, async t => {
  const full = await openGroup(t, '127.0.0.1', 1)
  const other = await openGroup(t, '127.0.0.1', 1)
  const client = createSocket('udp4')
  t.after(() => client.close())
  client.connect(full.port, '127.0.0.1')
  await once(client, 'connect')
  assert.equal(receiveDrops(full.group.fds), 0)
  const large = new Uint8Array(60_000)
  while (receiveDrops(full.group.fds) === 0)
    await sendAll(
      client,
      Array.from({ length: 50 }, () => large),
    )
  assert.equal(receiveDrops(other.group.fds), 0)
  assert.equal(receiveDrops([...full.group.fds, ...other.group.fds]), receiveDrops(full.group.fds))
})

/** A socket of node:dgram, with its port. */
const bound = async (
  t: TestContext,
): Promise<{ readonly socket: Socket; readonly port: number }> => {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { socket, port: socket.address().port }
}

test('drops of this process are told by port, and those of sockets that are connected from there are not counted', {
  skip: canListSockets() ? false : 'no /proc/self/net/udp',
  timeout: 20_000,
}, async t => {
  const full = await bound(t)
  const other = await bound(t)
  const client = await bound(t)
  client.socket.connect(full.port, '127.0.0.1')
  await once(client.socket, 'connect')
  const large = new Uint8Array(60_000)
  // Both overflow within this turn: nothing is read before the next.
  for (let k = 0; k < 50; k++) {
    client.socket.send(large)
    full.socket.send(large, client.port, '127.0.0.1')
  }
  const drops = receiveDropsAt(new Set([full.port]))
  assert.ok(drops > 0)
  assert.equal(receiveDropsAt(new Set([full.port, other.port, client.port])), drops)
  assert.equal(receiveDropsAt(new Set([other.port])), 0)
})

test('what is no socket has dropped nothing', () => {
  assert.equal(receiveDrops([0, -1, 1_000_000]), 0)
})
