// forward to upstreams over HTTPS and TLS: what the chain makes of them.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { type DohServer, dohServer, type RespondOverHttp } from '../../../test/fakes/doh-server.ts'
import { closedPort, makeCertificate } from '../../../test/fakes/fake-upstream.ts'
import { answerOf, startForward } from '../../../test/support/forward-chain.ts'
import {
  type Chain,
  counterValue,
  histogramValue,
  query,
} from '../../../test/support/plugin-harness.ts'
import { temporaryFolder } from '../../../test/support/server-process.ts'

const certificate = makeCertificate()
const tlsTest =
  certificate === undefined ? { skip: 'there is no openssl to make a certificate with' } : {}

const FIRST = ['example.org. 60 IN A 192.0.2.1']

interface World {
  readonly server: DohServer
  readonly chain: Chain
}

/** `TO` stands for the server, `CERT` for its certificate. */
const world = async (t: TestContext, respond: RespondOverHttp, text: string): Promise<World> => {
  const server = await dohServer(respond, { certificate: certificate! })
  t.after(() => server.close())
  const cert = join(temporaryFolder(t), 'cert.pem')
  writeFileSync(cert, certificate!.cert)
  const chain = await startForward(
    t,
    text.replaceAll('TO', `https://127.0.0.1:${server.port}`).replaceAll('CERT', cert),
  )
  return { server, chain }
}

for (const method of ['POST', 'GET'])
  test(`doh_method ${method} is what upstreams see`, tlsTest, async t => {
    const { server, chain } = await world(
      t,
      asked => asked.reply({ answer: FIRST }),
      `forward . TO {\ntls CERT\ndoh_method ${method}\n}`,
    )
    assert.deepEqual(await answerOf(chain), FIRST)
    assert.deepEqual(
      server.asked.map(asked => asked.method),
      [method],
    )
  })

test('the name of tls_servername is sent and checked', tlsTest, async t => {
  for (const [name, isRight] of [
    ['dns.example.net', true],
    ['other.example.net', false],
  ] as const) {
    const { chain } = await world(
      t,
      asked => asked.reply({ answer: FIRST }),
      `forward . TO {\ntls CERT\ntls_servername ${name}\nmax_fails 0\n}`,
    )
    if (isRight) assert.deepEqual(await answerOf(chain), FIRST)
    else await assert.rejects(answerOf(chain), { message: /tls handshake: .*altnames/ })
  }
})

test('an upstream that fails is left for the next one, of whatever kind', tlsTest, async t => {
  const port = await closedPort()
  const { chain } = await world(
    t,
    asked => asked.reply({ answer: FIRST }),
    `forward . 127.0.0.1:${port} https://127.0.0.1:${port} TO {\ntls CERT\npolicy sequential\n}`,
  )
  assert.deepEqual(await answerOf(chain), FIRST)
})

test('exchanges are counted by upstream and rcode, and no connection is', tlsTest, async t => {
  const { server, chain } = await world(
    t,
    asked => asked.reply({ rcode: 'NXDOMAIN' }),
    'forward . TO {\ntls CERT\n}',
  )
  for (let count = 0; count < 3; count++) await chain.handle(query('example.org.'))
  const to = server.endpoint.name
  const { control, serve } = chain
  assert.equal(
    histogramValue(control, serve.row, 'coredns_proxy_request_duration_seconds', {
      proxy_name: 'forward',
      to,
      rcode: 'NXDOMAIN',
    }).count,
    3,
  )
  for (const name of ['hits', 'misses'])
    for (const proto of ['udp', 'tcp', 'tcp-tls'])
      assert.equal(
        counterValue(control, serve.row, `coredns_proxy_conn_cache_${name}_total`, { to, proto }),
        0,
      )
})

test(
  'an upstream that failed is probed by POST, and used again when it answers',
  tlsTest,
  async t => {
    let isBroken = true
    const { server, chain } = await world(
      t,
      asked => (isBroken ? asked.send('<html>') : asked.reply({ answer: FIRST })),
      'forward . TO {\ntls CERT\ndoh_method GET\nmax_fails 1\nhealth_check 10ms\n}',
    )
    const failures = (): number =>
      counterValue(chain.control, chain.serve.row, 'coredns_proxy_healthcheck_failures_total', {
        proxy_name: 'forward',
        to: server.endpoint.name,
      })
    await assert.rejects(answerOf(chain))
    while (failures() < 3) await new Promise(setImmediate)
    assert.ok(server.asked.some(({ method }) => method === 'POST'))
    isBroken = false
    const probes = server.asked.length
    while (server.asked.length === probes) await new Promise(setImmediate)
    assert.deepEqual(await answerOf(chain), FIRST)
  },
)
