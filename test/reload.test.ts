// Reloads by signal under load: no query is lost on its first try, and a Corefile that cannot be
// served changes nothing.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { closedPort } from './fakes/fake-upstream.ts'
import { DnsClient } from './support/dns-client.ts'
import { show } from './support/messages.ts'
import { type Served, served } from './support/served.ts'

const RELOADS = 30
const SPACING_MS = 100
const PER_SECOND = 500
const COMPLETE = /^\[INFO\] Reloading complete$/
const FAILED = /^\[ERROR\] Restart failed: /

const nameOf = (n: number): string => `q${n % 100}.example.org.`
const block = (port: number, cacheSeconds = 30): string =>
  `.:${port} {\nbind 127.0.0.1\nwhoami\ncache ${cacheSeconds}\n}\n`

/** Patient rather than persistent: one try of five seconds. */
const firstTry = (t: TestContext, port: number): Promise<DnsClient> =>
  DnsClient.open(t, { port, tries: 1, timeoutMs: 5000 })

const reload = async (
  server: Served,
  corefile: string,
  outcome: RegExp = COMPLETE,
): Promise<string> => {
  const before = server.count(outcome)
  server.writeCorefile(corefile)
  server.signal('SIGUSR1')
  return server.line(outcome, before + 1)
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

test('thirty reloads under load lose no query', { timeout: 90_000 }, async t => {
  const port = await closedPort()
  const server = await served(t, block(port))
  const client = await firstTry(t, port)
  const reloads = async (): Promise<void> => {
    for (let n = 0; n < RELOADS; n++) {
      const spacing = pause(SPACING_MS)
      await reload(server, block(port, 30 + (n % 2)))
      await spacing
    }
  }
  const tally = await client.load(nameOf, PER_SECOND, reloads())
  t.diagnostic(`${tally.asked} asked`)
  assert.deepEqual(tally.lost, [])
  assert.deepEqual([server.count(COMPLETE), server.count(FAILED)], [RELOADS, 0])
  assert.ok(tally.asked > 500, `${tally.asked} asked`)
  server.signal('SIGTERM')
  assert.equal(await server.ended, 0)
})

test('signals that come faster than reloads are served lose no query either', {
  timeout: 90_000,
}, async t => {
  const port = await closedPort()
  const server = await served(t, block(port))
  const client = await firstTry(t, port)
  const burst = async (): Promise<void> => {
    // The kernel merges pending signals, so only the first and the last are sure to be seen.
    for (let n = 0; n < RELOADS; n++) server.signal('SIGUSR1')
    await reload(server, block(port, 40))
    await server.line(COMPLETE, server.count(/SIGUSR1: Reloading$/))
  }
  const tally = await client.load(nameOf, PER_SECOND, burst())
  assert.deepEqual(tally.lost, [])
  assert.equal(server.count(FAILED), 0)
})

// Empty, it would mean the built-in one, at another port.
test('a Corefile that is being written is waited for, and no query is lost', {
  timeout: 60_000,
}, async t => {
  const port = await closedPort()
  const server = await served(t, block(port))
  const client = await firstTry(t, port)
  const write = async (): Promise<void> => {
    server.writeCorefile('')
    server.signal('SIGUSR1')
    await server.line(/^\[INFO\] Reloading$/)
    server.writeCorefile(block(port, 40))
    await server.line(COMPLETE)
    assert.notEqual(await client.ask('after.example.org.'), undefined)
  }
  assert.deepEqual((await client.load(nameOf, PER_SECOND, write())).lost, [])
  assert.equal(server.count(FAILED), 0)
})

const BAD: Readonly<
  Record<string, (port: number) => readonly [corefile: string, failure: RegExp]>
> = {
  'a syntax error': port => [`.:${port} {\nwhoami\n`, /Restart failed: .*Syntax error: /],
  'an unknown directive': port => [
    `.:${port} {\nwhoam\n}\n`,
    /Restart failed: .*Unknown directive 'whoam'/,
  ],
  'bad options of a plugin': port => [
    `.:${port} {\ncache -1\n}\n`,
    /Restart failed: .*plugin\/cache/,
  ],
  'an address that is not ours': port => [
    `.:${port} {\nbind 192.0.2.1\nwhoami\n}\n`,
    /Restart failed: Listen: listen tcp/,
  ],
}

test('a Corefile that cannot be served changes nothing', { timeout: 60_000 }, async t => {
  const port = await closedPort()
  const server = await served(t, block(port))
  const client = await firstTry(t, port)
  const reloads = async (): Promise<void> => {
    for (const bad of Object.values(BAD)) {
      const [corefile, failure] = bad(port)
      assert.match(await reload(server, corefile, FAILED), failure)
      assert.notEqual(await client.ask('after.example.org.'), undefined)
    }
  }
  assert.deepEqual((await client.load(nameOf, PER_SECOND, reloads())).lost, [])
  assert.equal(server.count(COMPLETE), 0)
  await reload(server, block(port))
})

test('a reload opens new listeners and closes those that are gone', {
  timeout: 60_000,
}, async t => {
  const [kept, old, fresh] = [await closedPort(), await closedPort(), await closedPort()]
  const server = await served(t, block(kept) + block(old))
  const client = await firstTry(t, kept)
  assert.notEqual(await (await firstTry(t, old)).ask('old.example.org.'), undefined)
  assert.equal(await isOpen(fresh), false)
  const move = async (): Promise<void> => {
    await reload(server, block(kept) + block(fresh))
    // The reload is complete before the sockets of the listener are gone; the test's own limit
    // bounds this.
    while (await isOpen(old)) await new Promise(setImmediate)
  }
  assert.deepEqual((await client.load(nameOf, PER_SECOND, move())).lost, [])
  assert.notEqual(await (await firstTry(t, fresh)).ask('new.example.org.'), undefined)
  const gone = await DnsClient.open(t, { port: old, tries: 1, timeoutMs: 200 })
  assert.equal(await gone.ask('old.example.org.'), undefined)
})

test('rules that a reload has changed are not hidden by what a cache holds', {
  timeout: 60_000,
}, async t => {
  const port = await closedPort()
  const rule = (address: string): string =>
    `.:${port} {\nbind 127.0.0.1\ncache 300\ntemplate IN A {\nanswer "{{ .Name }} 300 IN A ${address}"\n}\n}\n`
  const server = await served(t, rule('192.0.2.1'))
  const client = await firstTry(t, port)
  const address = async (): Promise<string | undefined> => {
    const bytes = await client.ask('a.example.org.')
    return bytes && show(bytes).answer[0]?.split(' ').at(-1)
  }
  assert.equal(await address(), '192.0.2.1')
  for (const next of ['192.0.2.2', '192.0.2.3']) {
    await reload(server, rule(next))
    assert.equal(await address(), next)
  }
})
