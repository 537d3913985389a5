// DNS over HTTPS in clear text with the whole server: clients that are not ours, the metrics, and a
// reload while connections are open.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectH2 } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { closedPort } from '../fakes/fake-upstream.ts'
import { query, show } from '../support/messages.ts'
import { type Served, served } from '../support/served.ts'

const LIMIT = { timeout: 60_000 }
const run = promisify(execFile)
const withoutCurl =
  spawnSync('curl', ['--version'], { encoding: 'utf8' }).stdout?.includes('HTTP2') === true
    ? false
    : 'no curl with HTTP/2 here'

const QUERY = query('www.example.org.', 'A').bytes
const TEXT = Buffer.from(QUERY).toString('base64url')

interface World {
  readonly server: Served
  readonly port: number
  readonly metrics: number
}

const start = async (t: TestContext): Promise<World> => {
  const [port, metrics] = [await closedPort(), await closedPort()]
  const server = await served(
    t,
    `https://.:${port} {
       bind 127.0.0.1
       https {
         max_connections 50
       }
       prometheus 127.0.0.1:${metrics}
       template IN A example.org {
         answer "{{ .Name }} 60 IN A 192.0.2.1"
       }
     }\n`,
    { options: { workers: 1, streamWorkers: 1 } },
  )
  return { server, port, metrics }
}

const curl = async (...args: readonly string[]): Promise<Buffer> => {
  const { stdout } = await run('curl', ['-sS', '--max-time', '10', ...args], {
    encoding: 'buffer',
  })
  return stdout
}

for (const version of ['--http1.1', '--http2-prior-knowledge'])
  test(`curl ${version}: GET and POST`, { ...LIMIT, skip: withoutCurl }, async t => {
    const { port } = await start(t)
    const url = `http://127.0.0.1:${port}/dns-query`
    const answers = [
      await curl(version, `${url}?dns=${TEXT}`),
      await curl(version, '--get', '--data', `dns=${TEXT}`, url),
    ]
    for (const answer of answers)
      assert.deepEqual(show(new Uint8Array(answer)).answer, ['www.example.org. 60 IN A 192.0.2.1'])
    const code = ['-o', '/dev/null', '-w', '%{http_code} %{http_version}']
    const of = version === '--http1.1' ? '1.1' : '2'
    const told = async (...args: readonly string[]): Promise<string> =>
      (await curl(version, ...code, ...args)).toString()
    assert.equal(await told('--data-binary', 'no message', url), `400 ${of}`)
    assert.equal(await told(`${url}x`), `404 ${of}`)
    assert.equal(await told('--head', `${url}?dns=${TEXT}`), `400 ${of}`)
  })

test('answers are counted by listener and status', LIMIT, async t => {
  const { port, metrics } = await start(t)
  for (const path of ['/dns-query', '/x', `/dns-query?dns=${TEXT}`, `/dns-query?dns=${TEXT}`])
    await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer()
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
  const counted = text
    .split('\n')
    .filter(line => line.startsWith('coredns_dns_https_responses_total{'))
    .sort()
  const server = `server="https://127.0.0.1:${port}"`
  assert.deepEqual(counted, [
    `coredns_dns_https_responses_total{${server},status="200"} 2`,
    `coredns_dns_https_responses_total{${server},status="400"} 1`,
    `coredns_dns_https_responses_total{${server},status="404"} 1`,
  ])
  const requests = text
    .split('\n')
    .find(line => line.startsWith('coredns_dns_requests_total{') && line.includes(server))
  assert.match(requests ?? '', /proto="tcp".*type="A".* 2$/)
})

test('a connection stays over a reload, and serves what is new', LIMIT, async t => {
  const { server, port } = await start(t)
  const session = connectH2(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  const ask = async (): Promise<string[]> => {
    const stream = session.request({ ':path': `/dns-query?dns=${TEXT}` })
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    return [...show(new Uint8Array(Buffer.concat(chunks))).answer]
  }
  assert.deepEqual(await ask(), ['www.example.org. 60 IN A 192.0.2.1'])
  server.writeCorefile(`https://.:${port} {
    bind 127.0.0.1
    template IN A example.org {
      answer "{{ .Name }} 60 IN A 192.0.2.2"
    }
  }\n`)
  server.signal('SIGUSR1')
  await server.line(/^\[INFO\] Reloading complete$/)
  assert.deepEqual(await ask(), ['www.example.org. 60 IN A 192.0.2.2'])
})

test('SIGTERM answers what is in flight', LIMIT, async t => {
  const { server, port } = await start(t)
  const session = connectH2(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  await once(session, 'remoteSettings')
  const stream = session.request({ ':path': `/dns-query?dns=${TEXT}` })
  const answered = once(stream, 'response')
  stream.resume()
  await answered
  const gone = once(session, 'close')
  server.signal('SIGTERM')
  await gone
  assert.equal(await server.ended, 0)
})
