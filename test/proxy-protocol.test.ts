// *proxyproto* in the whole server: what real proxies send, and what else comes to the port.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { nameFromText } from '../src/wire/name.ts'
import { fakeUpstream } from './fakes/fake-upstream.ts'
import { withoutLibc } from './fakes/loopback.ts'
import { BurstClient } from './support/burst-client.ts'
import { query, show } from './support/messages.ts'
import {
  askFrom,
  askUdpFrom,
  carried,
  firstAnswer,
  type Over,
  startDnsdist,
  startHaproxy,
} from './support/proxies.ts'
import { joined, v1Header, v2Header } from './support/proxy-headers.ts'
import { QueryMix } from './support/query-mix.ts'
import { served } from './support/served.ts'
import { freePorts, type ServerProcess, startServer, without } from './support/server-process.ts'

const LIMIT = { timeout: 60_000 }
/** Its headers are used. */
const PROXY = '127.0.0.1'
const STRANGER = '127.0.0.9'
const CLIENT = '127.0.0.77'
const ENGINES = [
  { engine: 'mmsg', skip: withoutLibc },
  { engine: 'dgram', skip: false },
] as const

/** Answers TXT with the client's address. */
const corefile =
  (option: string) =>
  (port: number, metrics: number): string =>
    `.:${port} {
  bind 127.0.0.1
  prometheus 127.0.0.1:${metrics}
  timeouts {
    read 1s
  }
  proxyproto {
    ${option}
  }
  acl {
    block net 192.0.2.66/32
  }
  template IN TXT {
    answer "{{ .Name }} 5 IN TXT \\"{{ .Remote }}\\""
  }
}
`

const start = (t: TestContext, engine: string, option = `allow ${PROXY}/32`) =>
  startServer(t, corefile(option), { ports: 2, args: ['--engine', engine] })

const QUESTION = query('who.example.org.', 'TXT', { id: 7 }).bytes

/** The address in an answer; its rcode if it is none; silence. */
const told = (reply: Uint8Array | undefined): string => {
  if (reply === undefined) return 'silence'
  const { rcode, answer } = show(reply)
  return answer[0] === undefined ? rcode : (/"(.*)"/.exec(answer[0])?.[1] ?? answer[0])
}

const headerCounts = async ({ ports }: ServerProcess): Promise<Record<string, number>> => {
  const response = await fetch(`http://127.0.0.1:${ports[1]}/metrics`)
  const found = (await response.text()).matchAll(
    /^shardns_proxy_headers_total\{result="(\w+)"\} (\d+)$/gm,
  )
  return Object.fromEntries([...found].map(([, result, count]) => [result, Number(count)]))
}

for (const { engine, skip } of ENGINES)
  describe(`behind a proxy, engine ${engine}`, { skip }, () => {
    for (const over of ['udp', 'tcp'] as const)
      test(`dnsdist over ${over}`, { ...LIMIT, skip: without('dnsdist') }, async t => {
        const server = await start(t, engine)
        const proxy = await startDnsdist(t, server.port)
        const ask = () => askFrom(over, CLIENT, proxy.port, carried(over, QUESTION), 500)
        assert.equal(told(await firstAnswer(ask, proxy)), CLIENT)
        const { used = 0, local = 0, ...others } = await headerCounts(server)
        // Its health checks say that they are its own.
        assert.ok(used > 0 && local > 0, JSON.stringify({ used, local }))
        assert.deepEqual(others, {})
      })

    for (const header of ['send-proxy', 'send-proxy-v2'] as const)
      test(`HAProxy, ${header}`, { ...LIMIT, skip: without('haproxy') }, async t => {
        const server = await start(t, engine)
        const proxy = await startHaproxy(t, server.port, header)
        const ask = () => askFrom('tcp', CLIENT, proxy.port, carried('tcp', QUESTION), 500)
        assert.equal(told(await firstAnswer(ask, proxy)), CLIENT)
        const { used = 0, malformed = 0, refused = 0 } = await headerCounts(server)
        assert.ok(used > 0)
        assert.deepEqual([malformed, refused], [0, 0])
      })
  })

test('HAProxy in front of tls:// in clear text', {
  ...LIMIT,
  skip: without('haproxy'),
}, async t => {
  const server = await startServer(t, (port, metrics) => `tls://${corefile('')(port, metrics)}`, {
    ports: 2,
  })
  const proxy = await startHaproxy(t, server.port, 'send-proxy-v2')
  const ask = () => askFrom('tcp', CLIENT, proxy.port, carried('tcp', QUESTION), 500)
  assert.equal(told(await firstAnswer(ask, proxy)), CLIENT)
})

const V2_UDP = v2Header({ source: '192.0.2.1' })
const V2_TCP = v2Header({ source: '192.0.2.1', protocol: 1 })
const V1 = v1Header('PROXY TCP4 192.0.2.1 192.0.2.53 40000 53')

const BY_POLICY: readonly {
  readonly policy: string
  readonly over: Over
  readonly from: string
  readonly header: Uint8Array
  readonly told: string
}[] = [
  ...(['use', 'ignore', 'reject', 'skip'] as const).flatMap(policy => [
    { policy, over: 'udp' as const, from: PROXY, header: V2_UDP, told: '192.0.2.1' },
    { policy, over: 'tcp' as const, from: PROXY, header: V2_TCP, told: '192.0.2.1' },
    { policy, over: 'tcp' as const, from: PROXY, header: V1, told: '192.0.2.1' },
    { policy, over: 'udp' as const, from: STRANGER, header: new Uint8Array(0), told: STRANGER },
    { policy, over: 'tcp' as const, from: STRANGER, header: new Uint8Array(0), told: STRANGER },
  ]),
  ...[V2_TCP, V1].flatMap(header => [
    { policy: 'use', over: 'tcp' as const, from: STRANGER, header, told: '192.0.2.1' },
    { policy: 'ignore', over: 'tcp' as const, from: STRANGER, header, told: STRANGER },
    { policy: 'reject', over: 'tcp' as const, from: STRANGER, header, told: 'silence' },
    // It is taken for the beginning of a long message.
    { policy: 'skip', over: 'tcp' as const, from: STRANGER, header, told: 'silence' },
  ]),
  { policy: 'use', over: 'udp', from: STRANGER, header: V2_UDP, told: '192.0.2.1' },
  { policy: 'ignore', over: 'udp', from: STRANGER, header: V2_UDP, told: STRANGER },
  { policy: 'reject', over: 'udp', from: STRANGER, header: V2_UDP, told: 'silence' },
  { policy: 'skip', over: 'udp', from: STRANGER, header: V2_UDP, told: 'NOTIMP' },
]

const SILENCE_MS = 1500

for (const { engine, skip } of ENGINES)
  test(`by policy, engine ${engine}`, { ...LIMIT, skip }, async t => {
    const ofPolicy = Map.groupBy(BY_POLICY, ({ policy }) => policy)
    const servers = await Promise.all(
      ofPolicy.keys().map(async policy => {
        const option = `allow ${PROXY}/32\n    default ${policy}`
        return [policy, await start(t, engine, option)] as const
      }),
    )
    const port = new Map(servers.map(([policy, server]) => [policy, server.port]))
    const found = await Promise.all(
      BY_POLICY.map(async ({ policy, over, from, header }) => {
        const bytes = joined(header, carried(over, QUESTION))
        return told(await askFrom(over, from, port.get(policy)!, bytes, SILENCE_MS))
      }),
    )
    assert.deepEqual(
      BY_POLICY.map((one, n) => ({ ...one, told: found[n] })),
      BY_POLICY,
    )
    const counts = await headerCounts(new Map(servers).get('reject')!)
    assert.deepEqual(counts, { used: 3, absent: 2, refused: 3 })
    const { out } = new Map(servers).get('reject')!
    assert.match(
      out,
      /^\[WARNING\] dropping invalid Proxy Protocol packet from 127\.0\.0\.9:\d+: /m,
    )
  })

for (const { engine, skip } of ENGINES)
  test(`acl, and ports that nobody asks from, by the header, engine ${engine}`, {
    ...LIMIT,
    skip,
  }, async t => {
    const server = await start(t, engine)
    const ask = async (source: string, sourcePort: number): Promise<string> => {
      const header = v2Header({ source, sourcePort })
      return told(await askFrom('udp', PROXY, server.port, joined(header, QUESTION), 500))
    }
    assert.deepEqual(
      await Promise.all([
        ask('192.0.2.65', 40_000),
        ask('192.0.2.66', 40_000),
        ask('192.0.2.65', 0),
        ask('192.0.2.65', 7),
        ask('2001:db8::66', 40_000),
      ]),
      ['192.0.2.65', 'REFUSED', 'silence', 'silence', '2001:db8::66'],
    )
  })

const NAMES = ['a.example.org.', 'big.example.org.', 'no.example.org.', 'elsewhere.test.', '.']
const HOSTS = [
  '192.0.2.1 a.example.org',
  ...Array.from({ length: 60 }, (_, n) => `203.0.113.${n + 1} big.example.org`),
]
const block = (port: number, option: string): string => `example.org:${port} {
  bind 127.0.0.1
  ${option}
  hosts /dev/null {
    ${HOSTS.join('\n    ')}
  }
}
`
const QUERIES = 10_000
const WINDOW = 100

for (const { engine, skip } of ENGINES)
  test(`behind a header all answers are the same, engine ${engine}`, {
    ...LIMIT,
    skip,
  }, async t => {
    const server = await startServer(
      t,
      (plain, proxied) => block(plain, '') + block(proxied, 'proxyproto'),
      { ports: 2, args: ['--engine', engine] },
    )
    const [plain, proxied] = await Promise.all(server.ports.map(port => BurstClient.open(t, port)))
    const mix = new QueryMix(
      NAMES.map(name => nameFromText(name) ?? assert.fail(name)),
      1,
    )
    for (let start = 0; start < QUERIES; start += WINDOW) {
      const messages = Array.from({ length: WINDOW }, (_, n) => mix.message(start + n))
      const [expected, found] = await Promise.all([
        plain!.ask(messages, start),
        proxied!.ask(messages, start, n => v2Header({ fields: new Uint8Array(n % 5) })),
      ])
      assert.deepEqual(
        found.map(reply => reply?.toHex()),
        expected.map(reply => reply?.toHex()),
      )
    }
  })

for (const { engine, skip } of ENGINES)
  test(`the successor of a shard asks again for the client of the header, engine ${engine}`, {
    ...LIMIT,
    skip,
  }, async t => {
    const upstream = await fakeUpstream(() => undefined)
    t.after(upstream.close)
    const [port = 0] = await freePorts(1)
    const text = `.:${port} {
  bind 127.0.0.1
  proxyproto
  log . "LOG: {remote} {name}"
  forward . 127.0.0.1:${upstream.port}
}
`
    const server = await served(t, text, { options: { workers: 1, engine } })
    const answer = askFrom('udp', CLIENT, port, joined(V2_UDP, QUESTION), 20_000)
    while (upstream.asked.length === 0) await new Promise(setImmediate)
    upstream.respond = asked => asked.reply({ ra: true, rcode: 'NXDOMAIN' })
    server.fault(0, 'exit')
    assert.equal(told(await answer), 'NXDOMAIN')
    assert.ok(upstream.asked.length > 1)
    await server.line(/^\[INFO\] LOG: 192\.0\.2\.1 who\.example\.org\.$/)
  })

const TRACKED = 40

for (const { engine, skip } of ENGINES)
  test(`sessions over two shards, engine ${engine}`, { ...LIMIT, skip }, async t => {
    const server = await startServer(t, corefile('udp_session_tracking 1m'), {
      ports: 2,
      workers: 2,
      args: ['--engine', engine],
    })
    const found = await Promise.all(
      Array.from({ length: TRACKED }, async (_, n) => {
        const header = v2Header({ source: `192.0.2.${100 + n}` })
        return told(await askUdpFrom(CLIENT, server.port, [header, QUESTION]))
      }),
    )
    assert.deepEqual(
      found,
      Array.from({ length: TRACKED }, (_, n) => `192.0.2.${100 + n}`),
    )
  })

const NOT_OURS = { udp: 'NOTIMP', tcp: 'silence' } as const

for (const { engine, skip } of ENGINES)
  test(`a reload begins and ends it, engine ${engine}`, { ...LIMIT, skip }, async t => {
    const plain = (port: number, metrics: number): string =>
      corefile('')(port, metrics).replace(/ {2}proxyproto \{[^}]*\}\n/, '')
    const server = await startServer(t, plain, { ports: 2, workers: 2, args: ['--engine', engine] })
    const [port = 0, metrics = 0] = server.ports
    const reload = async (text: string): Promise<void> => {
      const offset = server.out.length
      server.write(text)
      server.child.kill('SIGUSR1')
      await server.seen(/^\[INFO\] Reloading complete$/m, 'out', offset)
    }
    const ask = async (): Promise<Record<Over, string>> => ({
      udp: told(await askFrom('udp', CLIENT, port, joined(V2_UDP, QUESTION))),
      tcp: told(await askFrom('tcp', CLIENT, port, joined(V1, carried('tcp', QUESTION)))),
    })
    const named = { udp: '192.0.2.1', tcp: '192.0.2.1' }
    assert.deepEqual(await ask(), NOT_OURS)
    await reload(corefile('')(port, metrics))
    assert.deepEqual(await ask(), named)
    await reload(corefile('udp_session_tracking 1m')(port, metrics))
    assert.deepEqual(await ask(), named)
    await reload(plain(port, metrics))
    assert.deepEqual(await ask(), NOT_OURS)
  })
