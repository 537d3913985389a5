import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { makeCertificates } from '../../../test/fakes/certificates.ts'
import { FakeMetrics } from '../../../test/fakes/fake-metrics.ts'
import { fakeClock } from '../../../test/support/plugin-harness.ts'
import { type Cleanup, temporaryFolder } from '../../../test/support/server-process.ts'
import type { ClientAuth } from '../../chain/listening.ts'
import type { HttpRoute, HttpTls, HttpTlsSettings } from '../../chain/plugin/control-scope.ts'
import { makeLogger } from '../../log/log.ts'
import { HttpEndpoints } from './endpoints.ts'
import { tlsConflict } from './tls-front.ts'

const ADDRESS = '127.0.0.1:0'
const made = makeCertificates()
const skip = made === undefined ? 'there is no openssl program' : false
const ca = made?.authority.cert ?? ''
const server = { cert: made?.server.cert ?? '', key: made?.server.key ?? '' }
const other = { cert: made?.named.cert ?? '', key: made?.named.key ?? '' }

type Settings = Partial<HttpTlsSettings> | undefined

/** The settings of an address, to be changed by the test. */
class Tls implements HttpTls {
  readonly identity: string
  #now: HttpTlsSettings | undefined
  #version = 0

  constructor(settings: Settings, identity = 'web.yml') {
    this.identity = identity
    this.set(settings)
  }
  set(settings: Settings): void {
    this.#now = settings && { ...server, ...settings, version: String(++this.#version) }
  }
  current(): HttpTlsSettings | undefined {
    return this.#now
  }
}

const setUp = async (t: Cleanup, tls?: Tls) => {
  const lines: string[] = []
  const log = makeLogger({ raw: text => void lines.push(text.trimEnd()) }, '', () => false)
  const clock = fakeClock()
  const endpoints = new HttpEndpoints({
    log,
    metrics: new FakeMetrics(),
    collectChurn() {},
    limits: { connections: 16, burst: 64, unreadBytes: 1 << 20 },
    clock,
  })
  t.after(() => endpoints.close())
  let responded = 0
  const prepare = (now: Tls | undefined) => {
    const route: HttpRoute = {
      address: ADDRESS,
      path: '/metrics',
      onBindFailure: 'fatal',
      respond: () => ({ status: 200, contentType: 'text/plain', body: `answer ${++responded}` }),
    }
    return endpoints.prepare([now === undefined ? route : { ...route, tls: now }])
  }
  const serve = async (now: Tls | undefined): Promise<void> => (await prepare(now)).commit()
  await serve(tls)
  const port = endpoints.boundPort(ADDRESS) ?? 0
  return { endpoints, port, lines, clock, prepare, serve, responded: () => responded }
}

/** Status and body of a request on a connection of its own, or the code of its failure. */
const ask = async (port: number, options?: ConnectionOptions | 'plain'): Promise<string> => {
  const where = { host: '127.0.0.1', port, path: '/metrics', agent: false as const }
  const asked = options === 'plain' ? httpGet(where) : httpsGet({ ...where, ca, ...options })
  try {
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const body = await response.toArray()
    return `${response.statusCode} ${Buffer.concat(body)}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** Serial of the certificate that a new connection gets, or the code of its failure. */
const serial = (port: number, options: ConnectionOptions = {}): Promise<string> =>
  new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    socket.on('close', () => resolve('closed'))
  })

test('requests are answered over TLS, and those in clear text are not', { skip }, async t => {
  const { port } = await setUp(t, new Tls({}))
  assert.equal(await ask(port), '200 answer 1')
  assert.match(await ask(port, 'plain'), /^(ECONNRESET|HPE_)/)
  assert.equal(await ask(port), '200 answer 2')
})

const client = { cert: made?.client.cert ?? '', key: made?.client.key ?? '' }
const stranger = { cert: made?.otherAuthority.cert ?? '', key: made?.otherAuthority.key ?? '' }
const old = { cert: made?.expired.cert ?? '', key: made?.expired.key ?? '' }

/** As Go: who comes in without a certificate, with a foreign, an expired, a good one. */
const auths: [auth: ClientAuth, ...comesIn: [boolean, boolean, boolean, boolean]][] = [
  ['nocert', true, true, true, true],
  ['request', true, true, true, true],
  ['require', false, true, true, true],
  ['verify_if_given', true, false, false, true],
  ['require_and_verify', false, false, false, true],
]
for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  for (const [clientAuth, ...comesIn] of auths)
    test(`${version}, client certificates: ${clientAuth}`, { skip }, async t => {
      const { port, lines, responded } = await setUp(t, new Tls({ clientAuth, ca }))
      for (const [index, given] of [{}, stranger, old, client].entries()) {
        const answer = await ask(port, { ...given, maxVersion: version })
        assert.equal(answer.startsWith('200 '), comesIn[index], `client ${index}: ${answer}`)
      }
      const count = comesIn.filter(Boolean).length
      assert.deepEqual([responded(), lines.length], [count, count === 4 ? 0 : 1])
    })

test('clients that are refused are logged at once, and then once a minute with their number', {
  skip,
}, async t => {
  const tls = new Tls({ clientAuth: 'require_and_verify', ca })
  const { port, lines, clock } = await setUp(t, tls)
  for (let n = 0; n < 3; n++) await ask(port)
  const begin = `[WARNING] HTTP listener ${ADDRESS}:`
  const refused = `${begin} client 127.0.0.1 is refused: it has no accepted certificate`
  assert.deepEqual(lines, [refused])
  clock.advance(60_000)
  await ask(port)
  assert.deepEqual(lines.slice(1), [`${refused} (and 2 more before)`])
})

test('a client that was let in before goes on when certificates are asked for', {
  skip,
}, async t => {
  const tls = new Tls({})
  const { port } = await setUp(t, tls)
  const socket = connect({ host: '127.0.0.1', port, ca })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  tls.set({ clientAuth: 'require_and_verify', ca })
  assert.equal((await ask(port)).startsWith('200'), false)
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 OK/)
})

test('new connections get the new certificate, sessions of the old one are not resumed', {
  skip,
}, async t => {
  const tls = new Tls({})
  const { port } = await setUp(t, tls)
  const first = connect({ host: '127.0.0.1', port, ca })
  const [session] = await once(first, 'session')
  const before = first.getPeerCertificate().serialNumber
  tls.set(other)
  const after = await serial(port)
  assert.notEqual(after, before)
  const again = connect({ host: '127.0.0.1', port, session, rejectUnauthorized: false })
  await once(again, 'secureConnect')
  assert.deepEqual(
    [again.isSessionReused(), again.getPeerCertificate().serialNumber],
    [false, after],
  )
  first.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.match(String((await once(first, 'data'))[0]), /200 OK/)
  first.destroy()
  again.destroy()
})

test('settings that cannot be served: those of before go on, and it is logged once', {
  skip,
}, async t => {
  const tls = new Tls({})
  const { port, lines } = await setUp(t, tls)
  tls.set({ key: other.key })
  assert.deepEqual([await ask(port), await ask(port)], ['200 answer 1', '200 answer 2'])
  assert.match(lines.join('\n'), /^\[ERROR\] HTTP listener 127\.0\.0\.1:0: TLS: .*$/)
  tls.set(other)
  assert.equal(await ask(port, { servername: 'api.example.net' }), '200 answer 3')
})

test('without a certificate connections are closed until there is one', { skip }, async t => {
  const tls = new Tls(undefined)
  const { port } = await setUp(t, tls)
  assert.equal(await ask(port), 'ECONNRESET')
  tls.set({})
  assert.equal(await ask(port), '200 answer 1')
})

test('settings that cannot be served fail a load, and everything is as it was', {
  skip,
}, async t => {
  const { port, prepare, endpoints } = await setUp(t)
  await assert.rejects(prepare(new Tls({ key: other.key })), /key values mismatch/)
  assert.equal(await ask(port, 'plain'), '200 answer 1')
  assert.equal(endpoints.boundPort(ADDRESS), port)
})

test('versions, suites and curves are those that were asked for', { skip }, async t => {
  const tls = new Tls({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })
  const { port } = await setUp(t, tls)
  const talk = async (options: ConnectionOptions): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port, ca, ...options })
    t.after(() => socket.destroy())
    try {
      await once(socket, 'secureConnect')
      const { name } = socket.getCipher()
      const key = socket.getEphemeralKeyInfo() as { name?: string }
      return `${socket.getProtocol()} ${name} ${key?.name}`
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code)
    }
  }
  assert.match(await talk({}), /^TLSv1\.2 ECDHE-ECDSA-AES256-GCM-SHA384 /)
  assert.match(await talk({ minVersion: 'TLSv1.3' }), /^E/)
  assert.match(await talk({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }), /^E/)
  tls.set({ minVersion: 'TLSv1.3', curves: 'P-384' })
  assert.match(await talk({}), /^TLSv1\.3 \S+ secp384r1$/)
  assert.match(await talk({ maxVersion: 'TLSv1.2' }), /^E/)
  tls.set({})
  assert.match(await talk({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }), /^E/)
})

test('headers of the settings are on every answer', { skip }, async t => {
  const headers = { 'x-frame-options': 'deny' }
  const { port } = await setUp(t, new Tls({ headers }))
  for (const path of ['/metrics', '/nothing', '//metrics']) {
    const asked = httpsGet({ host: '127.0.0.1', port, path, ca, agent: false })
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    assert.equal(response.headers['x-frame-options'], 'deny', path)
  }
})

test('ALPN: http/1.1 is chosen, a client that wants HTTP/2 only is refused', { skip }, async t => {
  const { port } = await setUp(t, new Tls({}))
  const socket = connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2', 'http/1.1'] })
  await once(socket, 'secureConnect')
  assert.equal(socket.alpnProtocol, 'http/1.1')
  socket.destroy()
  assert.match(await serial(port, { ALPNProtocols: ['h2'] }), /ALERT|ALPN|PROTOCOL/i)
})

test('a reload puts TLS before an address and takes it away, and the port stays open', {
  skip,
}, async t => {
  const { port, serve, prepare, endpoints } = await setUp(t)
  const idle = connectTcp({ host: '127.0.0.1', port })
  idle.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(idle, 'data')
  const gone = once(idle, 'close')
  const prepared = await prepare(new Tls({}))
  assert.equal(await ask(port, 'plain'), '200 answer 2')
  prepared.commit()
  await gone
  assert.equal(await ask(port), '200 answer 3')
  assert.equal(endpoints.boundPort(ADDRESS), port)
  const secure = connect({ host: '127.0.0.1', port, ca })
  await once(secure, 'secureConnect')
  await serve(undefined)
  assert.equal(await ask(port, 'plain'), '200 answer 4')
  // It had no request yet: the first one is its last.
  secure.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
  const closed = once(secure, 'close')
  secure.resume()
  await closed
  ;(await prepare(new Tls({}))).rollback()
  assert.match(await ask(port, 'plain'), /^200 /)
})

const silent: [name: string, first: string][] = [
  ['say nothing', ''],
  ['send a part of a handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['send a request in clear text', 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['shake hands and say nothing', 'TLS'],
]
for (const [name, first] of silent)
  test(`300 connections that ${name} do not keep out others`, { skip }, async t => {
    const { port } = await setUp(t, new Tls({}))
    for (let n = 0; n < 300; n++) {
      const from = { host: '127.0.0.1', port, localAddress: `127.0.0.${2 + (n % 50)}` }
      const socket = first === 'TLS' ? connect({ ...from, ca }) : connectTcp(from)
      t.after(() => socket.destroy())
      socket.on('error', () => {})
      if (first !== 'TLS') socket.write(first, 'latin1')
    }
    for (let n = 1; n <= 5; n++) assert.equal(await ask(port), `200 answer ${n}`)
  })

test('a connection with more than 16 requests unanswered is closed', { skip }, async t => {
  const { port, responded } = await setUp(t, new Tls({}))
  const socket = connect({ host: '127.0.0.1', port, ca })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  socket.resume().write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000))
  await new Promise(resolve => socket.once('close', resolve))
  assert.ok(responded() <= 16)
  assert.match(await ask(port), /^200 /)
})

const route = (tls: HttpTls | undefined, address = ':9153'): HttpRoute => ({
  address,
  path: '/x',
  onBindFailure: 'log',
  respond: () => assert.fail(),
  ...(tls && { tls }),
})
const one = { identity: 'a.yml', current: () => undefined }
const two = { identity: 'b.yml', current: () => undefined }
const clear = ':9153 would be served both in clear text and over TLS: take another address'
const conflicts: [HttpRoute, HttpRoute[], string | undefined][] = [
  [route(one), [], undefined],
  [route(one), [route(undefined, ':9154')], undefined],
  [route(one), [route({ ...one })], undefined],
  [route(undefined), [route(undefined)], undefined],
  [route(one), [route(undefined)], clear],
  [route(undefined), [route(one)], clear],
  [route(two), [route(one)], ':9153 would be served over TLS both as a.yml and as b.yml say'],
]
for (const [index, [route, others, expected]] of conflicts.entries())
  test(`routes of one address: ${expected ?? `they agree (${index})`}`, () =>
    assert.equal(tlsConflict(route, others), expected))

/** Output of a program, and how it ended. */
const run = async (program: string, args: readonly string[], input = ''): Promise<string> => {
  const child = spawn(program, args, { timeout: 20_000 })
  child.stdin.end(input)
  const out = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, 'close'),
  ])
  return `${Buffer.concat(out[0])}${Buffer.concat(out[1])}`
}

test('openssl s_client: the chain is verified, the session is resumed', { skip }, async t => {
  const { port } = await setUp(t, new Tls({}))
  const file = join(temporaryFolder(t), 'ca.pem')
  writeFileSync(file, ca)
  const args = [
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    '-CAfile',
    file,
    '-verify_return_error',
  ]
  assert.match(await run('openssl', args), /Verify return code: 0 \(ok\)/)
  assert.match(await run('openssl', [...args, '-reconnect', '-tls1_2']), /Reused, TLSv1\.2/)
  assert.match(
    await run('openssl', [...args, '-tls1_1', '-cipher', 'ALL@SECLEVEL=0']),
    /alert|no protocols/i,
  )
})
