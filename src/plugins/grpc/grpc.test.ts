import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createSecureServer, createServer, type ServerHttp2Stream } from 'node:http2'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { answerTo, closedPort, makeCertificate } from '../../../test/fakes/fake-upstream.ts'
import {
  type Chain,
  chain,
  counterValue,
  histogramValue,
  options,
  parseError,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { temporaryFolder } from '../../../test/support/server-process.ts'
import { systemClock } from '../../base/time/clock.ts'
import { Query } from '../../chain/query/query.ts'
import { grpc } from './index.ts'

const ANSWER = ['example.org. 60 IN A 192.0.2.1']
const PASSED_ON = ['example.org. 60 IN A 192.0.2.99']
const certificate = makeCertificate()
const tlsTest =
  certificate === undefined ? { skip: 'there is no openssl to make a certificate with' } : {}

interface Call {
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, unknown>>
  /** Sends a body and ends with a status. */
  send(body: Uint8Array, status?: number, message?: string): void
  reply(answer?: readonly string[], rcode?: string): void
  readonly stream: ServerHttp2Stream
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]

const packed = (fields: Uint8Array, flag = 0): Uint8Array => {
  const prefix = Buffer.alloc(5)
  prefix[0] = flag
  prefix.writeUInt32BE(fields.length, 1)
  return Buffer.concat([prefix, fields])
}

const field1 = (message: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of(10, ...varint(message.length)), message])

interface GrpcServer {
  readonly to: string
  readonly calls: Call[]
}

const grpcServer = async (
  t: TestContext,
  respond: (call: Call) => void,
  { isSecure = false, path = '' } = {},
): Promise<GrpcServer> => {
  const server = isSecure
    ? createSecureServer({ cert: certificate!.cert, key: certificate!.key })
    : createServer()
  const calls: Call[] = []
  server.on('session', session => t.after(() => session.destroy()))
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const chunks: Uint8Array[] = []
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    stream.on('end', () => {
      const body = Buffer.concat(chunks)
      // Prefix, tag, length: two bytes of it for messages of 128 bytes and more.
      const bytes = Uint8Array.from(body.subarray(body[6]! < 128 ? 7 : 8))
      const send: Call['send'] = (sent, status = 0, message = '') => {
        const end = { 'grpc-status': status, ...(message !== '' && { 'grpc-message': message }) }
        stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers(end))
        stream.end(sent)
      }
      const reply: Call['reply'] = (answer = ANSWER, rcode = 'NOERROR') =>
        send(packed(field1(answerTo(bytes, { answer, rcode }))))
      const call = { bytes, headers, send, reply, stream }
      calls.push(call)
      respond(call)
    })
  })
  server.listen(path === '' ? { port: 0, host: '127.0.0.1' } : path)
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  const to = typeof address === 'string' ? `unix://${address}` : `127.0.0.1:${address!.port}`
  return { to, calls }
}

const start = async (t: TestContext, text: string): Promise<Chain> => {
  const started = await chain(grpc, text, {
    next: asked => replyTo(asked, { answer: PASSED_ON }),
    control: { clock: systemClock },
  })
  t.after(() => started.retire())
  return started
}

/** It comes in just now. */
const ask = async ({ handle }: Chain, name = 'example.org.') => {
  const { bytes, question, edns, transport, client, local, listener } = query(name)
  const receivedMs = systemClock.ms()
  const parts = { bytes, question, edns, transport, client, local, listener, receivedMs }
  return show(await handle(new Query(parts)))
}

test('a query goes as a call, its id and all, and the reply comes back', async t => {
  const { to, calls } = await grpcServer(t, call => call.reply())
  const started = await start(t, `grpc . ${to}`)
  assert.deepEqual((await ask(started)).answer, ANSWER)
  const { bytes, headers } = calls[0]!
  assert.deepEqual(bytes, Uint8Array.from(query('example.org.').bytes))
  assert.deepEqual(
    [':method', ':path', ':scheme', ':authority', 'content-type', 'te'].map(name => headers[name]),
    ['POST', '/coredns.dns.DnsService/Query', 'http', to, 'application/grpc', 'trailers'],
  )
  assert.match(String(headers['grpc-timeout']), /^[1-5]\d{3}m$/)
})

test('a Unix socket is an upstream', async t => {
  const path = join(temporaryFolder(t), 'socket')
  const { to } = await grpcServer(t, call => call.reply(), { path })
  assert.deepEqual((await ask(await start(t, `grpc . ${to}`))).answer, ANSWER)
})

for (const { name, isRight } of [
  { name: 'dns.example.net', isRight: true },
  { name: 'other.example.net', isRight: false },
])
  test(`over TLS the certificate is checked for ${name}`, tlsTest, async t => {
    const { to, calls } = await grpcServer(t, call => call.reply(), { isSecure: true })
    const cert = join(temporaryFolder(t), 'cert.pem')
    writeFileSync(cert, certificate!.cert)
    const started = await start(t, `grpc . ${to} {\ntls ${cert}\ntls_servername ${name}\n}`)
    if (!isRight) return assert.rejects(ask(started), { message: /tls handshake: .*altnames/ })
    assert.deepEqual((await ask(started)).answer, ANSWER)
    assert.deepEqual(
      [calls[0]!.headers[':scheme'], calls[0]!.headers[':authority']],
      ['https', name],
    )
  })

const outcomes: readonly {
  readonly name: string
  readonly respond: (call: Call) => void
  /** An rcode, or what the failure says. */
  readonly gives: string | RegExp
}[] = [
  { name: 'NXDOMAIN', respond: call => call.reply([], 'NXDOMAIN'), gives: 'NXDOMAIN' },
  {
    name: 'status NotFound',
    respond: call => call.send(packed(field1(Uint8Array.of())), 5),
    gives: 'NXDOMAIN',
  },
  {
    name: 'the query itself',
    respond: call => call.send(packed(field1(call.bytes))),
    gives: 'FORMERR',
  },
  {
    name: 'the answer to another question',
    respond: call => call.send(packed(field1(answerTo(query('example.com.').bytes)))),
    gives: 'FORMERR',
  },
  {
    name: 'status Unavailable',
    respond: call => call.send(Uint8Array.of(), 14, 'gone%20fishing%0A'),
    gives: /: rpc error: code = Unavailable desc = gone fishing\?$/,
  },
  {
    name: 'an HTTP status without more',
    respond: ({ stream }) => {
      stream.respond({ ':status': 503 })
      stream.end('no')
    },
    gives: /code = Unknown desc = unexpected HTTP status code received from server: 503$/,
  },
  {
    name: 'trailers only',
    respond: ({ stream }) =>
      stream.respond({ 'grpc-status': '12', 'grpc-message': 'what?' }, { endStream: true }),
    gives: /code = Unimplemented desc = what\?$/,
  },
  { name: 'no packet', respond: call => call.send(Uint8Array.of()), gives: /malformed reply$/ },
  {
    name: 'a packet that says it is compressed',
    respond: call => call.send(packed(field1(answerTo(call.bytes)), 1)),
    gives: /malformed reply$/,
  },
  {
    name: 'two packets',
    respond: call => {
      const one = packed(field1(answerTo(call.bytes)))
      call.send(Buffer.concat([one, one]))
    },
    gives: /malformed reply$/,
  },
  {
    name: 'a field that is longer than the packet',
    respond: call => call.send(packed(Uint8Array.of(10, 200, 1, 0))),
    gives: /malformed reply$/,
  },
  {
    name: 'a length without an end',
    respond: call => call.send(packed(Uint8Array.of(10, ...Array(11).fill(255)))),
    gives: /malformed reply$/,
  },
  {
    name: 'field 1 of another type',
    respond: call => call.send(packed(Uint8Array.of(8, 1))),
    gives: /malformed reply$/,
  },
  {
    name: 'other fields around it, and field 1 twice',
    respond: call =>
      call.send(
        packed(
          Buffer.concat([
            Uint8Array.of(16, 200, 1, 26, 2, 1, 2, 33, ...Array(8).fill(0), 45, 0, 0, 0, 0),
            field1(Uint8Array.of(1)),
            field1(answerTo(call.bytes, { rcode: 'REFUSED' })),
          ]),
        ),
      ),
    gives: 'REFUSED',
  },
  {
    name: 'more than a message can have',
    respond: call => call.send(packed(field1(new Uint8Array(70_000)))),
    gives: /more than \d+ bytes in the answer$/,
  },
]
for (const { name, respond, gives } of outcomes)
  test(`an upstream that answers with ${name}: ${gives}`, async t => {
    const { to } = await grpcServer(t, respond)
    const started = await start(t, `grpc . ${to}`)
    if (typeof gives === 'string') assert.equal((await ask(started)).rcode, gives)
    else await assert.rejects(ask(started), { name: 'ServerError', rcode: 2, message: gives })
  })

test('upstreams are asked in order, each once', async t => {
  const first = await grpcServer(t, call => call.send(Uint8Array.of(), 14))
  const second = await grpcServer(t, call => call.reply())
  const dead = `127.0.0.1:${await closedPort()}`
  const started = await start(t, `grpc . ${dead} ${first.to} ${second.to} {\npolicy sequential\n}`)
  assert.deepEqual((await ask(started)).answer, ANSWER)
  assert.deepEqual([first.calls.length, second.calls.length], [1, 1])
})

for (const { name, more, gives } of [
  { name: 'without fallthrough', more: '', gives: undefined },
  { name: 'with fallthrough', more: 'fallthrough', gives: PASSED_ON },
  { name: 'with fallthrough for another zone', more: 'fallthrough example.com', gives: undefined },
]) {
  test(`nobody answers, ${name}`, async t => {
    const started = await start(t, `grpc . 127.0.0.1:${await closedPort()} {\n${more}\n}`)
    if (gives === undefined) await assert.rejects(ask(started), { message: /connection refused$/ })
    else assert.deepEqual((await ask(started)).answer, gives)
  })

  test(`NXDOMAIN, ${name}`, async t => {
    const { to } = await grpcServer(t, call => call.reply([], 'NXDOMAIN'))
    const started = await start(t, `grpc . ${to} {\n${more}\n}`)
    const { rcode, answer } = await ask(started)
    if (gives === undefined) assert.equal(rcode, 'NXDOMAIN')
    else assert.deepEqual(answer, gives)
  })
}

test('names that are excepted, and those outside of FROM, go to the next plugin', async t => {
  const { to } = await grpcServer(t, call => call.reply([]))
  const started = await start(t, `grpc example.org ${to} {\nexcept a.example.org\n}`)
  for (const [name, isPassed] of [
    ['example.com.', true],
    ['b.a.example.org.', true],
    ['b.example.org.', false],
    ['example.org.', false],
  ] as const)
    assert.deepEqual((await ask(started, name)).answer, isPassed ? PASSED_ON : [], name)
})

test('what brought a reply is counted', async t => {
  const { to } = await grpcServer(t, call => call.reply([], 'NXDOMAIN'))
  const dead = `127.0.0.1:${await closedPort()}`
  const started = await start(t, `grpc . ${dead} ${to} {\npolicy sequential\n}`)
  for (let count = 0; count < 3; count++) await ask(started)
  const { control, serve } = started
  for (const [upstream, count] of [
    [to, 3],
    [dead, 0],
  ] as const) {
    const labels = { to: upstream }
    assert.equal(counterValue(control, serve.row, 'coredns_grpc_requests_total', labels), count)
    const responses = { ...labels, rcode: 'NXDOMAIN' }
    assert.equal(counterValue(control, serve.row, 'coredns_grpc_responses_total', responses), count)
    const duration = histogramValue(
      control,
      serve.row,
      'coredns_grpc_request_duration_seconds',
      labels,
    )
    assert.equal(duration.count, count)
  }
})

test('options are read', () => {
  assert.deepEqual(
    options(
      grpc,
      'grpc EXAMPLE.org 192.0.2.1 [2001:db8::1]:443 unix:///run/dns.sock resolv.conf {\nexcept a.example.org\ntls a b c\npolicy round_robin\nfallthrough\n}',
    ),
    {
      from: 'example.org.',
      except: ['a.example.org.'],
      to: [
        { kind: 'address', address: '192.0.2.1', port: 53 },
        { kind: 'address', address: '2001:db8::1', port: 443 },
        { kind: 'socket', path: '/run/dns.sock' },
        { kind: 'file', path: 'resolv.conf' },
      ],
      tlsFiles: ['a', 'b', 'c'],
      tlsServerName: '',
      policy: 'round_robin',
      fall: ['.'],
    },
  )
})

const PARSING = 'Corefile:\\d+ - Error during parsing: '
const ARGUMENT = `${PARSING}Wrong argument count or unexpected line ending after`
for (const { text, error } of [
  { text: 'grpc', error: `^${ARGUMENT} 'grpc'$` },
  { text: 'grpc .', error: `^${ARGUMENT} '\\.'$` },
  { text: 'grpc a..org 192.0.2.1', error: "^unable to normalize 'a\\.\\.org'$" },
  {
    text: `grpc . ${Array(16).fill('192.0.2.1').join(' ')}`,
    error: '^more than 15 TOs configured: 16$',
  },
  {
    text: 'grpc . grpc://192.0.2.1:443',
    error: "^'grpc://192.0.2.1:443' is no address: grpc takes IP, IP:PORT, unix://PATH and files$",
  },
  { text: 'grpc . 192.0.2.1:0', error: '^invalid address: "192.0.2.1:0"$' },
  { text: 'grpc . 192.0.2.1 {\nexcept\n}', error: `^${ARGUMENT} 'except'$` },
  { text: 'grpc . 192.0.2.1 {\ntls a b c d\n}', error: `^${ARGUMENT} 'd'$` },
  { text: 'grpc . 192.0.2.1 {\ntls_servername\n}', error: `^${ARGUMENT} 'tls_servername'$` },
  { text: 'grpc . 192.0.2.1 {\npolicy best\n}', error: `^${PARSING}unknown policy 'best'$` },
  { text: 'grpc . 192.0.2.1 {\nnope\n}', error: `^${PARSING}unknown property 'nope'$` },
  {
    text: 'grpc . 192.0.2.1\ngrpc . 192.0.2.2',
    error: '^this plugin can only be used once per Server Block$',
  },
])
  test(`refuses: ${text.replaceAll('\n', ' ; ').slice(0, 60)}`, () =>
    assert.match(parseError(grpc, text), new RegExp(error)))
