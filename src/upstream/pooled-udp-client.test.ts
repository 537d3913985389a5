// Questions over the engine's pooled sockets, asked of real upstreams on loopback by an engine in
// this very process.

import assert from 'node:assert/strict'
import test from 'node:test'
import { answerTo, closedPort } from '../../test/fakes/fake-upstream.ts'
import { DOUBTS, flipped, playDoubt } from '../../test/support/doubtful-replies.ts'
import { query, show } from '../../test/support/plugin-harness.ts'
import {
  ANSWER,
  clientOf,
  engineOf,
  LIMIT,
  relayed,
  setup,
} from '../../test/support/pooled-clients.ts'
import { makeEndpoint } from './endpoint.ts'
import { RelayedQuestion } from './relayed-question.ts'
import { SocketAllowance } from './socket-allowance.ts'

for (const address of ['127.0.0.1', '::1']) {
  test(`a question to ${address} gets its reply`, LIMIT, async t => {
    const { ask } = await setup(t, asked => asked.reply({ answer: ANSWER }), address)
    const reply = await ask()
    assert.deepEqual(show(reply).answer, ANSWER)
    assert.equal(reply.constructor, Uint8Array)
  })
}

test(
  'an engine whose last socket has gone goes on for those who wait for upstreams',
  LIMIT,
  async t => {
    const { ask, running } = await setup(t, asked => {
      if (asked.port > 0) setImmediate(() => asked.reply({ answer: ANSWER }))
    })
    const before = ask()
    await running.engine.remove(running.socket, 0)
    assert.deepEqual(show(await before).answer, ANSWER)
    assert.deepEqual(show(await ask()).answer, ANSWER)
  },
)

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
      return client.exchange(
        upstream.endpoint,
        new RelayedQuestion(asked.bytes, asked.question, { ignored: () => {} }),
        10_000,
      )
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
  test(
    `a datagram with ${name} is ignored and counted, and the true reply taken`,
    LIMIT,
    async t => {
      const { ask, ignored } = await setup(t, asked => {
        asked.send(forge(answerTo(asked.bytes, { answer: ['example.org. 300 IN A 203.0.113.66'] })))
        asked.reply({ answer: ANSWER })
      })
      assert.deepEqual(show(await ask()).answer, ANSWER)
      assert.equal(ignored(), 1)
    },
  )
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
    message: new RegExp(
      `^read udp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${upstream.port}: i/o timeout$`,
    ),
  })
})

test('a closed port is known at once, to all who wait for it', LIMIT, async t => {
  const running = await engineOf(t)
  const port = await closedPort()
  const remote = makeEndpoint('dns', '127.0.0.1', port)
  const client = clientOf(running, remote, new SocketAllowance(4))
  t.after(() => client.close())
  const message = new RegExp(
    `^read udp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${port}: read: connection refused$`,
  )
  const asked = [1, 2, 3].map(() => client.exchange(remote, relayed(), 60_000))
  for (const exchange of asked) await assert.rejects(exchange, { kind: 'io', message })
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
  {
    name: 'not ours',
    address: '192.0.2.99',
    message: /^dial udp 127\.0\.0\.1:\d+: connect: cannot assign requested address$/,
  },
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
  running.engine.udpPool.end()
  assert.deepEqual(show(await ask()).answer, ANSWER)
})

for (const c of DOUBTS) {
  test(
    `${c.name}: ${c.retries === 0 ? 'waiting goes on' : 'TCP is tried, once, and waiting goes on'}`,
    LIMIT,
    async t => {
      const { upstream, client } = await setup(t, c.respond)
      await playDoubt(c, (question, timeoutMs) =>
        client.exchange(upstream.endpoint, question, timeoutMs),
      )
    },
  )
}
