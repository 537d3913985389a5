// Shards die and hang under load: what clients see of it, and when the process gives up.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { MIB } from '../src/base/text/sizes.ts'
import { type Asked, closedPort, fakeUpstream } from './fakes/fake-upstream.ts'
import type { How } from './fakes/faulty-worker.ts'
import { withoutLibc } from './fakes/loopback.ts'
import { DnsClient } from './support/dns-client.ts'
import { isThorough } from './support/effort.ts'
import { show } from './support/messages.ts'
import { type Served, type ServedSetting, served } from './support/served.ts'

const DEATHS = isThorough ? 4 : 2
/** Five deaths in ten seconds would end the process. */
const SPACING_MS = isThorough ? 2700 : 0
const PER_SECOND = 200
const WAITING = 100

interface Started {
  readonly server: Served
  readonly port: number
}

/** Servers of tests that run side by side start one after the other. */
let lastStart: Promise<unknown> = Promise.resolve()

const start = (t: TestContext, setting: ServedSetting = {}): Promise<Started> => {
  const starting = lastStart.then(async () => {
    const port = await closedPort()
    const corefile = `.:${port} {\nbind 127.0.0.1\nwhoami\ncache 30\n}\n`
    return { server: await served(t, corefile, setting), port }
  })
  lastStart = starting.catch(() => undefined)
  return starting
}

const serves = (shard: number): RegExp => new RegExp(`^test: shard ${shard} serves$`)
const died = (shard: number): RegExp => new RegExp(`^\\[ERROR\\] shard ${shard} died`)
const nameOf = (n: number): string => `q${n % 100}.example.org.`

/** Makes shard after shard fail, never one before the last successor serves. */
const killInTurn = async (server: Served, how: How): Promise<void> => {
  for (let n = 0; n < DEATHS; n++) {
    const shard = n % 2
    const before = server.count(serves(shard))
    server.fault(shard, how)
    await server.line(died(shard), Math.floor(n / 2) + 1)
    const spacing = pause(n < DEATHS - 1 ? SPACING_MS : 0)
    await server.line(serves(shard), before + 1)
    await spacing
  }
}

describe('deaths under load cost no query that is asked once more', { timeout: 120_000 }, () => {
  for (const how of ['throw', 'exit'] as const)
    test(how, async t => {
      const { server, port } = await start(t)
      const client = await DnsClient.open(t, { port })
      const tally = await client.load(nameOf, PER_SECOND, killInTurn(server, how))
      t.diagnostic(`${tally.asked} asked, ${tally.retries} retries`)
      assert.deepEqual(tally.lost, [])
      assert.equal(server.count(/^\[ERROR\] shard \d died/), DEATHS)
      assert.ok(tally.asked > 20, `${tally.asked} asked`)
    })
})

// What ends these is the shard's own processor time, about a second of it. The second try may still
// meet it, and later ones where it has to share.
describe('deaths that take their time cost no query that is asked again and again', {
  timeout: 120_000,
}, () => {
  for (const how of ['heap', 'hang'] as const)
    test(how, async t => {
      const { server, port } = await start(t, { options: { heapLimitBytes: 48 * MIB } })
      const client = await DnsClient.open(t, { port, tries: 20 })
      const tally = await client.load(nameOf, PER_SECOND, killInTurn(server, how))
      t.diagnostic(`${tally.asked} asked, ${tally.retries} retries`)
      assert.deepEqual(tally.lost, [])
      assert.equal(server.count(/^\[ERROR\] shard \d died/), DEATHS)
      if (how === 'hang')
        assert.equal(server.count(/^\[ERROR\] shard \d does not respond: replacing it$/), DEATHS)
    })
})

test('a shard that hangs is replaced', { timeout: 60_000 }, async t => {
  const { server, port } = await start(t)
  const before = server.count(serves(1))
  server.fault(1, 'hang')
  await server.line(/^\[ERROR\] shard 1 does not respond: replacing it$/)
  await server.line(died(1))
  await server.line(serves(1), before + 1)
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 5000 })
  const replies = await Promise.all(Array.from({ length: 64 }, (_, n) => client.ask(nameOf(n))))
  assert.equal(replies.filter(reply => reply === undefined).length, 0)
})

test('the successor of a shard that dies while it loads is given what is in force', {
  timeout: 60_000,
}, async t => {
  const { server, port } = await start(t)
  const before = server.count(serves(0))
  server.fault(0, 'exit-at-load')
  await server.line(/^test: shard 0 is told to exit-at-load$/)
  server.writeCorefile(`.:${port} {\nbind 127.0.0.1\nwhoami\ncache 60\n}\n`)
  server.signal('SIGUSR1')
  await server.line(/^\[INFO\] Reloading complete$/)
  await server.line(serves(0), before + 1)
  assert.equal(server.count(died(0)), 1)
  assert.equal(server.count(/does not/), 0)
})

test('a shard that dies once the working folder is gone has a successor', {
  timeout: 60_000,
}, async t => {
  const { server, port } = await start(t)
  const before = server.count(serves(0))
  server.loseFolder()
  server.fault(0, 'exit')
  await server.line(
    /^\[WARNING\] the working folder is gone: relative paths begin at \/ from now on$/,
  )
  await server.line(serves(0), before + 1)
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 5000 })
  const replies = await Promise.all(Array.from({ length: 64 }, (_, n) => client.ask(nameOf(n))))
  assert.equal(replies.filter(reply => reply === undefined).length, 0)
})

test('a successor that is refused its thread is tried again, and no question is blamed for that', {
  timeout: 60_000,
  skip: withoutLibc,
}, async t => {
  const { server, port } = await start(t, { killLabel: 'deadly', options: { engine: 'mmsg' } })
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 20_000 })
  // The pool's package asks for one at once, and we for the next.
  server.refuseThreads(2)
  const deadly = client.ask('deadly.example.org.')
  await server.line(/^\[ERROR\] shard \d died: EAGAIN$/)
  await server.line(/^\[ERROR\] deadly\.example\.org\. has killed two shards: refused for /)
  assert.equal(server.count(/died while it handled deadly\.example\.org\.: /), 2)
  assert.equal(show((await deadly) ?? new Uint8Array()).rcode, 'REFUSED')
  const replies = await Promise.all(Array.from({ length: 64 }, (_, n) => client.ask(nameOf(n))))
  assert.equal(replies.filter(reply => reply === undefined).length, 0)
})

// All at once: on a busy machine five successors, one after the other, take longer than the ten
// seconds.
test('five deaths in ten seconds end the process', { timeout: 60_000 }, async t => {
  const { server } = await start(t, { options: { workers: 5 } })
  for (let shard = 0; shard < 5; shard++) server.fault(shard, 'exit')
  assert.equal(await server.ended, 1)
  assert.equal(server.lines.at(-1), '[FATAL] shards keep dying: five deaths in ten seconds')
})

test('a question that kills is asked again of the successor, and refused when it has killed that too', {
  timeout: 60_000,
  skip: withoutLibc,
}, async t => {
  const { server, port } = await start(t, { killLabel: 'deadly', options: { engine: 'mmsg' } })
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 20_000 })
  assert.equal(show((await client.ask('deadly.example.org.')) ?? new Uint8Array()).rcode, 'REFUSED')
  assert.equal(
    server.count(/^\[ERROR\] shard \d died while it handled deadly\.example\.org\.: /),
    2,
  )
  assert.equal(show((await client.ask('other.example.org.')) ?? new Uint8Array()).rcode, 'NOERROR')
  assert.equal(server.count(died(0)) + server.count(died(1)), 2)
})

test('node:dgram: a question that kills twice is refused, and only that one', {
  timeout: 60_000,
}, async t => {
  const { server, port } = await start(t, { killLabel: 'deadly', options: { engine: 'dgram' } })
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 1000 })
  for (let n = 1; n <= 2; n++) {
    const before = server.count(/^test: shard \d serves$/)
    const unanswered = client.ask('deadly.example.org.')
    await server.line(/^\[ERROR\] shard \d died while it handled deadly\.example\.org\.: /, n)
    await server.line(/^test: shard \d serves$/, before + 1)
    assert.equal(await unanswered, undefined)
  }
  await server.line(
    /^\[ERROR\] deadly\.example\.org\. has killed two shards: refused for 60 seconds$/,
  )
  for (let n = 0; n < 32; n++) {
    assert.equal(
      show((await client.ask('deadly.example.org.')) ?? new Uint8Array()).rcode,
      'REFUSED',
    )
    assert.equal(
      show((await client.ask('other.example.org.')) ?? new Uint8Array()).rcode,
      'NOERROR',
    )
  }
  assert.equal(server.count(died(0)) + server.count(died(1)), 2)
})

// It takes less time than a shard must have stood still for.
test('a question that fills the heap is refused when it has killed the successor, too', {
  timeout: 60_000,
  skip: withoutLibc,
}, async t => {
  const options = { engine: 'mmsg', heapLimitBytes: 48 * MIB } as const
  const { server, port } = await start(t, { killLabel: 'deadly', options })
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 30_000 })
  const name = 'heap-deadly.example.org.'
  assert.equal(show((await client.ask(name)) ?? new Uint8Array()).rcode, 'REFUSED')
  assert.equal(server.count(died(0)) + server.count(died(1)), 2)
  assert.equal(server.count(/^\[ERROR\] heap-deadly\.example\.org\. has killed two shards/), 1)
})

test('a question that kills while it waits is refused before deaths end the process', {
  timeout: 60_000,
}, async t => {
  const upstream = await fakeUpstream(() => {})
  t.after(() => upstream.close())
  const port = await closedPort()
  const corefile = `.:${port} {\nbind 127.0.0.1\nforward . 127.0.0.1:${upstream.port}\n}\n`
  const options = { engine: 'dgram', workers: 5 } as const
  const server = await served(t, corefile, { killLabel: 'deadly', options })
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 500 })
  const refused = /^\[ERROR\] wait-deadly\.example\.org\. was not answered when shards died/
  while (server.count(refused) === 0) await client.ask('wait-deadly.example.org.')
  assert.equal(server.count(/FATAL/), 0)
})

for (const engine of ['mmsg', 'dgram'] as const)
  test(`engine ${engine}: queries that wait for an upstream are taken up by the successor`, {
    timeout: 60_000,
    skip: engine === 'mmsg' && withoutLibc,
  }, async t => {
    const allAsked = Promise.withResolvers<void>()
    const upstream = await fakeUpstream(() => {
      if (upstream.asked.length === WAITING) allAsked.resolve()
    })
    t.after(() => upstream.close())
    const port = await closedPort()
    const corefile = `.:${port} {\nbind 127.0.0.1\ncache 30\nforward . 127.0.0.1:${upstream.port}\n}\n`
    const server = await served(t, corefile, { options: { engine } })
    const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 20_000 })
    const answers = Array.from({ length: WAITING }, (_, n) => client.ask(nameOf(n)))
    await allAsked.promise
    server.fault(0, 'exit')
    await server.line(died(0))
    const answer = (asked: Asked): void =>
      asked.reply({ answer: ['example.org. 30 IN A 192.0.2.1'] })
    upstream.respond = answer
    for (const asked of upstream.asked) answer(asked)
    const lost = (await Promise.all(answers)).filter(reply => reply === undefined)
    assert.equal(lost.length, 0)
    assert.ok(upstream.asked.length > WAITING, 'no query waited in the shard that died')
  })
