// forward in the whole server, to upstreams over TLS and HTTPS: other people's programs, and
// servers of ours that go away.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { type AskedOverHttp, dohServer, type RespondOverHttp } from './fakes/doh-server.ts'
import { makeCertificate } from './fakes/fake-upstream.ts'
import { query, show } from './support/messages.ts'
import { askOverTcp, askOverUdp, type Fate } from './support/one-shot.ts'
import {
  freePorts,
  runProgram,
  type ServerProcess,
  startServer,
  temporaryFolder,
  WatchedProcess,
  without,
} from './support/server-process.ts'

const LIMIT = { timeout: 60_000 }
const certificate = makeCertificate()
const withoutOpenssl = certificate === undefined && 'there is no openssl to make a certificate with'
const ANSWER = 'example.org. 60 IN A 192.0.2.1'

const message = (name: string, id = 1): Uint8Array => query(name, 'A', { id }).bytes
const shown = (fate: Fate): string =>
  typeof fate === 'string' ? fate : (show(fate).answer[0] ?? show(fate).rcode)

/** A folder with cert.pem and key.pem. */
const certificateFolder = (t: TestContext): string => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'cert.pem'), certificate!.cert)
  writeFileSync(join(folder, 'key.pem'), certificate!.key)
  return folder
}

const forwarder = (
  t: TestContext,
  folder: string,
  to: string,
  more = '',
  args: readonly string[] = [],
): Promise<ServerProcess> =>
  startServer(
    t,
    port =>
      `.:${port} {\nbind 127.0.0.1\nerrors\nforward . ${to} {\ntls ${folder}/cert.pem\n${more}\n}\n}\n`,
    { args },
  )

suite('Unbound', { skip: withoutOpenssl || without('unbound') }, () => {
  test('over TLS: a connection for each question, resumed each time', LIMIT, async t => {
    const folder = certificateFolder(t)
    const [port = 0] = await freePorts(1)
    const config = join(folder, 'unbound.conf')
    const socket = join(folder, 'control')
    writeFileSync(
      config,
      `server:
 interface: 127.0.0.1@${port}
 tls-port: ${port}
 tls-service-key: "${folder}/key.pem"
 tls-service-pem: "${folder}/cert.pem"
 chroot: ""
 username: ""
 directory: "${folder}"
 pidfile: "${folder}/pid"
 use-syslog: no
 do-daemonize: no
 extended-statistics: yes
 local-zone: "example.org." static
 local-data: "${ANSWER}"
remote-control:
 control-enable: yes
 control-interface: ${socket}
 control-use-cert: no
`,
    )
    const unbound = new WatchedProcess(t, 'unbound', ['-d', '-c', config])
    await unbound.seen(/start of service/, 'err')
    const server = await forwarder(t, folder, `tls://127.0.0.1:${port}`, 'expire 0s')
    for (let count = 0; count < 20; count++)
      assert.equal(shown(await askOverUdp(server.port, message('example.org.', count))), ANSWER)
    const { out } = await runProgram('unbound-control', [
      ...['-c', config, '-s', socket],
      'stats_noreset',
    ])
    const [queries, resumed] = ['num.query.tls', 'num.query.tls.resume'].map(name =>
      Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(out)?.[1]),
    )
    assert.equal(queries, 20)
    assert.equal(resumed, 19)
  })
})

suite('dnsdist', { skip: withoutOpenssl || without('dnsdist') }, () => {
  for (const method of ['POST', 'GET'])
    test(`over HTTPS by ${method}, for two clients at once`, LIMIT, async t => {
      const folder = certificateFolder(t)
      const [port = 0] = await freePorts(1)
      const config = join(folder, 'dnsdist.conf')
      writeFileSync(
        config,
        `setLocal('127.0.0.1:0')
addDOHLocal('127.0.0.1:${port}', '${folder}/cert.pem', '${folder}/key.pem', '/dns-query')
addAction('example.org.', SpoofAction('192.0.2.1'))
addAction(AllRule(), RCodeAction(DNSRCode.REFUSED))
`,
      )
      const dnsdist = new WatchedProcess(
        t,
        'dnsdist',
        ['--supervised', '--disable-syslog', '-C', config],
        folder,
      )
      await dnsdist.seen(/Listening on .* for DoH/)
      const server = await forwarder(
        t,
        folder,
        `https://127.0.0.1:${port}`,
        `doh_method ${method}\nhealth_check 20ms`,
      )
      const fates = await Promise.all(
        Array.from({ length: 100 }, (_, n) => {
          const ask = n % 2 === 0 ? askOverUdp : askOverTcp
          return ask(server.port, message('example.org.', n))
        }),
      )
      assert.deepEqual(new Set(fates.map(shown)), new Set([ANSWER]))
      assert.equal(shown(await askOverUdp(server.port, message('other.org.'))), 'REFUSED')
    })
})

const say = (asked: AskedOverHttp): void => asked.reply({ answer: [ANSWER] })

const upstreamOf = async (
  t: TestContext,
  respond: RespondOverHttp,
  speaks: 'h2' | 'http/1.1' = 'h2',
): ReturnType<typeof dohServer> => {
  const server = await dohServer(respond, { certificate: certificate!, speaks })
  t.after(() => server.close())
  return server
}

suite('servers of ours', { skip: withoutOpenssl }, () => {
  for (const speaks of ['h2', 'http/1.1'] as const)
    test(`SIGTERM: what is under way over HTTPS is answered: ${speaks}`, LIMIT, async t => {
      const held: AskedOverHttp[] = []
      const upstream = await upstreamOf(t, asked => void held.push(asked), speaks)
      const folder = certificateFolder(t)
      const server = await forwarder(t, folder, `https://127.0.0.1:${upstream.port}`)
      const fates = [askOverUdp, askOverUdp, askOverTcp, askOverTcp].map((ask, n) =>
        ask(server.port, message('example.org.', n)),
      )
      while (held.length < 4) await new Promise(setImmediate)
      server.child.kill('SIGTERM')
      await server.seen(/SIGTERM: Shutting down/)
      for (const asked of held) say(asked)
      assert.deepEqual((await Promise.all(fates)).map(shown), Array(4).fill(ANSWER))
      assert.equal(await server.exited, 0)
      assert.doesNotMatch(server.out, /\[ERROR\]/)
    })

  test('a server that says goodbye under load: 0 lost', LIMIT, async t => {
    const upstream = await upstreamOf(t, asked => {
      say(asked)
      if (upstream.asked.length % 40 === 0) asked.session?.goaway()
    })
    const folder = certificateFolder(t)
    const server = await forwarder(t, folder, `https://127.0.0.1:${upstream.port}`)
    for (let round = 0; round < 20; round++) {
      const fates = await Promise.all(
        Array.from({ length: 50 }, (_, n) => askOverUdp(server.port, message('example.org.', n))),
      )
      assert.deepEqual(new Set(fates.map(shown)), new Set([ANSWER]))
    }
    assert.ok(upstream.connections.length >= 20, `${upstream.connections.length}`)
  })

  test('a certificate for another name: SERVFAIL, and the log says why', LIMIT, async t => {
    const upstream = await upstreamOf(t, say)
    const folder = certificateFolder(t)
    const server = await forwarder(
      t,
      folder,
      `https://127.0.0.1:${upstream.port}`,
      'tls_servername other.example.net\nmax_fails 0',
    )
    assert.equal(shown(await askOverUdp(server.port, message('example.org.'))), 'SERVFAIL')
    await server.seen(/\[ERROR\] plugin\/errors: 2 example\.org\. A: .*tls handshake: .*altnames/)
    assert.equal(upstream.asked.length, 0)
  })

  test(
    'a reload with answers under way: all are answered, by the new connections, too',
    LIMIT,
    async t => {
      const held: AskedOverHttp[] = []
      const upstream = await upstreamOf(t, asked => void held.push(asked))
      const folder = certificateFolder(t)
      const server = await forwarder(t, folder, `https://127.0.0.1:${upstream.port}`)
      const early = askOverUdp(server.port, message('example.org.'))
      while (held.length < 1) await new Promise(setImmediate)
      server.child.kill('SIGUSR1')
      await server.seen(/Reloading complete/)
      const late = askOverUdp(server.port, message('example.org.'))
      while (held.length < 2) await new Promise(setImmediate)
      for (const asked of held) say(asked)
      assert.deepEqual([shown(await early), shown(await late)], [ANSWER, ANSWER])
      assert.equal(await server.stop(), 0)
    },
  )
})
