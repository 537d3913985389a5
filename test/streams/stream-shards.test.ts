// Listeners of connections that are not plain DNS, on threads of their own: how they begin and end,
// what their deaths cost, and that UDP hears nothing of it. `tls://` without a certificate is DNS
// over TCP in clear text.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { MIB } from '../../src/base/text/sizes.ts'
import { type Asked, closedPort, fakeUpstream } from '../fakes/fake-upstream.ts'
import { withoutLibc } from '../fakes/loopback.ts'
import { DnsClient } from '../support/dns-client.ts'
import { query, show } from '../support/messages.ts'
import { askTcp, askUdp } from '../support/raw-client.ts'
import { type Served, type ServedSetting, served, startServed } from '../support/served.ts'

const LIMIT = { timeout: 60_000 }
const PER_SECOND = 500
const COMPLETE = /^\[INFO\] Reloading complete$/
const FAILED = /^\[ERROR\] Restart failed: /
/** With two shards for plain DNS. */
const FIRST = 2

const nameOf = (n: number): string => `q${n % 100}.example.org.`
const serves = (shard: number): RegExp => new RegExp(`^test: shard ${shard} serves$`)
const block = (key: string, more = 'whoami'): string => `${key} {\nbind 127.0.0.1\n${more}\n}\n`

interface World {
  readonly server: Served
  readonly dns: number
  readonly tls: number
  /** The Corefile with the listener for plain DNS alone, and with both. */
  readonly plain: string
  readonly both: string
}

const start = async (
  t: TestContext,
  isBoth: boolean,
  setting: ServedSetting = {},
): Promise<World> => {
  const [dns, tls] = [await closedPort(), await closedPort()]
  const plain = block(`.:${dns}`)
  const both = plain + block(`tls://.:${tls}`)
  const options = { streamWorkers: 1, ...setting.options }
  const server = await served(t, isBoth ? both : plain, { ...setting, options })
  return { server, dns, tls, plain, both }
}

const reload = async (server: Served, corefile: string, outcome = COMPLETE): Promise<string> => {
  const before = server.count(outcome)
  server.writeCorefile(corefile)
  server.signal('SIGUSR1')
  return server.line(outcome, before + 1)
}

const rcodeOver = async (port: number, name = 'example.org.'): Promise<string> => {
  const [reply] = await askTcp(port, [query(name).bytes])
  return show(reply!).rcode
}

/** Whether something accepts TCP connections there. */
const isOpen = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

for (const engine of ['mmsg', 'dgram'] as const)
  test(`engine ${engine}: tls:// without a certificate is DNS over TCP, and nothing over UDP`, {
    ...LIMIT,
    skip: engine === 'mmsg' && withoutLibc,
  }, async t => {
    const [dns, tls] = [await closedPort(), await closedPort()]
    const corefile = block(`.:${dns} tls://example.org:${tls}`, 'whoami\nlog')
    const server = await served(t, corefile, { options: { engine, streamWorkers: 2 } })
    assert.deepEqual(
      server.lines.filter(line => line.includes('on 127.0.0.1')),
      [`.:${dns} on 127.0.0.1`, `tls://example.org.:${tls} on 127.0.0.1`],
    )
    const names = Array.from({ length: 20 }, (_, n) => query(`q${n}.example.org.`).bytes)
    for (const message of names) assert.equal((await askTcp(tls, [message])).length, 1)
    assert.equal((await askTcp(tls, names)).length, 20, 'over one connection')
    await server.line(/"A IN q19\.example\.org\. tcp .* NOERROR/, 2)
    assert.equal(await rcodeOver(tls, 'example.net.'), 'REFUSED')
    assert.equal(await rcodeOver(dns, 'example.net.'), 'NOERROR')
    await assert.rejects(askUdp(tls, [query('example.org.').bytes]))
    server.signal('SIGTERM')
    assert.equal(await server.ended, 0)
  })

test(
  'stream shards begin with the first listener that needs them, and UDP loses nothing',
  LIMIT,
  async t => {
    const { server, dns, tls, plain, both } = await start(t, false)
    const client = await DnsClient.open(t, { port: dns, tries: 1, timeoutMs: 5000 })
    assert.equal(server.count(serves(FIRST)), 0)
    const moves = async (): Promise<void> => {
      await reload(server, both)
      assert.equal(server.count(serves(FIRST)), 1)
      assert.equal(await rcodeOver(tls), 'NOERROR')
      await reload(server, plain)
      // The reload is complete before the sockets of the listener are gone.
      while (await isOpen(tls));
      await reload(server, both)
      assert.equal(await rcodeOver(tls), 'NOERROR')
    }
    const tally = await client.load(nameOf, PER_SECOND, moves())
    assert.deepEqual([tally.lost, tally.retries], [[], 0])
    assert.equal(server.count(serves(FIRST)), 3, 'it has stayed, and was moved with the others')
  },
)

// With node:dgram it is the stream shard that finds the port taken.
test('a configuration that fails ends the stream shards that it has begun', LIMIT, async t => {
  const { server, dns, tls, both } = await start(t, false, { options: { engine: 'dgram' } })
  const held = createServer().listen(tls, '127.0.0.1')
  await once(held, 'listening')
  for (let n = 0; n < 2; n++)
    assert.match(
      await reload(server, both, FAILED),
      /Listen: listen tcp 127\.0\.0\.1:\d+: bind: address already in use/,
    )
  held.close()
  await once(held, 'close')
  assert.equal(server.count(serves(FIRST)), 0)
  await reload(server, both)
  assert.equal(await rcodeOver(tls), 'NOERROR')
  assert.equal((await askUdp(dns, [query('example.org.').bytes])).length, 1)
  assert.equal(server.count(/died|does not/), 0)
})

test('one that dies costs UDP nothing, and has a successor', LIMIT, async t => {
  const { server, dns, tls } = await start(t, true, { killLabel: 'deadly' })
  const client = await DnsClient.open(t, { port: dns, tries: 1, timeoutMs: 5000 })
  const deaths = async (): Promise<void> => {
    for (let n = 1; n <= 2; n++) {
      await assert.rejects(askTcp(tls, [query('deadly.example.org.').bytes]))
      await server.line(/^\[ERROR\] shard 2 died while it handled deadly\.example\.org\.: /, n)
      await server.line(serves(FIRST), n + 1)
      assert.equal(await rcodeOver(tls), 'NOERROR')
    }
  }
  const tally = await client.load(nameOf, PER_SECOND, deaths())
  assert.deepEqual([tally.lost, tally.retries], [[], 0])
  assert.equal(server.count(/^\[ERROR\] shard [01] died/), 0)
  // It is refused from now on, in every shard.
  assert.equal(await rcodeOver(tls, 'deadly.example.org.'), 'REFUSED')
  assert.equal(await rcodeOver(dns, 'deadly.example.org.'), 'REFUSED')
})

test(
  'what a stream shard counts is shown, and what it held is free once it is dead',
  LIMIT,
  async t => {
    const [dns, tls, http] = [await closedPort(), await closedPort(), await closedPort()]
    const both = block(`.:${dns} tls://.:${tls}`, `whoami\nprometheus 127.0.0.1:${http}`)
    const server = await served(t, both, { options: { streamWorkers: 1 } })
    const metric = async (series: string): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text()
      const line = text.split('\n').find(one => one.startsWith(`${series} `)) ?? `${series} -1`
      return Number(line.slice(series.length))
    }
    const requests = `coredns_dns_requests_total{family="1",proto="tcp",server="tls://127.0.0.1:${tls}",type="A",view="",zone="."}`
    for (let n = 0; n < 3; n++) assert.equal(await rcodeOver(tls), 'NOERROR')
    assert.equal(await metric(requests), 3)
    assert.equal(await metric('shardns_stream_shards'), 1)
    // Each holds the beginning of a message when the shard dies.
    const held = Array.from({ length: 20 }, () => connect(tls, '127.0.0.1'))
    for (const socket of held) {
      socket.on('error', () => {})
      socket.write(Buffer.concat([Buffer.of(0xff, 0xff), Buffer.alloc(5000)]))
    }
    const ofTcp = 'shardns_inflight_bytes{transport="tcp"}'
    while ((await metric(ofTcp)) < 20 * 5000);
    server.fault(FIRST, 'exit')
    await server.line(serves(FIRST), 2)
    // A lot or two may be drawn for what has just come.
    assert.ok((await metric(ofTcp)) <= 64 * 1024)
    assert.equal(await rcodeOver(tls), 'NOERROR')
    assert.equal(await metric(requests), 4)
    await reload(server, block(`.:${dns}`, `whoami\nprometheus 127.0.0.1:${http}`))
    assert.equal(await metric('shardns_stream_shards'), 1, 'it stays')
  },
)

for (const how of ['hang', 'heap'] as const)
  test(`one whose end is ${how} is replaced, and UDP hears nothing of it`, LIMIT, async t => {
    const { server, dns, tls } = await start(t, true, { options: { heapLimitBytes: 48 * MIB } })
    const client = await DnsClient.open(t, { port: dns, tries: 1, timeoutMs: 5000 })
    const end = async (): Promise<void> => {
      server.fault(FIRST, how)
      await server.line(/^\[ERROR\] shard 2 died/)
      await server.line(serves(FIRST), 2)
    }
    const tally = await client.load(nameOf, PER_SECOND, end())
    assert.deepEqual([tally.lost, tally.retries], [[], 0])
    assert.equal(server.count(/^\[ERROR\] shard 2 does not respond/), how === 'hang' ? 1 : 0)
    assert.equal(await rcodeOver(tls), 'NOERROR')
  })

test(
  'five deaths of stream shards in ten seconds end the process, as those of others',
  LIMIT,
  async t => {
    const { server } = await start(t, true, { options: { streamWorkers: 5 } })
    for (let shard = FIRST; shard < FIRST + 5; shard++) server.fault(shard, 'exit')
    assert.equal(await server.ended, 1)
    assert.equal(server.lines.at(-1), '[FATAL] shards keep dying: five deaths in ten seconds')
  },
)

test('dns:// and tls:// may have one port: the kernel splits its connections', {
  ...LIMIT,
  skip: withoutLibc,
}, async t => {
  const port = await closedPort()
  const corefile = block(`a.test:${port}`) + block(`tls://b.test:${port}`)
  const server = startServed(t, corefile, { options: { engine: 'mmsg', streamWorkers: 1 } })
  await server.line(/^shardns-/)
  const answers = new Set<string>()
  // The kernel gives each connection to one of three sockets.
  for (let n = 0; n < 50; n++)
    answers.add(`${await rcodeOver(port, 'a.test.')} ${await rcodeOver(port, 'b.test.')}`)
  const [udp] = await askUdp(port, [query('a.test.').bytes])
  assert.equal(show(udp!).rcode, 'NOERROR')
  assert.ok(answers.size > 1, [...answers].join())
})

test('what is under way over tls:// at SIGTERM is answered', LIMIT, async t => {
  const asked = Promise.withResolvers<Asked>()
  const upstream = await fakeUpstream(asked.resolve)
  t.after(() => upstream.close())
  const [dns, tls] = [await closedPort(), await closedPort()]
  const corefile = block(`.:${dns} tls://.:${tls}`, `forward . 127.0.0.1:${upstream.port}`)
  const server = await served(t, corefile, { options: { streamWorkers: 1 } })
  const answer = askTcp(tls, [query('a.test.').bytes])
  const question = await asked.promise
  server.signal('SIGTERM')
  await server.line(/^\[INFO\] SIGTERM/)
  question.reply({ answer: ['a.test. 30 IN A 192.0.2.1'] })
  assert.deepEqual(show((await answer)[0]!).answer, ['a.test. 30 IN A 192.0.2.1'])
  assert.equal(await server.ended, 0)
})

test('timeouts and maxtcpqueries of a block hold for its tls:// listener', LIMIT, async t => {
  const tls = await closedPort()
  const corefile = block(`tls://.:${tls}`, 'whoami\ntimeouts {\nmaxtcpqueries 2\nread 1s\n}')
  await served(t, corefile, { options: { workers: 1, streamWorkers: 1 } })
  const three = ['a.test.', 'b.test.', 'c.test.'].map(name => query(name).bytes)
  await assert.rejects(askTcp(tls, three), /closed: 2 of 3 answers/)
  const silent = connect(tls, '127.0.0.1')
  silent.resume()
  await once(silent, 'close')
})
