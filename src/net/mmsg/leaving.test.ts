// What becomes of a socket that its engine leaves, and of one whose engine has died.

import assert from 'node:assert/strict'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { askFor, makeEngine } from '../../../test/fakes/engine.ts'
import {
  connected,
  idOf,
  mortalLibc,
  openGroup,
  realLibc,
  receiveAll,
  replies,
  sendAll,
  withoutIpv6,
  withoutLibc,
} from '../../../test/fakes/loopback.ts'
import { leaveGroup } from './sockets.ts'
import { steer } from './steering.ts'

const LIMIT = { skip: withoutLibc, timeout: 20_000 }

test(
  'what waits at the sockets of an engine that has died is answered by the one that takes them over',
  LIMIT,
  async t => {
    const running = await makeEngine(t, { libc: mortalLibc() })
    running.engine.add(running.socket)
    const client = await connected(t, '127.0.0.1', running.port)
    await running.engine.remove(running.socket, 0)
    const successor = await makeEngine(t, { from: running })
    await sendAll(client, [askFor('fast', 9)])
    const answered = replies(client, 1)
    successor.engine.add(successor.socket)
    assert.equal(idOf((await answered)[0]!), 9)
    assert.equal(running.receiver.asked, 0)
  },
)

const closedFor = async (client: Socket): Promise<string> => {
  const refused = once(client, 'error')
  await sendAll(client, [askFor('fast', 1)])
  return (await refused)[0].code
}

for (const [bound, to] of [
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['', '127.0.0.1'],
  ['', '::1'],
] as const) {
  test(`a socket that is removed is closed for clients at once: bound to ${bound || 'all addresses'}, asked at ${to}`, {
    ...LIMIT,
    skip: withoutLibc || (`${bound}${to}`.includes(':') && withoutIpv6),
  }, async t => {
    const running = await makeEngine(t, { address: bound })
    running.engine.add(running.socket)
    const asking = await connected(t, to, running.port)
    await sendAll(asking, [askFor('held', 1)])
    while (running.receiver.held.length < 1) await new Promise(setImmediate)
    const removed = running.engine.remove(running.socket, 8_000)
    const late = await connected(t, to, running.port)
    assert.equal(await closedFor(late), 'ECONNREFUSED')
    // And what is owed still leaves from the address that was asked.
    const answered = replies(asking, 1)
    running.receiver.held[0]!()
    assert.equal(idOf((await answered)[0]!), 1)
    await removed
  })
}

test('what has come before a removal is answered, however much', LIMIT, async t => {
  const running = await makeEngine(t)
  const client = await connected(t, '127.0.0.1', running.port)
  running.engine.add(running.socket)
  await sendAll(
    client,
    Array.from({ length: 200 }, (_, id) => askFor('fast', id)),
  )
  const answered = replies(client, 200)
  await running.engine.remove(running.socket, 0)
  assert.equal((await answered).length, 200)
})

for (const steering of ['random', 'kernel'] as const) {
  test(
    `while one of two sockets is left, all queries go there: steering ${steering}`,
    LIMIT,
    async t => {
      const { group, port } = await openGroup(t, '127.0.0.1', 2)
      assert.equal(steer(realLibc(), group.fds, steering), undefined)
      leaveGroup(realLibc(), group.fds[0]!)
      const client = await connected(t, '127.0.0.1', port)
      await sendAll(
        client,
        Array.from({ length: 100 }, (_, id) => askFor('fast', id)),
      )
      assert.deepEqual(
        receiveAll(group.fds, 100).map(({ length }) => length),
        [0, 100],
      )
    },
  )
}
