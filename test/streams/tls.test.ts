// DNS over TLS as clients of others see it, and certificates that are renewed while they ask.

import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { FrameReader, frame } from '../../src/wire/frames.ts'
import { type Certificates, makeCertificates, type Pair } from '../fakes/certificates.ts'
import { query, show } from '../support/messages.ts'
import { served } from '../support/served.ts'
import {
  freePorts,
  runProgram,
  type ServerProcess,
  startServer,
  temporaryFolder,
  WatchedProcess,
  without,
} from '../support/server-process.ts'

const LIMIT = { timeout: 60_000 }
const made = makeCertificates()
const certificates = made as Certificates
const whyNot = (program = 'openssl'): string | false =>
  (made === undefined && 'openssl is missing') || without(program)

interface World {
  readonly server: ServerProcess
  readonly port: number
  readonly folder: string
  readonly ca: string
  /** Puts a pair in the place of the one that is served. */
  renew(name: 'server' | 'named' | 'expired'): void
}

const hosts = 'hosts {\n192.0.2.1 a.example.org\nfallthrough\n}\nwhoami'

const start = async (t: TestContext, tlsBlock = '', more = hosts): Promise<World> => {
  const folder = temporaryFolder(t)
  const put = (file: string, text: string): void => {
    writeFileSync(join(folder, `${file}.new`), text)
    renameSync(join(folder, `${file}.new`), join(folder, file))
  }
  const renew: World['renew'] = name => {
    put('cert.pem', certificates[name].cert)
    put('key.pem', certificates[name].key)
  }
  renew('server')
  for (const name of ['client', 'expired', 'otherAuthority'] as const) {
    put(`${name}.crt`, certificates[name].cert)
    put(`${name}.key`, certificates[name].key)
  }
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, certificates.authority.cert)
  const server = await startServer(t, port =>
    [
      `tls://.:${port} {`,
      'bind 127.0.0.1',
      `root ${folder}`,
      `tls cert.pem key.pem ca.pem ${tlsBlock}`,
      more,
      '}',
    ].join('\n'),
  )
  return { server, port: server.port, folder, ca, renew }
}

test('kdig +tls: strict and opportunistic', { ...LIMIT, skip: whyNot('kdig') }, async t => {
  const { port, ca } = await start(t)
  for (const options of [['+tls'], [`+tls-ca=${ca}`, '+tls-hostname=127.0.0.1']]) {
    const args = ['@127.0.0.1', '-p', `${port}`, ...options, '+short', 'a.example.org']
    const { out, err } = await runProgram('kdig', args)
    assert.equal(out.trim(), '192.0.2.1', err)
  }
})

const s_client = async (port: number, ...args: string[]): Promise<string> => {
  const { out, err } = await runProgram('openssl', [
    ...['s_client', '-connect', `127.0.0.1:${port}`],
    ...args,
  ])
  return `${out}\n${err}`
}

test('openssl s_client: ALPN, resumption, and no TLS 1.1', {
  ...LIMIT,
  skip: whyNot(),
}, async t => {
  const { port } = await start(t)
  assert.match(await s_client(port, '-alpn', 'dot'), /ALPN protocol: dot/)
  assert.match(await s_client(port), /No ALPN negotiated/)
  assert.match(await s_client(port, '-alpn', 'h2'), /no application protocol/i)
  assert.match(await s_client(port, '-tls1_2', '-reconnect'), /^Reused, TLSv1\.2/m)
  const old = await s_client(port, '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0')
  assert.match(old, /protocol version|unsupported protocol|no protocols available/i)
})

/** Whether an answer comes. */
const answers = async (port: number, options: object = {}): Promise<boolean> => {
  try {
    return (await ask(port, options)).rcode === 'NOERROR'
  } catch {
    return false
  }
}

interface Asked {
  readonly rcode: string
  /** Common name of the certificate that was shown. */
  readonly name: string
  readonly isResumed: boolean
  readonly session: Buffer | undefined
}

const ask = (port: number, options: object = {}, name = 'a.example.org.'): Promise<Asked> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: certificates.authority.cert,
      checkServerIdentity: () => undefined,
      ...options,
    })
    const frames = new FrameReader()
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed')))
    socket.on('data', (chunk: Uint8Array) => {
      const [reply] = frames.all(new Uint8Array(chunk))
      if (reply === undefined) return
      resolve({
        rcode: show(reply).rcode,
        name: String(socket.getPeerCertificate().subject?.CN),
        isResumed: socket.isSessionReused(),
        session: socket.getSession(),
      })
      socket.end()
    })
    socket.write(frame(query(name).bytes))
  })

test('client_auth require_and_verify lets in who has a certificate, and says who was refused', {
  ...LIMIT,
  skip: whyNot(),
}, async t => {
  const { port, server } = await start(t, '{\nclient_auth require_and_verify\n}')
  assert.equal(await answers(port, certificates.client), true)
  assert.equal(await answers(port), false)
  assert.equal(await answers(port, certificates.otherAuthority), false)
  await server.seen(/\[WARNING\] tls:\/\/127\.0\.0\.1:\d+: client 127\.0\.0\.1 is refused: no cert/)
  await server.seen(/client 127\.0\.0\.1 is refused: \w*SELF_SIGNED/)
})

test('Unbound asks over TLS', { ...LIMIT, skip: whyNot('unbound') }, async t => {
  const { port, folder, ca, server } = await start(t)
  const [unboundPort = 0] = await freePorts(1)
  const conf = join(folder, 'unbound.conf')
  writeFileSync(
    conf,
    [
      'server:',
      `  interface: 127.0.0.1@${unboundPort}`,
      '  do-daemonize: no',
      '  use-syslog: no',
      '  username: ""',
      '  chroot: ""',
      `  directory: "${folder}"`,
      '  pidfile: ""',
      '  do-not-query-localhost: no',
      '  module-config: "iterator"',
      `  tls-cert-bundle: "${ca}"`,
      'forward-zone:',
      '  name: "."',
      '  forward-tls-upstream: yes',
      `  forward-addr: 127.0.0.1@${port}`,
    ].join('\n'),
  )
  const unbound = new WatchedProcess(t, 'unbound', ['-d', '-c', conf], folder)
  await unbound.seen(/start of service/, 'err')
  const args = ['@127.0.0.1', '-p', `${unboundPort}`, '+short', '+time=5', 'a.example.org']
  const { out } = await runProgram('dig', args)
  assert.equal(out.trim(), '192.0.2.1', unbound.err + server.out)
})

const RENEWED = /\[INFO\] plugin\/tls: certificate of api\.example\.net renewed, valid until \S+Z\n/

test('a certificate is renewed while clients ask: none fails, and none sees the old one after the line', {
  ...LIMIT,
  skip: whyNot(),
}, async t => {
  const { port, server, renew } = await start(t)
  let isOver = false
  const late: string[] = []
  let count = 0
  const failed: string[] = []
  const client = async (): Promise<void> => {
    while (!isOver) {
      const isAfter = RENEWED.test(server.out)
      try {
        const { rcode, name } = await ask(port)
        count++
        if (rcode !== 'NOERROR') failed.push(rcode)
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
  while (count < before + 200) await new Promise(resolve => setImmediate(resolve))
  isOver = true
  await Promise.all(clients)
  assert.deepEqual([failed, late], [[], []])
})

test('a reload after a renewal goes on with the renewed certificate, and with sessions', {
  ...LIMIT,
  skip: whyNot(),
}, async t => {
  const { port, server, renew } = await start(t)
  assert.equal((await ask(port)).name, 'server')
  renew('named')
  await server.seen(RENEWED)
  const before = await ask(port)
  assert.equal(before.name, 'named')
  const offset = server.out.length
  server.child.kill('SIGUSR1')
  await server.seen(/Reloading complete/, 'out', offset)
  assert.equal((await ask(port, { session: before.session })).isResumed, true)
  assert.equal((await ask(port)).name, 'named')
})

test('the successor of a shard that dies has the renewed certificate', {
  ...LIMIT,
  skip: whyNot(),
}, async t => {
  const folder = temporaryFolder(t)
  const put = ({ cert, key }: Pair): void => {
    writeFileSync(join(folder, 'cert.pem'), cert)
    writeFileSync(join(folder, 'key.pem'), key)
  }
  put(certificates.server)
  const [port = 0] = await freePorts(1)
  const corefile = `tls://.:${port} {\nbind 127.0.0.1\nroot ${folder}\ntls cert.pem key.pem\nwhoami\n}\n`
  const server = await served(t, corefile, { killLabel: 'deadly', options: { streamWorkers: 1 } })
  assert.equal((await ask(port)).name, 'server')
  put(certificates.named)
  await server.line(/^\[INFO\] plugin\/tls: certificate of api\.example\.net renewed/)
  await assert.rejects(ask(port, {}, 'deadly.example.org.'))
  await server.line(/^\[ERROR\] shard 2 died/)
  assert.equal((await ask(port)).name, 'named')
})

test('dnsperf -m dot: none lost', { ...LIMIT, skip: whyNot('dnsperf') }, async t => {
  const { port, folder } = await start(t)
  writeFileSync(join(folder, 'queries'), 'a.example.org A\n')
  const { out } = await runProgram('dnsperf', [
    ...['-m', 'dot', '-s', '127.0.0.1', '-p', `${port}`, '-d', join(folder, 'queries')],
    ...['-l', '3', '-c', '10', '-Q', '500'],
  ])
  assert.match(out, /Queries lost: +0 /)
  assert.match(out, /NOERROR \d+ \(100\.00%\)/)
})
