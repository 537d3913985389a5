import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import {
  type AskedOverHttp,
  type DohServer,
  type DohServerOptions,
  dohServer,
  type RespondOverHttp,
  type Speaks,
} from '../../test/fakes/doh-server.ts'
import { answerTo, makeCertificate } from '../../test/fakes/fake-upstream.ts'
import { flipped } from '../../test/support/doubtful-replies.ts'
import { query, show } from '../../test/support/plugin-harness.ts'
import { systemClock } from '../base/time/clock.ts'
import type { Reply } from '../chain/reply/reply.ts'
import { getId } from '../wire/header.ts'
import { authorityOf } from './doh.ts'
import { makeEndpoint } from './endpoint.ts'
import { makeSecureContext } from './secure-context.ts'
import { SocketAllowance } from './socket-allowance.ts'
import { Upstream, type UpstreamOptions } from './upstream.ts'

const ANSWER = ['example.org. 300 IN A 192.0.2.1']
const certificate = makeCertificate()
const tlsTest =
  certificate === undefined ? { skip: 'there is no openssl to make a certificate with' } : {}
const VERSIONS: readonly Speaks[] = ['h2', 'http/1.1', 'no ALPN']

interface World {
  readonly server: DohServer
  readonly ask: (name?: string) => Promise<Reply>
  readonly ignored: () => number
}

const world = async (
  t: TestContext,
  respond: RespondOverHttp,
  options: Partial<UpstreamOptions> = {},
  speaks: Omit<DohServerOptions, 'certificate'> = {},
): Promise<World> => {
  const server = await dohServer(respond, { certificate: certificate!, ...speaks })
  let ignored = 0
  const upstream = new Upstream(
    server.endpoint,
    {
      expireMs: 10_000,
      maxAgeMs: 0,
      maxIdle: 0,
      secureContext: makeSecureContext({ ca: certificate!.cert }),
      sourceAddress: '',
      forceTcp: false,
      preferUdp: false,
      readTimeoutMs: 2000,
      dohMethod: 'POST',
      ...options,
    },
    {
      ignored: () => void ignored++,
      connection: () => assert.fail('connections over HTTP are not told'),
    },
    { sockets: new SocketAllowance(64), clock: systemClock },
  )
  t.after(async () => {
    upstream.close()
    await server.close()
  })
  const ask = (name = 'example.org.'): Promise<Reply> =>
    upstream.ask(query(name), systemClock.ms() + 5000)
  return { server, ask, ignored: () => ignored }
}

const say = (asked: AskedOverHttp): void => asked.reply({ answer: ANSWER })

for (const speaks of VERSIONS) {
  const version = speaks === 'h2' ? '2.0' : '1.1'

  test(`${speaks}: a POST has the question in its body, under id 0`, tlsTest, async t => {
    const { server, ask } = await world(t, say, {}, { speaks })
    const reply = await ask()
    assert.deepEqual(show(reply).answer, ANSWER)
    const [asked] = server.asked
    assert.ok(asked)
    const { method, path, headers, bytes } = asked
    assert.deepEqual([method, path, asked.version], ['POST', '/dns-query', version])
    assert.deepEqual(
      [headers['content-type'], headers.accept, headers[':authority'] ?? headers.host],
      ['application/dns-message', 'application/dns-message', server.endpoint.name],
    )
    assert.deepEqual(bytes, Uint8Array.of(0, 0, ...query('example.org.').bytes.subarray(2)))
  })

  test(`${speaks}: a GET has it in the URL`, tlsTest, async t => {
    const { server, ask } = await world(t, say, { dohMethod: 'GET' }, { speaks })
    assert.deepEqual(show(await ask()).answer, ANSWER)
    const { method, path, headers, bytes } = server.asked[0]!
    assert.equal(method, 'GET')
    assert.match(path, /^\/dns-query\?dns=[\w-]+$/)
    assert.equal(headers['content-type'], undefined)
    assert.deepEqual(bytes, Uint8Array.of(0, 0, ...query('example.org.').bytes.subarray(2)))
  })
}

test('the id of the reply is ours, whatever the server makes of it', tlsTest, async t => {
  const { ask } = await world(t, asked => {
    asked.send(flipped(answerTo(asked.bytes, { answer: ANSWER }), 0, 0x55))
  })
  const reply = await ask()
  assert.deepEqual(show(reply).answer, ANSWER)
  assert.notEqual(getId(reply.bytes, 0), 0x5500)
})

const TAKEN: readonly { readonly name: string; readonly respond: RespondOverHttp }[] = [
  { name: 'under status 500', respond: asked => asked.send(answerTo(asked.bytes), 500) },
  {
    name: 'as text/html',
    respond: asked => asked.send(answerTo(asked.bytes), 200, { 'content-type': 'text/html' }),
  },
  {
    name: 'of a redirect',
    respond: asked => asked.send(answerTo(asked.bytes), 302, { location: 'https://192.0.2.1/' }),
  },
  {
    name: 'with trailers',
    respond: ({ bytes, response }) => {
      response.addTrailers({ 'x-late': 'yes' })
      response.end(answerTo(bytes))
    },
  },
  {
    name: 'in many pieces',
    respond: ({ bytes, response }) => {
      for (const byte of answerTo(bytes)) response.write(Uint8Array.of(byte))
      response.end()
    },
  },
  {
    name: 'after 103 Early Hints',
    respond: ({ bytes, response }) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.end(answerTo(bytes))
    },
  },
]
for (const speaks of ['h2', 'http/1.1'] as const)
  for (const { name, respond } of TAKEN)
    test(`${speaks}: a reply ${name} is one`, tlsTest, async t => {
      const { ask } = await world(t, respond, {}, { speaks })
      assert.equal((await ask()).rcode, 0)
    })

const MALFORMED: readonly { readonly name: string; readonly respond: RespondOverHttp }[] = [
  { name: 'a page', respond: asked => asked.send('<html>no such page</html>') },
  { name: 'nothing', respond: asked => asked.send('') },
  { name: 'a redirect', respond: asked => asked.send('', 301, { location: 'https://192.0.2.1/' }) },
  { name: 'the question', respond: asked => asked.send(asked.bytes) },
  {
    name: 'the reply to another question',
    respond: asked => asked.send(flipped(answerTo(asked.bytes), 13, 1)),
  },
  {
    name: 'a reply that is cut off',
    respond: asked => asked.send(answerTo(asked.bytes, { answer: ANSWER }).subarray(0, -1)),
  },
  {
    name: '65,536 bytes',
    respond: asked => asked.send(Buffer.concat([answerTo(asked.bytes)], 65_536)),
  },
  {
    name: 'a body without an end',
    respond: ({ response }) => {
      const more = (): void => {
        while (!response.destroyed && response.write(new Uint8Array(16_384)));
      }
      response.on('drain', more)
      more()
    },
  },
]
for (const speaks of ['h2', 'http/1.1'] as const)
  for (const { name, respond } of MALFORMED)
    test(`${speaks}: ${name} is malformed`, tlsTest, async t => {
      const { ask, server } = await world(t, respond, {}, { speaks })
      await assert.rejects(ask(), { kind: 'malformed' })
      server.respond = say
      assert.equal((await ask()).rcode, 0)
    })

test('a message that is no reply is counted as ignored', tlsTest, async t => {
  const { ask, ignored } = await world(t, asked => asked.send('<html>'))
  await assert.rejects(ask())
  assert.equal(ignored(), 1)
})

test(
  '65,535 bytes are not too many: what follows the last record is left out',
  tlsTest,
  async t => {
    const { ask } = await world(t, asked => {
      asked.send(Buffer.concat([answerTo(asked.bytes, { answer: ANSWER })], 65_535))
    })
    assert.deepEqual(show(await ask()).answer, ANSWER)
  },
)

const numbered = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, 'x']))

for (const { speaks, name, headers } of [
  { speaks: 'h2', name: 'more than 64 headers', headers: numbered(70) },
  { speaks: 'http/1.1', name: 'more than 16 KiB of headers', headers: { x: 'x'.repeat(17_000) } },
] as const)
  test(`${speaks}: ${name} are refused, and the next answer is taken`, tlsTest, async t => {
    const { ask, server } = await world(
      t,
      asked => asked.send(answerTo(asked.bytes), 200, headers),
      {},
      { speaks },
    )
    await assert.rejects(ask(), { name: 'ExchangeError' })
    server.respond = say
    assert.equal((await ask()).rcode, 0)
  })

for (const { endpoint, authority } of [
  { endpoint: makeEndpoint('https', '192.0.2.1', 443), authority: '192.0.2.1' },
  { endpoint: makeEndpoint('https', '192.0.2.1', 8443), authority: '192.0.2.1:8443' },
  { endpoint: makeEndpoint('https', '2001:db8::1', 443), authority: '[2001:db8::1]' },
  { endpoint: makeEndpoint('https', '2001:db8::1', 8443), authority: '[2001:db8::1]:8443' },
  {
    endpoint: makeEndpoint('https', '192.0.2.1', 443, 'a.example.net', 'dns.example.net'),
    authority: 'dns.example.net',
  },
  {
    endpoint: makeEndpoint('https', '192.0.2.1', 444, '', 'dns.example.net'),
    authority: 'dns.example.net:444',
  },
])
  test(`the URL of ${endpoint.host || endpoint.name} is for ${authority}`, () =>
    assert.equal(authorityOf(endpoint), authority))
