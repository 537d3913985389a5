// `prometheus { tls FILE }` on the whole program: scrapes by curl and by Prometheus, certificates
// that are replaced under them, reloads that put TLS there and take it away, files that are wrong.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { makeCertificates, type Pair } from './fakes/certificates.ts'
import {
  type Cleanup,
  freePorts,
  launchServer,
  runProgram,
  type ServerProcess,
  startServer,
  temporaryFolder,
  WatchedProcess,
  without,
} from './support/server-process.ts'

const made = makeCertificates()
const skip = made === undefined ? 'there is no openssl program' : false
const PAIR = 'tls_server_config:\n  cert_file: data/cert.pem\n  key_file: data/key.pem\n'

/** A folder with a web configuration, whose pair lies behind a link as a kubelet mounts it. */
const webFolder = (t: Cleanup, more = '', pair = made?.server) => {
  const folder = temporaryFolder(t)
  const at = (name: string): string => join(folder, name)
  let count = 0
  const put = (next: Pair | undefined): void => {
    const name = `..${count++}`
    mkdirSync(at(name))
    writeFileSync(join(at(name), 'cert.pem'), next?.cert ?? '')
    writeFileSync(join(at(name), 'key.pem'), next?.key ?? '')
    symlinkSync(name, at('..next'))
    renameSync(at('..next'), at('data'))
  }
  put(pair)
  writeFileSync(at('ca.pem'), made?.authority.cert ?? '')
  writeFileSync(at('client.pem'), `${made?.client.cert}${made?.client.key}`)
  const config = at('web.yml')
  writeFileSync(config, PAIR + more)
  return { at, put, config }
}

const corefile =
  (config: string, more = '') =>
  (dns: number, http: number) =>
    `.:${dns} {\n    bind 127.0.0.1\n    whoami\n    prometheus 127.0.0.1:${http}${config === '' ? '' : ` {\n        tls ${config}\n    }`}\n${more}}\n`

const OPTIONS = { ports: 2 }
const httpPort = ({ ports }: ServerProcess): number => ports[1] ?? -1

interface Scrape {
  readonly serial: string
  readonly hasMetrics: boolean
}

/** On a connection of its own. */
const scrape = async (port: number): Promise<Scrape> => {
  const asked = get({
    host: '127.0.0.1',
    port,
    path: '/metrics',
    agent: false,
    ca: made?.authority.cert,
    checkServerIdentity: () => undefined,
  })
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber
  const text = Buffer.concat(await response.toArray()).toString()
  return { serial, hasMetrics: text.includes('\ncoredns_build_info{') }
}

const curl = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await runProgram('curl', ['-sS', ...args])
  if (code !== 0) return err.trim()
  return out.includes('\ncoredns_build_info{') ? 'metrics' : out
}

const curlTest = { skip: skip || without('curl') }

test('curl gets the metrics over TLS, and not without', curlTest, async t => {
  const { config, at } = webFolder(t)
  const server = await startServer(t, corefile(config), OPTIONS)
  const there = `127.0.0.1:${httpPort(server)}/metrics`
  const ca = ['--cacert', at('ca.pem')]
  for (const more of [[], ['--http1.1'], ['--http2'], ['--tls-max', '1.2'], ['--compressed']])
    assert.equal(await curl(...ca, ...more, `https://${there}`), 'metrics', more.join(' '))
  assert.match(await curl(`https://${there}`), /certificate/)
  assert.match(await curl(`http://${there}`), /^curl: \(\d+\) /)
  assert.match(await curl(...ca, '--tls-max', '1.1', `https://${there}`), /^curl: \(35\) /)
})

test('curl is let in with a client certificate only', curlTest, async t => {
  const { config, at } = webFolder(
    t,
    '  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n',
  )
  const server = await startServer(t, corefile(config), OPTIONS)
  const there = ['--cacert', at('ca.pem'), `https://127.0.0.1:${httpPort(server)}/metrics`]
  assert.equal(await curl('--cert', at('client.pem'), ...there), 'metrics')
  assert.match(await curl(...there), /^curl: \(\d+\) /)
  await server.seen(
    /\[WARNING\] HTTP listener 127\.0\.0\.1:\d+: client 127\.0\.0\.1 is refused: it has no accepted certificate\n/,
  )
})

test('Prometheus scrapes over TLS with a client certificate', {
  skip: skip || without('prometheus'),
}, async t => {
  const { config, at } = webFolder(
    t,
    '  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n',
  )
  const server = await startServer(t, corefile(config), OPTIONS)
  const [port] = await freePorts(1)
  const folder = temporaryFolder(t)
  const scraper = join(folder, 'prometheus.yml')
  writeFileSync(
    scraper,
    `scrape_configs:
  - job_name: dns
    scheme: https
    scrape_interval: 1s
    static_configs: [{ targets: ['127.0.0.1:${httpPort(server)}'] }]
    tls_config: { ca_file: ${at('ca.pem')}, cert_file: ${at('client.pem')}, key_file: ${at('client.pem')} }
`,
  )
  const prometheus = new WatchedProcess(t, 'prometheus', [
    `--config.file=${scraper}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  await prometheus.seen(/Server is ready to receive web requests/, 'err')
  const asked = `http://127.0.0.1:${port}/api/v1/query?query=up`
  for (;;) {
    const { data } = (await (await fetch(asked)).json()) as {
      data: { result: { value: [number, string] }[] }
    }
    const value = data.result[0]?.value[1]
    // Until the first scrape there is none.
    if (value === undefined) continue
    assert.equal(value, '1')
    break
  }
})

test('a certificate is replaced under scrapes: none fails, and none sees the old one once it is told', {
  skip,
  timeout: 60_000,
}, async t => {
  const { config, put } = webFolder(t)
  const server = await startServer(t, corefile(config), OPTIONS)
  const port = httpPort(server)
  const before = (await scrape(port)).serial
  let isTold = false
  let isOver = false
  const seen = { early: new Set<string>(), late: new Set<string>() }
  const scraping = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const set = isTold ? seen.late : seen.early
      const { serial, hasMetrics } = await scrape(port)
      set.add(serial)
      assert.ok(hasMetrics)
    }
  })
  const idle = connect({ host: '127.0.0.1', port, ca: made?.authority.cert })
  idle.on('error', () => {})
  put(made?.named)
  await server.seen(
    /^\[INFO\] plugin\/prometheus: \S+web\.yml: certificate of api\.example\.net renewed, valid until \S+Z$/m,
  )
  isTold = true
  for (let n = 0; n < 20; n++) seen.late.add((await scrape(port)).serial)
  isOver = true
  await Promise.all(scraping)
  assert.ok(seen.early.has(before))
  assert.equal(seen.late.size, 1)
  assert.ok(!seen.late.has(before))
  idle.destroy()
})

test('a pair that cannot be used is told, and the certificate of before goes on', {
  skip,
  timeout: 60_000,
}, async t => {
  const { config, put } = webFolder(t)
  const server = await startServer(t, corefile(config), OPTIONS)
  const before = await scrape(httpPort(server))
  const wrong: [Pair, RegExp][] = [
    [
      { cert: made?.server.cert ?? '', key: made?.named.key ?? '' },
      /^\[WARNING\] plugin\/prometheus: \S+web\.yml: the private key of \S+key\.pem does not fit the certificate of \S+cert\.pem; the certificate of before goes on$/m,
    ],
    [
      { cert: made?.expired.cert ?? '', key: made?.expired.key ?? '' },
      /^\[WARNING\] plugin\/prometheus: \S+web\.yml: the certificate of 127\.0\.0\.1 has expired \S+; the certificate of before goes on$/m,
    ],
  ]
  for (const [pair, line] of wrong) {
    put(pair)
    await server.seen(line)
    assert.deepEqual(await scrape(httpPort(server)), before)
  }
})

const reload = async (
  server: ServerProcess,
  text: string,
  outcome = /Reloading complete\n/,
): Promise<void> => {
  const offset = server.out.length
  server.write(text)
  server.child.kill('SIGUSR1')
  await server.seen(outcome, 'out', offset)
}

test('reloads put TLS there and take it away; a configuration that cannot be served changes nothing', {
  skip,
}, async t => {
  const { config, at } = webFolder(t)
  const [plain, secure] = [corefile(''), corefile(config)]
  const server = await startServer(t, plain, OPTIONS)
  const [dns, http] = server.ports as [number, number]
  const overHttp = async (): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${http}/metrics`).catch(() => undefined)
    return (await answer?.text())?.includes('\ncoredns_build_info{') === true
  }
  assert.equal(await overHttp(), true)
  await reload(server, secure(dns, http))
  assert.equal((await scrape(http)).hasMetrics, true)
  assert.equal(await overHttp(), false)
  writeFileSync(at('web.yml'), `${PAIR}basic_auth_users:\n  a: b\n`)
  await reload(
    server,
    corefile(config, '    log\n')(dns, http),
    /Restart failed: plugin\/prometheus: \S+web\.yml:4: basic_auth_users is not supported by shardns: put a proxy in front of the endpoint\n/,
  )
  assert.equal((await scrape(http)).hasMetrics, true)
  writeFileSync(at('web.yml'), PAIR)
  await reload(server, plain(dns, http))
  assert.equal(await overHttp(), true)
  await assert.rejects(scrape(http))
})

test('two blocks that share an address must agree on TLS', { skip }, async t => {
  const { config } = webFolder(t)
  const two = (first: string, second: string) => (dns: number, http: number) =>
    [first, second]
      .map((tls, n) => corefile(tls)(dns, http).replace('.:', n === 0 ? '.:' : 'example.org:'))
      .join('')
  const agreed = await startServer(t, two(config, config), OPTIONS)
  assert.equal((await scrape(httpPort(agreed))).hasMetrics, true)
  const refused = await launchServer(t, two(config, ''), OPTIONS)
  assert.equal(await refused.exited, 1)
  assert.match(
    refused.err + refused.out,
    /plugin\/prometheus: 127\.0\.0\.1:\d+ would be served both in clear text and over TLS: take another address/,
  )
})

test('without its file the program starts, and serves metrics once it is there', {
  skip,
  timeout: 60_000,
}, async t => {
  const { config, at } = webFolder(t)
  renameSync(config, at('later.yml'))
  const server = await startServer(t, corefile(config), OPTIONS)
  await server.seen(/^\[ERROR\] plugin\/prometheus: TLS config file does not exist: \S+web\.yml$/m)
  await assert.rejects(scrape(httpPort(server)))
  renameSync(at('later.yml'), config)
  await server.seen(
    /^\[INFO\] plugin\/prometheus: \S+web\.yml: certificate of 127\.0\.0\.1 renewed/m,
  )
  assert.equal((await scrape(httpPort(server))).hasMetrics, true)
})

const broken: [name: string, more: string, pair: Pair | undefined, message: RegExp][] = [
  [
    'is half written',
    '',
    { cert: made?.server.cert ?? '', key: made?.server.key.slice(0, 150) ?? '' },
    /the private key of \S+key\.pem cannot be parsed/,
  ],
  ['is empty', '', { cert: '', key: '' }, /cert\.pem has no certificate in PEM form/],
  [
    'has an unknown field',
    'rate_limits: {}\n',
    made?.server,
    /web\.yml:4: rate_limits is no field of a web configuration/,
  ],
]
for (const [name, more, pair, message] of broken)
  test(`a web configuration or a pair that ${name}: the program does not start, and says why`, {
    skip,
  }, async t => {
    const { config } = webFolder(t, more, pair)
    const server = await launchServer(t, corefile(config), OPTIONS)
    assert.equal(await server.exited, 1)
    assert.match(server.err + server.out, message)
    const check = await runProgram(process.execPath, ['src/cli.ts', 'check', server.corefile])
    assert.equal(check.code, 1)
    assert.match(check.out + check.err, message)
    assert.match(check.out + check.err, /Corefile:5/)
  })

test('clients in the middle of a handshake do not hold up the end', { skip }, async t => {
  const { config } = webFolder(t)
  const server = await startServer(t, corefile(config), OPTIONS)
  for (let n = 0; n < 10; n++) {
    const socket = connectTcp(httpPort(server), '127.0.0.1')
    socket.on('error', () => {})
    t.after(() => socket.destroy())
    await once(socket, 'connect')
  }
  await scrape(httpPort(server))
  assert.equal(await server.stop(), 0)
})
