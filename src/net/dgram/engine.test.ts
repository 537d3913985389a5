// UDP through node:dgram: what it counts, what it notes for a successor, and that an end leaves
// nobody without an answer.

import assert from 'node:assert/strict'
import { createSocket, Socket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { askFor, replyTo, ScriptedReceiver } from '../../../test/fakes/engine.ts'
import { connected, idOf, replies, sendAll } from '../../../test/fakes/loopback.ts'
import { CacheKey } from '../../cache/key.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import { peerOf } from '../engine.ts'
import { makeInboundMemory } from '../mmsg/inbound-layout.ts'
import { openUdp } from './engine.ts'
import { DgramJournal } from './journal.ts'

const LIMIT = { timeout: 20_000 }

const portForUdp = async (): Promise<number> => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

interface Setting {
  readonly port?: number
  readonly memory?: SharedArrayBuffer
}

/** Listens on 127.0.0.1; closed when the test ends. */
const listen = async (t: TestContext, setting: Setting = {}) => {
  const { port = await portForUdp(), memory } = setting
  const receiver = new ScriptedReceiver()
  const batches: number[] = []
  const errors: string[] = []
  const journal = memory && new DgramJournal(memory)
  const listener = await openUdp({ address: '127.0.0.1', port }, receiver, {
    query: new FastQuery(new CacheKey([1, 2])),
    recvBufferBytes: 1 << 20,
    counts: { batch: datagrams => void batches.push(datagrams), full: () => void batches.push(-1) },
    canReusePort: true,
    journal,
    onError: text => void errors.push(text),
  })
  t.after(() => listener.close(0))
  const counted = (): number => batches.reduce((sum, datagrams) => sum + datagrams, 0)
  return { listener, receiver, port, counted, batches, errors }
}

test('what waits in the kernel when the end begins is answered, and counted', LIMIT, async t => {
  const { listener, port, counted, batches } = await listen(t)
  const client = await connected(t, '127.0.0.1', port)
  const asked = Array.from({ length: 200 }, (_, id) => askFor(id % 2 === 0 ? 'fast' : 'async', id))
  const answered = replies(client, asked.length)
  const sent = sendAll(client, asked)
  await listener.close(5000)
  await sent
  assert.deepEqual(
    (await answered).map(bytes => bytes.toHex()),
    asked.map(bytes => replyTo(bytes).toHex()),
  )
  assert.equal(counted(), asked.length)
  assert.ok(batches.length < asked.length, 'a batch for each datagram')
})

test('replies beyond a MiB that waits to be sent are dropped, and counted', LIMIT, async t => {
  const { port, batches } = await listen(t)
  const client = await connected(t, '127.0.0.1', port)
  let queued = 1024 * 1024
  t.mock.method(Socket.prototype, 'getSendQueueSize', () => queued)
  await sendAll(client, [askFor('fast', 1)])
  while (!batches.includes(-1)) await new Promise(setImmediate)
  queued -= 1
  const answered = replies(client, 1)
  await sendAll(client, [askFor('fast', 2)])
  assert.deepEqual((await answered).map(idOf), [2])
})

test('the end waits for what is held, and for no longer than the grace', LIMIT, async t => {
  for (const isAnswered of [true, false]) {
    const { listener, receiver, port } = await listen(t)
    const client = await connected(t, '127.0.0.1', port)
    const asked = new Promise<void>(resolve => (receiver.onQuery = resolve))
    await sendAll(client, [askFor('held', 7)])
    await asked
    if (!isAnswered) {
      await listener.close(1)
      continue
    }
    const answered = replies(client, 1)
    const closed = listener.close(5000)
    receiver.held[0]!()
    assert.equal(idOf((await answered)[0]!), 7)
    await closed
  }
})

test('datagrams of any length are counted', LIMIT, async t => {
  const { port, counted, receiver } = await listen(t)
  const client = await connected(t, '127.0.0.1', port)
  const answered = replies(client, 1)
  const seen = new Promise<void>(
    resolve => (receiver.onQuery = () => receiver.asked === 2 && resolve()),
  )
  await sendAll(client, [
    Uint8Array.of(...askFor('silent', 1), ...new Uint8Array(3000)),
    askFor('async', 2),
  ])
  await seen
  await answered
  assert.equal(counted(), 2)
})

test(
  'queries that wait when a shard dies are asked anew by its successor, once',
  LIMIT,
  async t => {
    const memory = makeInboundMemory()
    const first = await listen(t, { memory })
    const client = await connected(t, '127.0.0.1', first.port)
    const allAsked = new Promise<void>(resolve => {
      first.receiver.onQuery = () => {
        if (first.receiver.asked === 4) resolve()
      }
    })
    await sendAll(client, [
      askFor('held', 1),
      askFor('sync', 2),
      askFor('held', 3),
      askFor('silent', 4),
    ])
    await allAsked
    const answered = replies(client, 2)
    const second = await listen(t, { port: first.port, memory })
    assert.equal(second.receiver.asked, 2)
    assert.deepEqual(
      second.receiver.slow.map(({ way, client: from, local }) => [way, from.port, local.address]),
      Array.from({ length: 2 }, () => ['held', client.address().port, '127.0.0.1']),
    )
    for (const send of second.receiver.held) send()
    // The reply to the second query comes from its own shard, before or after.
    assert.ok((await answered).every(bytes => [1, 2, 3].includes(idOf(bytes))))
    const third = await listen(t, { port: first.port, memory })
    assert.equal(third.receiver.asked, 0)
    assert.deepEqual([first.errors, second.errors, third.errors].flat(), [])
    assert.deepEqual(new DgramJournal(memory).takeUp(peerOf('127.0.0.1', first.port)), [])
  },
)
