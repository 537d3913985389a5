import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { receiveDrops } from './drops.ts'
import { openGroup, sendAll, withoutLibc } from './loopback.cases.ts'

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

test('what is no socket has dropped nothing', () => {
  assert.equal(receiveDrops([0, -1, 1_000_000]), 0)
})
