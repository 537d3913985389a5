import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { SecureContext } from 'node:tls'
import {
  type Asked,
  answerTo,
  type Certificate,
  type FakeUpstream,
  fakeUpstream,
  makeCertificate,
  type Respond,
} from '../../test/fakes/fake-upstream.ts'
import { flipped } from '../../test/support/doubtful-replies.ts'
import { query, show } from '../../test/support/plugin-harness.ts'
import { systemClock } from '../base/time/clock.ts'
import type { Transport } from '../chain/query/query.ts'
import { makeEndpoint } from './endpoint.ts'
import { makeSecureContext } from './secure-context.ts'
import { SocketAllowance } from './socket-allowance.ts'
import { Upstream, type UpstreamOptions } from './upstream.ts'

const OPTIONS: UpstreamOptions = {
  expireMs: 10_000,
  maxAgeMs: 0,
  maxIdle: 0,
  secureContext: undefined,
  sourceAddress: '',
  forceTcp: false,
  preferUdp: false,
  readTimeoutMs: 2000,
  dohMethod: 'POST',
}

const ANSWER = ['example.org. 300 IN A 192.0.2.1']

interface Setup {
  readonly server: FakeUpstream
  readonly upstream: Upstream
  /** `udp new`, `tcp pooled`, … in order. */
  readonly connections: string[]
}

async function setup(
  t: TestContext,
  respond: Respond,
  options: Partial<UpstreamOptions> = {},
  tls?: { certificate: Certificate; name: string },
): Promise<Setup> {
  const server = await fakeUpstream(respond, tls === undefined ? {} : { tls: tls.certificate })
  const connections: string[] = []
  const events = {
    ignored: () => undefined,
    connection: (protocol: string, isReused: boolean) =>
      void connections.push(`${protocol} ${isReused ? 'pooled' : 'new'}`),
  }
  const endpoint =
    tls === undefined ? server.endpoint : makeEndpoint('tls', '127.0.0.1', server.port, tls.name)
  const upstream = new Upstream(endpoint, { ...OPTIONS, ...options }, events, {
    sockets: new SocketAllowance(8),
    clock: systemClock,
  })
  t.after(async () => {
    upstream.close()
    await server.close()
  })
  return { server, upstream, connections }
}

const soon = (): number => systemClock.ms() + 5000

const transports: {
  name: string
  transport: Transport
  options: Partial<UpstreamOptions>
  used: Transport
}[] = [
  { name: 'a UDP client', transport: 'udp', options: {}, used: 'udp' },
  { name: 'a TCP client', transport: 'tcp', options: {}, used: 'tcp' },
  {
    name: 'a UDP client with force_tcp',
    transport: 'udp',
    options: { forceTcp: true },
    used: 'tcp',
  },
  {
    name: 'a TCP client with prefer_udp',
    transport: 'tcp',
    options: { preferUdp: true },
    used: 'udp',
  },
  {
    name: 'a UDP client with force_tcp and prefer_udp',
    transport: 'udp',
    options: { forceTcp: true, preferUdp: true },
    used: 'tcp',
  },
]
for (const { name, transport, options, used } of transports) {
  test(`the query of ${name} goes over ${used}`, async t => {
    const { server, upstream } = await setup(t, asked => asked.reply(), options)
    await upstream.ask(query('example.org.', 'A', { transport }), soon())
    assert.deepEqual(
      server.asked.map(asked => asked.transport),
      [used],
    )
  })
}

test('the query is relayed as it is, but for its id', async t => {
  const { server, upstream } = await setup(t, asked => asked.reply())
  const asked = query('eXample.ORG.', 'TYPE65280', {
    do: true,
    cd: true,
    ad: true,
    udpSize: 4000,
    options: [{ code: 65001, data: 'abcd' }],
  })
  await upstream.ask(asked, soon())
  assert.deepEqual(server.asked[0]?.bytes.subarray(2), Uint8Array.from(asked.bytes.subarray(2)))
})

test('the reply is relayed as it came, without what follows its last record', async t => {
  let sent: Uint8Array = new Uint8Array(0)
  const { upstream } = await setup(t, asked => {
    sent = answerTo(asked.bytes, { aa: true, answer: ['eXample.org. 300 IN TYPE65280 \\# 2 abcd'] })
    asked.send(Uint8Array.of(...sent, 1, 2, 3))
  })
  const reply = await upstream.ask(query('example.org.', 'TYPE65280'), soon())
  assert.deepEqual(reply.bytes, sent)
  assert.equal(reply.layout.end, sent.length)
})

test('a truncated reply is relayed to the client, who asks again over TCP', async t => {
  const { server, upstream } = await setup(t, asked => asked.reply({ tc: true }))
  assert.match(show(await upstream.ask(query('example.org.'), soon())).flags, /tc/)
  assert.equal(server.asked.length, 1)
})

test('a truncated reply with prefer_udp is asked for again over TCP', async t => {
  const { server, upstream } = await setup(
    t,
    asked => asked.reply({ tc: asked.transport === 'udp' }),
    { preferUdp: true },
  )
  assert.equal(
    show(await upstream.ask(query('example.org.', 'A', { transport: 'tcp' }), soon())).flags,
    'qr rd',
  )
  assert.deepEqual(
    server.asked.map(asked => asked.transport),
    ['udp', 'tcp'],
  )
})

test('TC over TCP is relayed, not asked for a third time', async t => {
  const { server, upstream } = await setup(t, asked => asked.reply({ tc: true }), {
    preferUdp: true,
  })
  assert.match(show(await upstream.ask(query('example.org.'), soon())).flags, /tc/)
  assert.equal(server.asked.length, 2)
})

test('a TCP connection is used again, and its reuse told', async t => {
  const { server, upstream, connections } = await setup(t, asked => asked.reply(), {
    forceTcp: true,
  })
  for (let count = 0; count < 3; count++) await upstream.ask(query('example.org.'), soon())
  assert.equal(server.connections.length, 1)
  assert.deepEqual(connections, ['tcp new', 'tcp pooled', 'tcp pooled'])
})

test('a pooled connection that the peer closes on the next question is replaced in silence', async t => {
  const { server, upstream, connections } = await setup(t, asked => asked.reply(), {
    forceTcp: true,
  })
  await upstream.ask(query('example.org.'), soon())
  server.respond = asked => (server.asked.length === 2 ? asked.hangUp() : asked.reply())
  assert.equal((await upstream.ask(query('example.org.'), soon())).rcode, 0)
  assert.deepEqual(connections, ['tcp new', 'tcp pooled', 'tcp new'])
})

test('a new connection that the peer closes is a failure', async t => {
  const { upstream } = await setup(t, asked => asked.hangUp(), { forceTcp: true })
  await assert.rejects(upstream.ask(query('example.org.'), soon()), { kind: 'closed' })
})

for (const [protocol, options] of [
  ['udp', {}],
  ['tcp', { forceTcp: true }],
] as const) {
  test(`an exchange over ${protocol} ends at the deadline, however long the read time-out`, async t => {
    const { upstream } = await setup(t, () => undefined, { ...options, readTimeoutMs: 3_600_000 })
    await assert.rejects(upstream.ask(query('example.org.'), systemClock.ms() + 30), {
      kind: 'timeout',
    })
  })
}

test('closing an upstream ends what is in flight', async t => {
  const { upstream } = await setup(t, () => upstream.close())
  await assert.rejects(upstream.ask(query('example.org.'), soon()), { kind: 'local' })
})

const certificate = makeCertificate()
const tlsTest =
  certificate === undefined ? { skip: 'there is no openssl to make a certificate with' } : {}
const trusting = (): SecureContext => makeSecureContext({ ca: certificate?.cert ?? '' })

for (const { name, serverName } of [
  { name: 'the server name', serverName: 'dns.example.net' },
  { name: 'the address without a server name', serverName: '' },
  { name: 'an address for a server name', serverName: '127.0.0.1' },
]) {
  test(
    `a TLS upstream whose certificate is for ${name} is used, and its connection again`,
    tlsTest,
    async t => {
      const tls = { certificate: certificate as Certificate, name: serverName }
      const { server, upstream, connections } = await setup(
        t,
        asked => asked.reply(),
        { secureContext: trusting() },
        tls,
      )
      await upstream.ask(query('example.org.'), soon())
      await upstream.ask(query('example.org.'), soon())
      assert.deepEqual(connections, ['tcp-tls new', 'tcp-tls pooled'])
      assert.equal(server.connections.length, 1)
    },
  )
}

test(
  'a TLS upstream whose certificate is for another name fails, as a fault of the upstream',
  tlsTest,
  async t => {
    const tls = { certificate: certificate as Certificate, name: 'other.example.net' }
    const { upstream } = await setup(t, asked => asked.reply(), { secureContext: trusting() }, tls)
    await assert.rejects(upstream.ask(query('example.org.'), soon()), {
      kind: 'io',
      message: /^dial tcp 127\.0\.0\.1:\d+: tls handshake: .*altnames/,
    })
  },
)

test('a TLS upstream whose certificate nobody we trust has signed fails', tlsTest, async t => {
  const tls = { certificate: certificate as Certificate, name: 'dns.example.net' }
  const { upstream } = await setup(
    t,
    asked => asked.reply(),
    { secureContext: makeSecureContext({}) },
    tls,
  )
  await assert.rejects(upstream.ask(query('example.org.'), soon()), {
    message: /tls handshake: self-signed certificate/,
  })
})

test(
  'a TLS upstream that asks for a certificate is shown ours, and fails without one',
  tlsTest,
  async t => {
    const { cert, key } = certificate as Certificate
    const tls = { certificate: { cert, key, clientAuthority: cert }, name: '' }
    const { upstream } = await setup(
      t,
      asked => asked.reply(),
      { secureContext: makeSecureContext({ cert, key, ca: cert }) },
      tls,
    )
    assert.equal((await upstream.ask(query('example.org.'), soon())).rcode, 0)
    const { upstream: anonymous } = await setup(
      t,
      asked => asked.reply(),
      { secureContext: trusting() },
      tls,
    )
    await assert.rejects(anonymous.ask(query('example.org.'), soon()), { name: 'ExchangeError' })
  },
)

const broken: { name: string; send: (asked: Asked) => void; shown: string }[] = [
  {
    name: 'cut inside a record',
    send: asked => asked.send(answerTo(asked.bytes, { answer: ANSWER }).subarray(0, -1)),
    shown: ANSWER[0]!,
  },
  {
    name: 'for another question',
    send: asked => asked.send(flipped(answerTo(asked.bytes), 13, 1)),
    shown: ANSWER[0]!,
  },
  {
    name: 'cut inside a record, with TC',
    send: asked => asked.send(answerTo(asked.bytes, { tc: true, answer: ANSWER }).subarray(0, -1)),
    shown: 'qr tc rd',
  },
]
for (const { name, send, shown } of broken) {
  test(`a UDP reply ${name}: ${shown === 'qr tc rd' ? 'the client is told to come over TCP' : 'the answer comes over TCP'}`, async t => {
    const { upstream, server } = await setup(t, asked =>
      asked.transport === 'udp' ? send(asked) : asked.reply({ answer: ANSWER }),
    )
    const { answer, flags } = show(await upstream.ask(query('example.org.'), soon()))
    assert.equal(answer[0] ?? flags, shown)
    assert.equal(server.asked.length, shown === 'qr tc rd' ? 1 : 2)
  })
}

test('a UDP reply with TC that is cut inside a record is asked for over TCP with prefer_udp', async t => {
  const cut = (asked: Asked): void =>
    asked.send(answerTo(asked.bytes, { tc: true, answer: ANSWER }).subarray(0, -1))
  const { upstream } = await setup(
    t,
    asked => (asked.transport === 'udp' ? cut(asked) : asked.reply({ answer: ANSWER })),
    {
      preferUdp: true,
    },
  )
  assert.deepEqual(
    show(await upstream.ask(query('example.org.', 'A', { transport: 'tcp' }), soon())).answer,
    ANSWER,
  )
})
