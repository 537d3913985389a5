// Shards that are slow, stopped or busy, on real threads: they stay. What is judged, and by what,
// stands in src/process/shards/heart-watch.test.ts.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DnsClient } from './support/dns-client.ts'
import { show } from './support/messages.ts'
import { type Served, type ServedSetting, served } from './support/served.ts'
import { freePorts } from './support/server-process.ts'

const LIMIT = { timeout: 60_000 }
const STOP_MS = 3000
const PERIOD_MS = 100
/** Of each period, as with a quota of a tenth of a processor. */
const RUN_MS = 10
const PERIODS = 60

const start = async (t: TestContext, setting: ServedSetting = {}) => {
  const [port = 0, metricsPort = 0] = await freePorts(2)
  const corefile = `.:${port} {\nbind 127.0.0.1\nprometheus 127.0.0.1:${metricsPort}\nwhoami\ncache 30\n}\n`
  const server = await served(t, corefile, setting)
  const metric = async (series: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    const line =
      text.split('\n').find(one => one.startsWith(`${series} `)) ?? assert.fail(`no ${series}`)
    return Number(line.slice(series.length))
  }
  return { server, port, metric }
}

/** Every shard answers: 64 questions from as many ports reach all of them. */
const assertServes = async (t: TestContext, server: Served, port: number): Promise<void> => {
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 20_000 })
  const replies = await Promise.all(
    Array.from({ length: 64 }, (_, n) => client.ask(`q${n}.example.org.`)),
  )
  assert.equal(replies.filter(reply => reply === undefined).length, 0)
  assert.equal(server.count(/died|does not|refused for/), 0, server.lines.join('\n'))
}

for (const how of ['work', 'wait'] as const)
  test(
    `shards that ${how} for seconds and do not come round to their event loops are not replaced`,
    LIMIT,
    async t => {
      const { server, port } = await start(t)
      for (const shard of [0, 1]) {
        server.fault(shard, how)
        await server.line(new RegExp(`^test: shard ${shard} is told to ${how}$`))
      }
      await assertServes(t, server, port)
    },
  )

test('a process that is stopped for seconds keeps its shards', {
  ...LIMIT,
  skip: process.platform === 'win32',
}, async t => {
  const { server, port, metric } = await start(t)
  server.signal('SIGSTOP')
  await pause(STOP_MS)
  server.signal('SIGCONT')
  await assertServes(t, server, port)
  assert.notEqual(await metric('shardns_late_looks_total'), 0)
})

test('a process that runs a tenth of the time keeps its shards', {
  ...LIMIT,
  skip: process.platform === 'win32',
}, async t => {
  const { server, port } = await start(t, { options: { workers: 4 } })
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 1 })
  for (let n = 0; n < PERIODS; n++) {
    server.signal('SIGSTOP')
    await pause(PERIOD_MS - RUN_MS)
    server.signal('SIGCONT')
    // Something to do, whatever becomes of the answer.
    await Promise.all([client.ask(`p${n}.example.org.`), pause(RUN_MS)])
  }
  await assertServes(t, server, port)
})

test(
  'a question that a shard hangs at is refused when it has hung two, and only that one',
  LIMIT,
  async t => {
    const { server, port, metric } = await start(t, {
      killLabel: 'deadly',
      options: { engine: 'dgram' },
    })
    const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 1000 })
    for (let n = 1; n <= 2; n++) {
      const before = server.count(/^test: shard \d serves$/)
      const unanswered = client.ask('hang-deadly.example.org.')
      await server.line(
        /^\[ERROR\] shard \d died while it handled hang-deadly\.example\.org\.: /,
        n,
      )
      await server.line(/^test: shard \d serves$/, before + 1)
      assert.equal(await unanswered, undefined)
    }
    await server.line(
      /^\[ERROR\] hang-deadly\.example\.org\. has killed two shards: refused for 60 seconds$/,
    )
    assert.equal(await metric('shardns_questions_refused_total'), 1)
    for (let n = 0; n < 8; n++) {
      assert.equal(
        show((await client.ask('hang-deadly.example.org.')) ?? new Uint8Array()).rcode,
        'REFUSED',
      )
      assert.equal(
        show((await client.ask('other.example.org.')) ?? new Uint8Array()).rcode,
        'NOERROR',
      )
    }
  },
)

test('one that hangs between two questions takes none with it', LIMIT, async t => {
  const { server, port, metric } = await start(t)
  const client = await DnsClient.open(t, { port, tries: 20, timeoutMs: 1000 })
  for (let n = 1; n <= 2; n++) {
    const before = server.count(/^test: shard 0 serves$/)
    server.fault(0, 'hang')
    const asked = Array.from({ length: 16 }, () => client.ask('other.example.org.'))
    await server.line(/^\[ERROR\] shard 0 does not respond: replacing it$/, n)
    await server.line(/^\[ERROR\] shard 0 died: /, n)
    await server.line(/^test: shard 0 serves$/, before + 1)
    for (const reply of await Promise.all(asked))
      assert.equal(show(reply ?? new Uint8Array()).rcode, 'NOERROR')
  }
  assert.equal(server.count(/refused for/), 0)
  assert.equal(await metric('shardns_shard_replaced_total{reason="hang"}'), 2)
  assert.equal(await metric('shardns_questions_refused_total'), 0)
})
