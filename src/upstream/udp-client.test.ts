import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import {
  answerTo,
  closedPort,
  type FakeUpstream,
  fakeUpstream,
  type Respond,
} from '../../test/fakes/fake-upstream.ts'
import { DOUBTS, flipped, playDoubt } from '../../test/support/doubtful-replies.ts'
import { query, show } from '../../test/support/plugin-harness.ts'
import { makeEndpoint } from './endpoint.ts'
import { type Ask, RelayedQuestion } from './relayed-question.ts'
import { SocketAllowance } from './socket-allowance.ts'
import { UdpClient } from './udp-client.ts'

const ANSWER = ['example.org. 300 IN A 192.0.2.1']

interface Setup {
  readonly upstream: FakeUpstream
  readonly sockets: SocketAllowance
  readonly client: UdpClient
}

async function setup(t: TestContext, respond: Respond, address = '127.0.0.1'): Promise<Setup> {
  const upstream = await fakeUpstream(respond, { address })
  t.after(() => upstream.close())
  const sockets = new SocketAllowance(4)
  return { upstream, sockets, client: new UdpClient(sockets) }
}

const relayed = (onIgnored = () => {}): RelayedQuestion => {
  const asked = query('example.org.', 'A')
  return new RelayedQuestion(asked.bytes, asked.question, { ignored: onIgnored })
}

for (const address of ['127.0.0.1', '::1']) {
  test(`a question to ${address} gets its reply, and its socket is closed`, async t => {
    const { upstream, client, sockets } = await setup(
      t,
      asked => asked.reply({ answer: ANSWER }),
      address,
    )
    const reply = await client.exchange(upstream.endpoint, relayed(), 2000)
    assert.deepEqual(show(reply).answer, ANSWER)
    assert.equal(sockets.open, 0)
  })
}

test('a reply is a Uint8Array of its own: slice copies', async t => {
  const { upstream, client } = await setup(t, asked => asked.reply())
  const reply = await client.exchange(upstream.endpoint, relayed(), 2000)
  assert.equal(reply.constructor, Uint8Array)
})

const forgeries: { readonly name: string; readonly forge: (reply: Uint8Array) => Uint8Array }[] = [
  { name: 'another id', forge: reply => flipped(reply, 0, 1) },
  { name: 'QR=0', forge: reply => flipped(reply, 2, 0x80) },
  { name: 'another opcode', forge: reply => flipped(reply, 2, 0x20) },
  { name: 'no question', forge: reply => flipped(reply, 5, 1) },
  { name: 'two questions', forge: reply => flipped(reply, 5, 3) },
  { name: 'another name', forge: reply => flipped(reply, 13, 1) },
  { name: 'another type', forge: reply => flipped(reply, 12 + 13 + 1, 3) },
  { name: 'another class', forge: reply => flipped(reply, 12 + 13 + 3, 2) },
  { name: 'the end cut off', forge: reply => reply.subarray(0, reply.length - 1) },
  { name: 'the header cut off', forge: reply => reply.subarray(0, 11) },
  { name: 'nothing at all', forge: () => new Uint8Array(0) },
]
for (const { name, forge } of forgeries) {
  test(`a datagram with ${name} is ignored and counted, and the true reply taken`, async t => {
    const { upstream, client } = await setup(t, asked => {
      asked.send(forge(answerTo(asked.bytes, { answer: ['example.org. 300 IN A 203.0.113.66'] })))
      asked.reply({ answer: ANSWER })
    })
    let ignored = 0
    const reply = await client.exchange(
      upstream.endpoint,
      relayed(() => ignored++),
      2000,
    )
    assert.deepEqual(show(reply).answer, ANSWER)
    assert.equal(ignored, 1)
  })
}

test('a reply in another case of the name is taken', async t => {
  const { upstream, client } = await setup(t, asked =>
    asked.send(flipped(answerTo(asked.bytes), 13, 0x20)),
  )
  assert.equal(
    show(await client.exchange(upstream.endpoint, relayed(), 2000)).question,
    'Example.org. IN A',
  )
})

test('each exchange has a port and an id of its own, neither of them the client’s', async t => {
  const { upstream, client } = await setup(t, asked => asked.reply())
  for (let count = 0; count < 40; count++) await client.exchange(upstream.endpoint, relayed(), 2000)
  assert.ok(new Set(upstream.asked.map(({ port }) => port)).size > 30)
  assert.ok(new Set(upstream.asked.map(({ bytes }) => `${bytes[0]} ${bytes[1]}`)).size > 30)
})

test('silence ends in a time-out that names both ends', async t => {
  const { upstream, client, sockets } = await setup(t, () => undefined)
  await assert.rejects(
    client.exchange(upstream.endpoint, relayed(), 20),
    (error: Error & { kind?: string }) => {
      assert.match(
        error.message,
        new RegExp(
          `^read udp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${upstream.port}: i/o timeout$`,
        ),
      )
      return error.kind === 'timeout'
    },
  )
  assert.equal(sockets.open, 0)
})

test('a closed port is known at once, without waiting for the time-out', async () => {
  const port = await closedPort()
  const client = new UdpClient(new SocketAllowance(1))
  await assert.rejects(client.exchange(makeEndpoint('dns', '127.0.0.1', port), relayed(), 60_000), {
    kind: 'io',
    message: new RegExp(
      `^read udp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${port}: read: connection refused$`,
    ),
  })
})

test('sockets over the limit are refused as a fault of our own', async t => {
  const { upstream, client, sockets } = await setup(t, () => undefined)
  sockets.limit = 0
  await assert.rejects(client.exchange(upstream.endpoint, relayed(), 2000), {
    kind: 'local',
    message: `dial udp ${upstream.endpoint.name}: too many sockets to upstreams (0)`,
  })
})

test('closing the client ends what is in flight', async t => {
  const { upstream, client, sockets } = await setup(t, () => client.close())
  await assert.rejects(client.exchange(upstream.endpoint, relayed(), 60_000), {
    kind: 'local',
    message: /operation was canceled$/,
  })
  assert.equal(sockets.open, 0)
})

test('a source address is what the upstream sees', async t => {
  const { upstream, sockets } = await setup(t, asked => asked.reply())
  const client = new UdpClient(sockets, '127.0.0.1')
  await client.exchange(upstream.endpoint, relayed(), 2000)
  assert.equal(upstream.asked.length, 1)
})

const badSources = [
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
]
for (const { name, address, message } of badSources) {
  test(`a source address that is ${name} fails the exchange`, async t => {
    const { upstream, sockets } = await setup(t, () => undefined)
    await assert.rejects(
      new UdpClient(sockets, address).exchange(upstream.endpoint, relayed(), 2000),
      { message },
    )
    assert.equal(sockets.open, 0)
  })
}

test('an upstream that cannot be reached fails the dial', async () => {
  const client = new UdpClient(new SocketAllowance(1))
  const ask: Ask = relayed()
  await assert.rejects(client.exchange(makeEndpoint('dns', '255.255.255.255', 53), ask, 2000), {
    message: 'dial udp 255.255.255.255:53: connect: permission denied',
  })
})

for (const c of DOUBTS) {
  test(`${c.name}: ${c.retries === 0 ? 'waiting goes on' : 'TCP is tried, once, and waiting goes on'}`, async t => {
    const { upstream, client } = await setup(t, c.respond)
    await playDoubt(c, (question, timeoutMs) =>
      client.exchange(upstream.endpoint, question, timeoutMs),
    )
  })
}
