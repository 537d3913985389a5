// HTTPS and gRPC over TLS with the whole server: programs that people ask with, our own upstreams,
// PROXY headers before the handshake, and certificates that are renewed while clients ask.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect as connectH2 } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { frame } from '../../src/wire/frames.ts'
import { type Certificates, makeCertificates } from '../fakes/certificates.ts'
import { query, show } from '../support/messages.ts'
import { v1Header, v2Header } from '../support/proxy-headers.ts'
import {
  runProgram,
  type ServerProcess,
  startServer,
  temporaryFolder,
  without,
} from '../support/server-process.ts'

const LIMIT = { timeout: 60_000 }
const made = makeCertificates()
const certificates = made as Certificates
const whyNot = (program = 'openssl'): string | false =>
  (made === undefined && 'openssl is missing') || without(program)

type Scheme = 'https' | 'grpc' | 'tls'

interface World {
  readonly server: ServerProcess
  readonly port: number
  readonly folder: string
  readonly ca: string
  renew(name: 'server' | 'named'): void
}

const CHAIN = `hosts {
  192.0.2.1 a.example.org
  127.0.0.1 page.example.org
  fallthrough
}
template IN TXT {
  answer "{{ .Name }} 5 IN TXT \\"{{ .Remote }}\\""
}`

const start = async (
  t: TestContext,
  scheme: Scheme,
  { more = '', isClear = false } = {},
): Promise<World> => {
  const folder = temporaryFolder(t)
  const renew: World['renew'] = name => {
    for (const part of ['cert', 'key'] as const) {
      const file = join(folder, `${part}.pem`)
      writeFileSync(`${file}.new`, certificates[name][part])
      renameSync(`${file}.new`, file)
    }
  }
  renew('server')
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, certificates.authority.cert)
  const tls = isClear ? '' : 'tls cert.pem key.pem'
  const server = await startServer(
    t,
    port =>
      `${scheme}://.:${port} {\nbind 127.0.0.1\nroot ${folder}\n${tls}\n${more}\n${CHAIN}\n}\n`,
  )
  return { server, port: server.port, folder, ca, renew }
}

test('kdig +https', { ...LIMIT, skip: whyNot('kdig') }, async t => {
  const { port, ca } = await start(t, 'https')
  const strict = [`+tls-ca=${ca}`, '+tls-hostname=127.0.0.1']
  for (const options of [['+https'], ['+https', ...strict], ['+https-get', ...strict]]) {
    const args = ['@127.0.0.1', '-p', `${port}`, ...options, '+short', 'a.example.org']
    const { out, err } = await runProgram('kdig', args)
    assert.equal(out.trim(), '192.0.2.1', err)
  }
})

test('openssl s_client: ALPN by kind of listener', { ...LIMIT, skip: whyNot() }, async t => {
  const agreed = async (port: number, offered: string): Promise<string> => {
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-alpn', offered]
    const { out, err } = await runProgram('openssl', args)
    return /ALPN protocol: (\S+)/.exec(out)?.[1] ?? /no application protocol/i.exec(err)?.[0] ?? out
  }
  const https = (await start(t, 'https')).port
  assert.equal(await agreed(https, 'h2,http/1.1'), 'h2')
  assert.equal(await agreed(https, 'http/1.1,h2'), 'h2')
  assert.equal(await agreed(https, 'http/1.1'), 'http/1.1')
  assert.equal(await agreed(https, 'dot'), 'no application protocol')
  const grpc = (await start(t, 'grpc')).port
  assert.equal(await agreed(grpc, 'h2'), 'h2')
  assert.equal(await agreed(grpc, 'http/1.1'), 'no application protocol')
})

test('curl: a page by a name that only our HTTPS listener knows', {
  ...LIMIT,
  skip: whyNot('curl'),
}, async t => {
  const { port, ca } = await start(t, 'https')
  const page = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  t.after(() => page.close())
  await once(page, 'listening')
  const { out, err } = await runProgram('curl', [
    ...['-sS', '--max-time', '10', '--cacert', ca, '--noproxy', '*'],
    ...['--doh-url', `https://127.0.0.1:${port}/dns-query`],
    `http://page.example.org:${(page.address() as AddressInfo).port}/`,
  ])
  assert.equal(out, 'hello', err)
})

test('curl --http1.1 and --http2 over TLS', { ...LIMIT, skip: whyNot('curl') }, async t => {
  const { port, ca } = await start(t, 'https')
  const text = Buffer.from(query('a.example.org.').bytes).toString('base64url')
  for (const [option, version] of [
    ['--http1.1', '1.1'],
    ['--http2', '2'],
  ] as const) {
    const { out, err } = await runProgram('curl', [
      ...['-sS', '--max-time', '10', '--cacert', ca, '--noproxy', '*', option, '-o', '/dev/null'],
      ...['-w', '%{http_code} %{http_version} %{content_type}'],
      `https://127.0.0.1:${port}/dns-query?dns=${text}`,
    ])
    assert.equal(out, `200 ${version} application/dns-message`, err)
  }
})

const dig = async (port: number): Promise<string> => {
  const args = ['@127.0.0.1', '-p', `${port}`, '+short', '+time=5', 'a.example.org']
  return (await runProgram('dig', args)).out.trim()
}

for (const isClear of [false, true])
  test(`grpc to a server of ours, ${isClear ? 'in clear text' : 'over TLS'}`, {
    ...LIMIT,
    skip: whyNot('dig'),
  }, async t => {
    const { port, ca } = await start(t, 'grpc', { isClear })
    const relay = await startServer(t, own =>
      [
        `.:${own} {\nbind 127.0.0.1\nerrors\ngrpc . 127.0.0.1:${port} {`,
        isClear ? '' : `tls ${ca}`,
        '}\n}\n',
      ].join('\n'),
    )
    assert.equal(await dig(relay.port), '192.0.2.1', relay.out)
  })

for (const method of ['POST', 'GET'])
  test(`forward to https:// of ours, ${method}`, { ...LIMIT, skip: whyNot('dig') }, async t => {
    const { port, ca } = await start(t, 'https')
    const relay = await startServer(
      t,
      own =>
        `.:${own} {\nbind 127.0.0.1\nerrors\nforward . https://127.0.0.1:${port} {
          tls ${ca}\ndoh_method ${method}\n}\n}\n`,
    )
    assert.equal(await dig(relay.port), '192.0.2.1', relay.out)
  })

/** Puts a header before the first bytes: in one segment with them, or all of it byte by byte. */
const behindHeader = (raw: Socket, header: Uint8Array, isInPieces: boolean): Duplex => {
  let isFirst = true
  const put = async (chunk: Buffer): Promise<void> => {
    const bytes = isFirst ? Buffer.concat([header, chunk]) : chunk
    const step = isFirst && isInPieces ? 1 : bytes.length
    isFirst = false
    for (let at = 0; at < bytes.length; at += step) {
      raw.write(bytes.subarray(at, at + step))
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const duplex = new Duplex({
    read() {},
    write: (chunk: Buffer, _, done) => void put(chunk).then(() => done(), done),
    final: done => void raw.end(() => done()),
    destroy: (error, done) => {
      raw.destroy()
      done(error)
    },
  })
  raw.setNoDelay(true)
  raw.on('data', chunk => duplex.push(chunk))
  raw.on('end', () => duplex.push(null))
  raw.on('error', error => duplex.destroy(error))
  return duplex
}

const trust = () => ({
  ca: certificates.authority.cert,
  checkServerIdentity: () => undefined,
})

const TXT = query('who.example.org.', 'TXT').bytes

/** What the server takes for the client's address, asked over TLS that is begun already. */
const remoteOf = async (scheme: Scheme, socket: TLSSocket): Promise<string> => {
  const reply = scheme === 'tls' ? await framed(socket) : await posted(socket)
  return /"(.*)"/.exec(show(reply).answer[0] ?? '')?.[1] ?? show(reply).rcode
}

const framed = async (socket: TLSSocket): Promise<Uint8Array> => {
  socket.write(frame(TXT))
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return new Uint8Array(chunk.subarray(2))
}

const posted = async (socket: TLSSocket): Promise<Uint8Array> => {
  const session = connectH2('https://127.0.0.1', { createConnection: () => socket })
  const stream = session.request({ ':method': 'POST', ':path': '/dns-query' })
  stream.end(TXT)
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  session.destroy()
  return new Uint8Array(Buffer.concat(chunks))
}

const HEADERS = {
  v1: v1Header('PROXY TCP4 192.0.2.77 192.0.2.53 40000 853'),
  v2: v2Header({ source: '192.0.2.77', protocol: 1 }),
}

for (const scheme of ['tls', 'https'] as const)
  test(`a PROXY header before the handshake of ${scheme}`, {
    ...LIMIT,
    skip: whyNot(),
  }, async t => {
    const { port } = await start(t, scheme, { more: 'proxyproto {\nallow 127.0.0.1/32\n}' })
    for (const header of Object.values(HEADERS))
      for (const isInPieces of [false, true]) {
        const raw = connect(port, '127.0.0.1')
        await once(raw, 'connect')
        const socket = tlsConnect({
          socket: behindHeader(raw, header, isInPieces),
          ...(scheme === 'https' && { ALPNProtocols: ['h2'] }),
          ...trust(),
        })
        t.after(() => raw.destroy())
        await once(socket, 'secureConnect')
        assert.equal(await remoteOf(scheme, socket), '192.0.2.77')
        socket.destroy()
      }
  })

const RENEWED = /\[INFO\] plugin\/tls: certificate of api\.example\.net renewed/

interface Answered {
  readonly name: string
  readonly isAnswered: boolean
}

const ADDRESS = Buffer.from([192, 0, 2, 1])

const call = (scheme: 'https' | 'grpc', port: number): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const session = connectH2(`https://127.0.0.1:${port}`, trust())
    session.on('error', reject)
    const message = query('a.example.org.').bytes
    const isGrpc = scheme === 'grpc'
    const stream = session.request({
      ':method': 'POST',
      ':path': isGrpc ? '/coredns.dns.DnsService/Query' : '/dns-query',
      'content-type': isGrpc ? 'application/grpc' : 'application/dns-message',
      ...(isGrpc && { te: 'trailers' }),
    })
    const length = message.length
    const prefix = Buffer.from([0, 0, 0, 0, length + 2, 0x0a, length])
    stream.end(isGrpc ? Buffer.concat([prefix, message]) : message)
    const chunks: Buffer[] = []
    stream.on('error', reject)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const { subject } = (session.socket as TLSSocket).getPeerCertificate()
      resolve({ name: String(subject?.CN), isAnswered: Buffer.concat(chunks).includes(ADDRESS) })
      session.close()
    })
  })

for (const scheme of ['https', 'grpc'] as const)
  test(`${scheme}: a certificate is renewed while clients ask`, {
    ...LIMIT,
    skip: whyNot(),
  }, async t => {
    const { port, server, renew } = await start(t, scheme)
    let isOver = false
    let count = 0
    const late: string[] = []
    const failed: string[] = []
    const client = async (): Promise<void> => {
      while (!isOver) {
        const isAfter = RENEWED.test(server.out)
        try {
          const { name, isAnswered } = await call(scheme, port)
          count++
          if (!isAnswered) failed.push('no answer')
          if (isAfter && name !== 'named') late.push(name)
        } catch (error) {
          failed.push(String(error))
        }
      }
    }
    const clients = Array.from({ length: 8 }, client)
    renew('named')
    await server.seen(RENEWED)
    const before = count
    while (count < before + 200 && failed.length === 0)
      await new Promise(resolve => setImmediate(resolve))
    isOver = true
    await Promise.all(clients)
    assert.deepEqual([failed, late], [[], []])
  })
