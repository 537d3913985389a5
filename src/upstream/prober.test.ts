import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { dohServer, type RespondOverHttp } from '../../test/fakes/doh-server.ts'
import {
  answerTo,
  closedPort,
  type FakeUpstream,
  fakeUpstream,
  makeCertificate,
  type Respond,
} from '../../test/fakes/fake-upstream.ts'
import { FLAG_RD, getFlags } from '../wire/header.ts'
import { nameFromText } from '../wire/name.ts'
import { readQuestion } from '../wire/question.ts'
import { TYPE_NS } from '../wire/rrtypes.ts'
import { makeEndpoint } from './endpoint.ts'
import { Prober, type ProberOptions } from './prober.ts'
import { makeSecureContext } from './secure-context.ts'
import { SocketAllowance } from './socket-allowance.ts'

const OPTIONS: ProberOptions = {
  qname: Uint8Array.of(0),
  recursionDesired: true,
  forceTcp: false,
  secureContext: undefined,
  sourceAddress: '',
  timeoutMs: 1000,
}

const prober = (options: Partial<ProberOptions> = {}): Prober =>
  new Prober({ ...OPTIONS, ...options }, new SocketAllowance(4))

async function setup(t: TestContext, respond: Respond): Promise<FakeUpstream> {
  const upstream = await fakeUpstream(respond)
  t.after(() => upstream.close())
  return upstream
}

const probes = [
  { name: 'NS of the root with RD', options: {}, qname: '.', rd: FLAG_RD, transport: 'udp' },
  {
    name: 'without RD for no_rec',
    options: { recursionDesired: false },
    qname: '.',
    rd: 0,
    transport: 'udp',
  },
  {
    name: 'for the name given as domain',
    options: { qname: nameFromText('example.org.') ?? Uint8Array.of() },
    qname: 'example.org.',
    rd: FLAG_RD,
    transport: 'udp',
  },
  {
    name: 'over TCP for force_tcp',
    options: { forceTcp: true },
    qname: '.',
    rd: FLAG_RD,
    transport: 'tcp',
  },
]
for (const { name, options, qname, rd, transport } of probes) {
  test(`a probe asks ${name}`, async t => {
    const upstream = await setup(t, asked => asked.reply())
    assert.equal(await prober(options).probe(upstream.endpoint), true)
    const [asked] = upstream.asked
    assert.ok(asked)
    const question = readQuestion(asked.bytes)
    assert.deepEqual(
      [question?.name, question?.type, getFlags(asked.bytes, 0), asked.transport],
      [qname, TYPE_NS, rd, transport],
    )
  })
}

const replies: { readonly name: string; readonly respond: Respond; readonly isAlive: boolean }[] = [
  { name: 'SERVFAIL', respond: asked => asked.reply({ rcode: 'SERVFAIL' }), isAlive: true },
  { name: 'REFUSED', respond: asked => asked.reply({ rcode: 'REFUSED' }), isAlive: true },
  {
    name: 'a bare header',
    respond: asked => asked.send(answerTo(asked.bytes).subarray(0, 12)),
    isAlive: true,
  },
  { name: 'silence', respond: () => undefined, isAlive: false },
  {
    name: 'another id',
    respond: asked => asked.send(Uint8Array.of(asked.bytes[0]! ^ 1, ...asked.bytes.subarray(1))),
    isAlive: false,
  },
  {
    name: 'less than a header',
    respond: asked => asked.send(asked.bytes.subarray(0, 11)),
    isAlive: false,
  },
]
for (const { name, respond, isAlive } of replies) {
  test(`an upstream that answers a probe with ${name} is ${isAlive ? 'alive' : 'not'}`, async t => {
    const upstream = await setup(t, respond)
    assert.equal(await prober({ timeoutMs: isAlive ? 2000 : 30 }).probe(upstream.endpoint), isAlive)
  })
}

for (const forceTcp of [false, true]) {
  test(`an upstream that refuses ${forceTcp ? 'TCP' : 'UDP'} is not alive`, async () => {
    assert.equal(
      await prober({ forceTcp }).probe(makeEndpoint('dns', '127.0.0.1', await closedPort())),
      false,
    )
  })
}

test('closing the prober ends a probe in flight', async t => {
  const upstream = await setup(t, () => one.close())
  const one = prober({ timeoutMs: 60_000 })
  assert.equal(await one.probe(upstream.endpoint), false)
})

const certificate = makeCertificate()
const tlsTest =
  certificate === undefined ? { skip: 'there is no openssl to make a certificate with' } : {}
test('a tls upstream is probed over TLS', tlsTest, async t => {
  assert.ok(certificate)
  const upstream = await fakeUpstream(asked => asked.reply(), { tls: certificate })
  t.after(() => upstream.close())
  assert.equal(
    await prober({ secureContext: makeSecureContext({ ca: certificate.cert }) }).probe(
      upstream.endpoint,
    ),
    true,
  )
  assert.equal(
    await prober({ secureContext: makeSecureContext({}) }).probe(upstream.endpoint),
    false,
  )
})

const pages: readonly {
  readonly name: string
  readonly respond: RespondOverHttp
  readonly isAlive: boolean
}[] = [
  { name: 'SERVFAIL', respond: asked => asked.reply({ rcode: 'SERVFAIL' }), isAlive: true },
  {
    name: 'a bare header under status 500',
    respond: asked => asked.send(answerTo(asked.bytes).subarray(0, 12), 500),
    isAlive: true,
  },
  { name: 'a page', respond: asked => asked.send('<html>no such page</html>'), isAlive: false },
  { name: 'silence', respond: () => undefined, isAlive: false },
  { name: 'the end of the connection', respond: asked => asked.hangUp(), isAlive: false },
]
for (const speaks of ['h2', 'http/1.1'] as const)
  for (const { name, respond, isAlive } of pages)
    test(
      `${speaks}: an https upstream that answers a probe with ${name} is ${isAlive ? 'alive' : 'not'}`,
      tlsTest,
      async t => {
        assert.ok(certificate)
        const upstream = await dohServer(respond, { certificate, speaks })
        t.after(() => upstream.close())
        const secureContext = makeSecureContext({ ca: certificate.cert })
        const timeoutMs = isAlive ? 2000 : 50
        const sockets = new SocketAllowance(4)
        const one = new Prober({ ...OPTIONS, secureContext, timeoutMs }, sockets)
        assert.equal(await one.probe(upstream.endpoint), isAlive)
        const [asked] = upstream.asked
        assert.deepEqual(
          [asked?.method, readQuestion(asked?.bytes ?? new Uint8Array())?.type],
          ['POST', TYPE_NS],
        )
        while (sockets.open > 0) await new Promise(setImmediate)
      },
    )

test('an https upstream with a wrong name is not alive', tlsTest, async t => {
  assert.ok(certificate)
  const upstream = await dohServer(asked => asked.reply(), { certificate })
  t.after(() => upstream.close())
  const secureContext = makeSecureContext({ ca: certificate.cert })
  const wrong = makeEndpoint('https', '127.0.0.1', upstream.port, 'other.example.net')
  assert.equal(await prober({ secureContext }).probe(wrong), false)
})
