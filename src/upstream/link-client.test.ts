// Questions over the engine's pooled sockets, asked of real upstreams on loopback by an engine in this very process.

import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import { DOUBTS, flipped, playDoubt } from '../../test/support/doubtful-replies.ts'
import { answerTo, closedPort, type FakeUpstream, fakeUpstream, type Respond } from '../../test/support/fake-upstream.ts'
import { query, show } from '../../test/support/plugin-harness.ts'
import { quietPort } from '../../test/support/quiet-port.ts'
import { systemClock } from '../core/clock.ts'
import type { LinkEvents } from '../core/datagram-links.ts'
import { makeEngine, type Running } from '../net/mmsg/engine.cases.ts'
import { withoutIpv6, withoutLibc } from '../net/mmsg/loopback.cases.ts'
import { RelayedQuestion } from './ask.ts'
import { type Endpoint, makeEndpoint } from './endpoint.ts'
import { LinkClient } from './link-client.ts'
import { SocketAllowance } from './socket-allowance.ts'

const LIMIT = { skip: withoutLibc, timeout: 20_000 }
/** Some 4,000 bytes. */
const FULL = Array.from({ length: 245 }, (_, n) => `example.org. 300 IN A 192.0.2.${n}`)
const ANSWER = ['example.org. 300 IN A 192.0.2.1']

interface Setup {
  readonly upstream: FakeUpstream
  readonly sockets: SocketAllowance
  readonly client: LinkClient
  readonly running: Running
  readonly ignored: () => number
  ask(id?: number): Promise<Uint8Array>
}

const withIdOf = (query: Uint8Array, reply: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(reply)
  copy.set(query.subarray(0, 2))
  return copy
}

const clientOf = (
  running: Running,
  remote: Endpoint,
  sockets: SocketAllowance,
  more: { ignored?: () => void; from?: string } = {},
) =>
  new LinkClient({
    remote,
    links: running.engine.links,
    sockets,
    clock: systemClock,
    ignored: more.ignored ?? (() => {}),
    sourceAddress: more.from ?? '',
  })

const engineOf = async (t: TestContext): Promise<Running> => {
  const running = await makeEngine(t)
  running.engine.add(running.socket)
  return running
}

const setup = async (t: TestContext, respond: Respond, address = '127.0.0.1'): Promise<Setup> => {
  const upstream = await fakeUpstream(respond, { address })
  t.after(() => upstream.close())
  const running = await engineOf(t)
  const sockets = new SocketAllowance(1024)
  let ignored = 0
  const client = clientOf(running, upstream.endpoint, sockets, { ignored: () => ignored++ })
  t.after(() => client.close())
  const ask = (): Promise<Uint8Array> =>
    client.exchange(
      upstream.endpoint,
      relayed(() => ignored++),
      2000,
    )
  return { upstream, sockets, client, running, ask, ignored: () => ignored }
}

const relayed = (onIgnored = () => {}): RelayedQuestion => {
  const asked = query('example.org.', 'A')
  return new RelayedQuestion(asked.bytes, asked.question, { ignored: onIgnored })
}

for (const address of ['127.0.0.1', '::1']) {
  test(`a question to ${address} gets its reply`, LIMIT, async t => {
    const { ask } = await setup(t, asked => asked.reply({ answer: ANSWER }), address)
    const reply = await ask()
    assert.deepEqual(show(reply).answer, ANSWER)
    assert.equal(reply.constructor, Uint8Array)
  })
}

test('an engine whose last socket has gone goes on for those who wait for upstreams', LIMIT, async t => {
  const { ask, running } = await setup(t, asked => {
    if (asked.port > 0) setImmediate(() => asked.reply({ answer: ANSWER }))
  })
  const before = ask()
  await running.engine.remove(running.socket, 0)
  assert.deepEqual(show(await before).answer, ANSWER)
  assert.deepEqual(show(await ask()).answer, ANSWER)
})

test('hundreds in flight each get their own reply, whatever the order', LIMIT, async t => {
  const held: (() => void)[] = []
  const { client, upstream } = await setup(t, asked => {
    held.push(() => asked.send(answerTo(asked.bytes, { answer: ANSWER })))
    if (held.length === 100) for (const send of held.reverse()) send()
  })
  const names = Array.from({ length: 100 }, (_, n) => `n${n}.example.org.`)
  const replies = await Promise.all(
    names.map(name => {
      const asked = query(name, 'A')
      return client.exchange(upstream.endpoint, new RelayedQuestion(asked.bytes, asked.question, { ignored: () => {} }), 10_000)
    }),
  )
  assert.deepEqual(
    replies.map(reply => show(reply).question),
    names.map(name => `${name} IN A`),
  )
})

const forgeries: { readonly name: string; readonly forge: (reply: Uint8Array) => Uint8Array }[] = [
  { name: 'another id', forge: reply => flipped(reply, 0, 1) },
  { name: 'another name', forge: reply => flipped(reply, 13, 1) },
  { name: 'another type', forge: reply => flipped(reply, 12 + 13 + 1, 3) },
  { name: 'the end cut off', forge: reply => reply.subarray(0, reply.length - 1) },
  { name: 'nothing at all', forge: () => new Uint8Array(0) },
]
for (const { name, forge } of forgeries) {
  test(`a datagram with ${name} is ignored and counted, and the true reply taken`, LIMIT, async t => {
    const { ask, ignored } = await setup(t, asked => {
      asked.send(forge(answerTo(asked.bytes, { answer: ['example.org. 300 IN A 203.0.113.66'] })))
      asked.reply({ answer: ANSWER })
    })
    assert.deepEqual(show(await ask()).answer, ANSWER)
    assert.equal(ignored(), 1)
  })
}

test('a reply counts only on the socket that its question left from', LIMIT, async t => {
  const first = Promise.withResolvers<void>()
  const { client, upstream, ignored } = await setup(t, asked => {
    const [other] = upstream.asked
    if (other === undefined || other === asked) {
      first.resolve()
      return
    }
    // The first question's id, sent to the second one's port.
    asked.send(answerTo(other.bytes, { answer: ['example.org. 300 IN A 203.0.113.66'] }))
    asked.reply({ answer: ANSWER })
    other.reply({ answer: ANSWER })
  })
  const one = client.exchange(upstream.endpoint, relayed(), 5000)
  await first.promise
  const two = client.exchange(upstream.endpoint, relayed(), 5000)
  assert.deepEqual(show(await one).answer, ANSWER)
  assert.deepEqual(show(await two).answer, ANSWER)
  assert.notEqual(upstream.asked[0]?.port, upstream.asked[1]?.port)
  assert.equal(ignored(), 1)
})

test('ports and ids change, and no more sockets are open than are allowed', LIMIT, async t => {
  const { ask, upstream, sockets } = await setup(t, asked => asked.reply())
  sockets.limit = 16
  for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 200 }, ask))
  const ports = new Set(upstream.asked.map(({ port }) => port))
  assert.ok(ports.size >= 8, `${ports.size} ports for ${upstream.asked.length} questions`)
  assert.ok(new Set(upstream.asked.map(({ bytes }) => (bytes[0]! << 8) | bytes[1]!)).size > 2000)
  assert.ok(sockets.open <= 16, `${sockets.open} sockets`)
})

test('questions that follow each other leave from a port each', LIMIT, async t => {
  const { ask, upstream, sockets } = await setup(t, asked => asked.reply({ answer: ANSWER }))
  for (let round = 0; round < 20; round++) await ask()
  const ports = new Set(upstream.asked.map(({ port }) => port))
  assert.ok(ports.size >= 18, `${ports.size} ports for 20 questions`)
  assert.equal(sockets.open, 0)
})

const HELD = 8000
const PORTION = 100
test(`${HELD} replies that come at once all arrive`, { ...LIMIT, timeout: 60_000 }, async t => {
  const full = answerTo(relayed().template, { answer: FULL })
  const held: (() => void)[] = []
  const portion = { left: 0, arrived: () => {} }
  const { client, upstream } = await setup(t, asked => {
    held.push(() => asked.send(withIdOf(asked.bytes, full)))
    if (--portion.left === 0) portion.arrived()
  })
  const exchanges: Promise<Uint8Array>[] = []
  // The upstream's own buffer must hold the questions, so they come in portions.
  while (held.length < HELD) {
    const arrived = new Promise<void>(resolve => Object.assign(portion, { left: PORTION, arrived: resolve }))
    for (let k = 0; k < PORTION; k++) exchanges.push(client.exchange(upstream.endpoint, relayed(), 30_000))
    await arrived
  }
  for (const send of held) send()
  const replies = await Promise.all(exchanges)
  assert.deepEqual([replies.length, new Set(replies.map(reply => reply.length)).size], [HELD, 1])
})

test('with one socket for all, everything is answered still', LIMIT, async t => {
  const { ask, upstream, sockets } = await setup(t, asked => asked.reply({ answer: ANSWER }))
  sockets.limit = 1
  for (let round = 0; round < 5; round++) {
    const replies = await Promise.all(Array.from({ length: 100 }, ask))
    for (const reply of replies) assert.deepEqual(show(reply).answer, ANSWER)
  }
  assert.equal(upstream.asked.length, 500)
})

test('silence ends in a time-out that names both ends', LIMIT, async t => {
  const { upstream, client } = await setup(t, () => undefined)
  await assert.rejects(client.exchange(upstream.endpoint, relayed(), 20), {
    kind: 'timeout',
    message: new RegExp(`^read udp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${upstream.port}: i/o timeout$`),
  })
})

test('a closed port is known at once, to all who wait for it', LIMIT, async t => {
  const running = await engineOf(t)
  const port = await closedPort()
  const remote = makeEndpoint('dns', '127.0.0.1', port)
  const client = clientOf(running, remote, new SocketAllowance(4))
  t.after(() => client.close())
  const message = new RegExp(`^read udp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${port}: read: connection refused$`)
  const asked = [1, 2, 3].map(() => client.exchange(remote, relayed(), 60_000))
  for (const exchange of asked) await assert.rejects(exchange, { kind: 'io', message })
})

/** A socket that upstreams listen at, and whoever takes its port over when it is closed. */
const listenAt = async (t: TestContext, port: number, isV6: boolean): Promise<Socket> => {
  const socket = createSocket(isV6 ? 'udp6' : 'udp4')
  socket.bind(port, isV6 ? '::1' : '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => {
    if (isOpen(socket)) socket.close()
  })
  return socket
}
const isOpen = (socket: Socket): boolean => {
  try {
    return socket.address().port > 0
  } catch {
    return false
  }
}

for (const isV6 of [false, true])
  test(`a refused question over IPv${isV6 ? 6 : 4} ends alone: replies to others on its socket are taken`, {
    ...LIMIT,
    skip: withoutLibc || (isV6 && withoutIpv6),
  }, async t => {
    const running = await engineOf(t)
    const first = await listenAt(t, quietPort(), isV6)
    const { port } = first.address()
    const remote = makeEndpoint('dns', isV6 ? '::1' : '127.0.0.1', port)
    // One socket for all of them.
    const client = clientOf(running, remote, new SocketAllowance(1))
    t.after(() => client.close())
    const asked: { bytes: Uint8Array; from: RemoteInfo }[] = []
    const bothAsked = new Promise<void>(resolve =>
      first.on('message', (bytes, from) => {
        if (asked.push({ bytes: Uint8Array.from(bytes), from }) === 2) resolve()
      }),
    )
    const waiting = [relayed(), relayed()].map(question => client.exchange(remote, question, 15_000))
    await bothAsked
    first.close()
    await once(first, 'close')
    const refused = [relayed(), relayed()].map(question => client.exchange(remote, question, 15_000))
    for (const exchange of refused) await assert.rejects(exchange, { kind: 'io', message: /read: connection refused$/ })
    const second = await listenAt(t, port, isV6)
    for (const { bytes, from } of asked) second.send(answerTo(bytes, { answer: ANSWER }), from.port, from.address)
    for (const reply of await Promise.all(waiting)) assert.deepEqual(show(reply).answer, ANSWER)
    assert.equal(new Set(asked.map(({ from }) => from.port)).size, 1)
  })

test('an error that does not say whose it is ends an exchange that is alone on its socket, and none of several', async () => {
  let events: LinkEvents | undefined
  const link = { choose: () => 1, send: () => {}, settled: () => {}, stranger: () => 0, path: () => 'a->b' }
  const links = {
    isOpen: true,
    open: (_remote: unknown, _source: string, told: LinkEvents) => {
      events = told
      return { ...link, sweep: () => {}, close: () => {} }
    },
  }
  const remote = makeEndpoint('dns', '192.0.2.1', 53)
  const client = new LinkClient({
    remote,
    links,
    sockets: new SocketAllowance(4),
    clock: systemClock,
    ignored: () => {},
    sourceAddress: '',
  })
  const [first, second] = [relayed(), relayed()]
  const over: string[] = []
  const note = (name: string) => (error: Error) => void over.push(`${name}: ${error.message}`)
  const one = client.exchange(remote, first, 60_000).catch(note('one'))
  const two = client.exchange(remote, second, 60_000).catch(note('two'))
  events!.refused(1, -1, 'ECONNREFUSED')
  events!.refused(1, second.id, 'ECONNREFUSED')
  await two
  assert.deepEqual(over, ['two: read udp a->b: read: connection refused'])
  events!.refused(1, -1, 'ECONNREFUSED')
  await one
  assert.deepEqual(over.slice(1), ['one: read udp a->b: read: connection refused'])
})

test('sockets over the limit are refused as a fault of our own', LIMIT, async t => {
  const { upstream, client, sockets } = await setup(t, () => undefined)
  sockets.limit = 0
  await assert.rejects(client.exchange(upstream.endpoint, relayed(), 2000), {
    kind: 'local',
    message: `dial udp ${upstream.endpoint.name}: too many sockets to upstreams (0)`,
  })
})

test('closing the client ends what is in flight, and closes all sockets', LIMIT, async t => {
  const { upstream, client, sockets } = await setup(t, () => client.close())
  await assert.rejects(client.exchange(upstream.endpoint, relayed(), 60_000), {
    kind: 'local',
    message: /operation was canceled$/,
  })
  assert.equal(sockets.open, 0)
})

for (const { name, address, message } of [
  { name: 'not ours', address: '192.0.2.99', message: /^dial udp 127\.0\.0\.1:\d+: connect: cannot assign requested address$/ },
  {
    name: 'of the other family',
    address: '::1',
    message: /^dial udp 127\.0\.0\.1:\d+: address ::1: mismatched local address type$/,
  },
])
  test(`a source address that is ${name} fails the exchange`, LIMIT, async t => {
    const { upstream, sockets, running } = await setup(t, () => undefined)
    const client = clientOf(running, upstream.endpoint, sockets, { from: address })
    t.after(() => client.close())
    await assert.rejects(client.exchange(upstream.endpoint, relayed(), 2000), { message })
    assert.equal(sockets.open, 0)
  })

test('when the engine has ended, questions go out all the same', LIMIT, async t => {
  const { ask, running } = await setup(t, asked => asked.reply({ answer: ANSWER }))
  running.engine.links.end()
  assert.deepEqual(show(await ask()).answer, ANSWER)
})

for (const c of DOUBTS) {
  test(`${c.name}: ${c.retries === 0 ? 'waiting goes on' : 'TCP is tried, once, and waiting goes on'}`, LIMIT, async t => {
    const { upstream, client } = await setup(t, c.respond)
    await playDoubt(c, (question, timeoutMs) => client.exchange(upstream.endpoint, question, timeoutMs))
  })
}
