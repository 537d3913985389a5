// The engine in this very process: fast and slow answers reach their clients, and the event loop
// goes on beside them.

import assert from 'node:assert/strict'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause, setImmediate as turnOfLoop } from 'node:timers/promises'
import { askFor, makeEngine, type Running, replyTo, type Way } from '../../../test/fakes/engine.ts'
import {
  connected,
  idOf,
  realLibc,
  replies,
  sendAll,
  shown,
  waitForAny,
  withoutIpv6,
  withoutLibc,
} from '../../../test/fakes/loopback.ts'
import { startPump } from '../../../test/support/udp-pump.ts'
import { C } from './abi.ts'
import { Inbound } from './inbound.ts'
import { BATCH, makeInboundMemory } from './inbound-layout.ts'

const LIMIT = { skip: withoutLibc, timeout: 20_000 }

const ask = async (
  client: Socket,
  queries: readonly Uint8Array[],
  count = queries.length,
): Promise<string[]> => {
  const answered = replies(client, count)
  await sendAll(client, queries)
  return (await answered).map(bytes => bytes.toHex())
}

const expected = (queries: readonly Uint8Array[]): string[] =>
  queries.map(bytes => replyTo(bytes).toHex())

/** Resolves once the receiver has got so many queries in all. */
const untilAsked = ({ receiver }: Running, count: number): Promise<void> =>
  new Promise(resolve => {
    receiver.onQuery = () => {
      if (receiver.asked >= count) resolve()
    }
    receiver.onQuery()
  })

const askHeld = async (t: TestContext, running: Running, count: number): Promise<Socket> => {
  const client = await connected(t, '127.0.0.1', running.port)
  await sendAll(
    client,
    Array.from({ length: count }, (_, n) => askFor('held', n)),
  )
  await untilAsked(running, running.receiver.asked + count)
  return client
}

test(
  'the engine does not wait while somebody waits for a turn of the event loop',
  LIMIT,
  async t => {
    const libc = realLibc()
    let isTurnDue = false
    let waits = 0
    const poll: typeof libc.poll = (fds, count, timeoutMs) => {
      if (isTurnDue && timeoutMs > 0) waits++
      return libc.poll(fds, count, timeoutMs)
    }
    const running = await makeEngine(t, { libc: { ...libc, poll } })
    running.engine.add(running.socket)
    // Nothing is asked: the engine is idle.
    for (let turns = 0; turns < 20; turns++) {
      isTurnDue = true
      await turnOfLoop()
      isTurnDue = false
    }
    assert.equal(waits, 0)
  },
)

test('an engine that nobody needs waits', LIMIT, async t => {
  const libc = realLibc()
  const { promise, resolve } = Promise.withResolvers<void>()
  const poll: typeof libc.poll = (fds, count, timeoutMs) => {
    if (timeoutMs > 1) resolve()
    return libc.poll(fds, count, timeoutMs)
  }
  const running = await makeEngine(t, { libc: { ...libc, poll } })
  running.engine.add(running.socket)
  await promise
})

test('answers of all kinds in one batch reach their own clients', LIMIT, async t => {
  const running = await makeEngine(t)
  const ways: readonly Way[] = ['fast', 'sync', 'silent', 'async', 'fast', 'held', 'sync']
  const clients = await Promise.all(
    Array.from({ length: 5 }, () => connected(t, '127.0.0.1', running.port)),
  )
  const asked = clients.map((_, c) =>
    Array.from({ length: 40 }, (_, n) => {
      const way = ways[(n + c) % ways.length]!
      return { way, bytes: askFor(way, c * 1000 + n) }
    }),
  )
  const awaited = asked.map(list =>
    list.filter(({ way }) => way !== 'silent' && way !== 'held').map(({ bytes }) => bytes),
  )
  const all = clients.map((client, c) => replies(client, awaited[c]!.length))
  // All wait in the kernel before the engine takes the first.
  for (let n = 0; n < 40; n++)
    for (const [c, client] of clients.entries()) await sendAll(client, [asked[c]![n]!.bytes])
  running.engine.add(running.socket)
  for (const [c, got] of (await Promise.all(all)).entries()) {
    assert.deepEqual(
      got.map(bytes => bytes.toHex()),
      expected(awaited[c]!),
    )
  }
  assert.equal(running.datagrams(), 200)
  assert.equal(running.receiver.asked, 200)
  assert.ok(running.receiver.batches >= Math.floor(200 / BATCH))
  const ports = new Set(clients.map(client => client.address().port))
  for (const { client } of running.receiver.slow)
    assert.ok(client.address === '127.0.0.1' && ports.has(client.port))
  // The held ones are answered last, in one turn, and to the right clients still.
  const last = asked.map(list => list.filter(({ way }) => way === 'held').map(({ bytes }) => bytes))
  const late = clients.map((client, c) => replies(client, last[c]!.length))
  for (const send of running.receiver.held) send()
  for (const [c, got] of (await Promise.all(late)).entries()) {
    assert.deepEqual(
      got.map(bytes => bytes.toHex()),
      expected(last[c]!),
    )
  }
})

test('timers and TCP are served while datagrams come without end', LIMIT, async t => {
  const running = await makeEngine(t)
  running.engine.add(running.socket)
  const server = createServer(socket => socket.pipe(socket)).listen(0, '127.0.0.1')
  t.after(() => void server.close())
  await once(server, 'listening')
  const pump = startPump(t, {
    port: running.port,
    message: askFor('fast', 1),
    window: 128,
    limit: 500_000,
  })
  await untilAsked(running, 1000)
  const tcp = connect((server.address() as { port: number }).port, '127.0.0.1')
  for (let n = 0; n < 10; n++) {
    tcp.write(`${n}`)
    const [[echo]] = await Promise.all([once(tcp, 'data'), pause(30)])
    assert.equal(String(echo), `${n}`)
  }
  tcp.destroy()
  await untilAsked(running, 20_000)
  assert.equal(pump.hasEnded, false, 'the pump ran dry before the event loop was served')
  const { sent, received } = await pump.stop()
  assert.deepEqual([received, running.receiver.asked, running.failures], [sent, sent, []])
})

for (const { to, skip } of [
  { to: '127.0.0.1', skip: withoutLibc },
  { to: '127.0.0.2', skip: withoutLibc },
  { to: '::1', skip: withoutLibc || withoutIpv6 },
])
  test(`a wildcard socket answers from the address that was asked: ${to}`, {
    ...LIMIT,
    skip,
  }, async t => {
    const running = await makeEngine(t, { address: '' })
    running.engine.add(running.socket)
    const client = await connected(t, to, running.port)
    const queries = (['fast', 'sync', 'async', 'fast'] as const).map((way, id) => askFor(way, id))
    assert.deepEqual(await ask(client, queries), expected(queries))
    const { port } = client.address()
    const family = to === '::1' ? 6 : 4
    for (const { client: from, local } of running.receiver.slow) {
      assert.deepEqual(shown(from), { address: family === 6 ? '::1' : '127.0.0.1', port, family })
      assert.deepEqual(shown(local), { address: to, port: running.port, family })
    }
  })

test('remove waits for the replies in flight', LIMIT, async t => {
  const running = await makeEngine(t)
  running.engine.add(running.socket)
  const client = await askHeld(t, running, 3)
  let isRemoved = false
  const removed = running.engine.remove(running.socket, 8_000).then(() => void (isRemoved = true))
  const answered = replies(client, 3)
  await new Promise(setImmediate)
  assert.equal(isRemoved, false)
  for (const send of running.receiver.held) send()
  assert.equal((await answered).length, 3)
  await removed
})

test('a reply that comes during a removal does not wait for the others', LIMIT, async t => {
  const running = await makeEngine(t)
  running.engine.add(running.socket)
  const client = await askHeld(t, running, 2)
  const removed = running.engine.remove(running.socket, 8_000)
  const first = replies(client, 1)
  running.receiver.held[0]!()
  assert.equal(idOf((await first)[0]!), 0)
  running.receiver.held[1]!()
  await removed
})

test('after the grace nothing is sent any more', LIMIT, async t => {
  const libc = realLibc()
  let sends = 0
  const sendmmsg: typeof libc.sendmmsg = (...what) => {
    sends++
    return libc.sendmmsg(...what)
  }
  const running = await makeEngine(t, { libc: { ...libc, sendmmsg } })
  running.engine.add(running.socket)
  await askHeld(t, running, 2)
  await running.engine.remove(running.socket, 1)
  const before = sends
  for (const send of running.receiver.held) send()
  await running.engine.remove(running.socket, 0)
  assert.equal(sends, before)
})

const failing = (errno: number, isFailing: () => boolean) => {
  const libc = realLibc()
  let last = 0
  const recvmmsg: typeof libc.recvmmsg = (...what) => {
    last = isFailing() ? errno : 0
    return last === 0 ? libc.recvmmsg(...what) : -1
  }
  return { ...libc, recvmmsg, errno: () => last || libc.errno() }
}

const EBADF = 9

test(
  'a socket that cannot be received from ends the engine, once and without an exception',
  LIMIT,
  async t => {
    let isBroken = false
    const running = await makeEngine(t, { libc: failing(EBADF, () => isBroken) })
    running.engine.add(running.socket)
    const client = await connected(t, '127.0.0.1', running.port)
    assert.deepEqual(await ask(client, [askFor('fast', 7)]), expected([askFor('fast', 7)]))
    isBroken = true
    await sendAll(client, [askFor('fast', 8)])
    while (running.failures.length === 0) await new Promise(setImmediate)
    for (let n = 0; n < 5; n++) await new Promise(setImmediate)
    assert.deepEqual([running.failures, running.engine.sockets.length], [['recvmmsg: errno 9'], 0])
    // The query waits for whoever takes the socket over.
    const successor = await makeEngine(t, { from: running })
    const answered = replies(client, 1)
    successor.engine.add(successor.socket)
    assert.equal(idOf((await answered)[0]!), 8)
  },
)

test('what was in flight when the engine failed is answered all the same', LIMIT, async t => {
  let isBroken = false
  const running = await makeEngine(t, { libc: failing(EBADF, () => isBroken) })
  running.engine.add(running.socket)
  const client = await askHeld(t, running, 2)
  isBroken = true
  await sendAll(client, [askFor('fast', 8)])
  while (running.failures.length === 0) await new Promise(setImmediate)
  const answered = replies(client, 2)
  for (const send of running.receiver.held) send()
  assert.deepEqual((await answered).map(idOf), [0, 1])
})

test('a wait that fails ends the engine as well', LIMIT, async t => {
  const libc = realLibc()
  let isBroken = false
  const poll: typeof libc.poll = (...what) => (isBroken ? -1 : libc.poll(...what))
  const running = await makeEngine(t, {
    libc: { ...libc, poll, errno: () => (isBroken ? EBADF : libc.errno()) },
  })
  running.engine.add(running.socket)
  isBroken = true
  while (running.failures.length === 0) await new Promise(setImmediate)
  for (let n = 0; n < 5; n++) await new Promise(setImmediate)
  assert.deepEqual(running.failures, ['poll: errno 9'])
})

for (const [name, errno] of [
  ['EINTR', C.EINTR],
  ['ENOMEM', C.ENOMEM],
  ['ENOBUFS', C.ENOBUFS],
] as const)
  test(`${name} ends nothing`, LIMIT, async t => {
    let failures = 3
    const running = await makeEngine(t, { libc: failing(errno, () => failures-- > 0) })
    running.engine.add(running.socket)
    const client = await connected(t, '127.0.0.1', running.port)
    assert.deepEqual(await ask(client, [askFor('fast', 1)]), expected([askFor('fast', 1)]))
    assert.deepEqual([running.failures, failures < 0], [[], true])
  })

test('what a predecessor had received and not answered is answered first', LIMIT, async t => {
  const inbound = makeInboundMemory()
  const running = await makeEngine(t, { inbound })
  const client = await connected(t, '127.0.0.1', running.port)
  const queries = [askFor('fast', 1), askFor('sync', 2), askFor('fast', 3)]
  await sendAll(client, queries)
  const { fd } = running.socket
  assert.ok(waitForAny(realLibc(), [fd]))
  assert.equal(new Inbound(realLibc(), inbound).receive(fd, false), 3)
  await sendAll(client, [askFor('fast', 0)])
  const order: number[] = []
  client.on('message', bytes => order.push(idOf(bytes)))
  const answered = replies(client, 4)
  running.engine.add(running.socket)
  await answered
  assert.deepEqual(order.slice().sort(), [0, 1, 2, 3])
  assert.equal(order.at(-1), 0)
})

test('what was left of a socket that is gone is let go', LIMIT, async t => {
  const inbound = makeInboundMemory()
  const running = await makeEngine(t, { inbound })
  const words = new Int32Array(inbound)
  words.set([2, 9999, 0])
  running.engine.add(running.socket)
  const client = await connected(t, '127.0.0.1', running.port)
  assert.deepEqual(await ask(client, [askFor('fast', 1)]), expected([askFor('fast', 1)]))
  assert.equal(running.receiver.asked, 1)
})
