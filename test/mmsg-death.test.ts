// Shards that die at the worst moments, and reloads, under a load that never asks twice: sockets
// and batches outlive shards, so nothing is lost.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutLibc } from './fakes/loopback.ts'
import { loadUntil, withoutLoad } from './support/dnsperf.ts'
import { startEngineServer } from './support/engine-server.ts'
import type { EngineFault } from './support/engine-worker.ts'
import { query } from './support/messages.ts'
import { askUdp } from './support/raw-client.ts'
import { freePorts } from './support/server-process.ts'

const LIMIT = { skip: withoutLibc || withoutLoad(), timeout: 40_000 }
const HOSTS = Array.from({ length: 100 }, (_, n) => `192.0.2.${n + 1} h${n}.example.org`)
const NAMES = HOSTS.map(line => line.slice(line.indexOf(' ') + 1))

const corefile = (port: number, cacheSeconds = 3600): string =>
  `example.org:${port} {\n bind 127.0.0.1\n cache ${cacheSeconds}\n hosts /dev/null {\n  ${HOSTS.join('\n  ')}\n }\n}\n`

/**
 * Brings all names into the cache: an answer that is being made when its shard dies dies with it,
 * one from the cache does not.
 */
const warmUp = async (port: number): Promise<void> => {
  await askUdp(
    port,
    NAMES.map((name, id) => query(name, 'A', { id }).bytes),
    NAMES.length,
  )
}

/** Four: a fifth within ten seconds would end the process. */
const DEATHS: readonly (readonly [shard: number, fault: EngineFault])[] = [
  [0, 'before-send'],
  [1, 'within-send'],
  [0, 'hang'],
  [1, 'exit'],
]

test('shards that die within a batch, before it and in a hang lose no query', LIMIT, async t => {
  const [port = 0] = await freePorts(1)
  const server = await startEngineServer(t, corefile(port), DEATHS)
  await warmUp(port)
  const killInTurn = async (): Promise<void> => {
    for (const [n, [shard]] of DEATHS.entries()) {
      const serves = new RegExp(`^test: shard ${shard} serves$`)
      const before = server.count(serves)
      server.fail()
      await server.line(new RegExp(`^\\[ERROR\\] shard ${shard} died.*$`), Math.floor(n / 2) + 1)
      await server.line(serves, before + 1)
    }
  }
  // A hang is noticed when the thread has used up a second, which takes several where the machine
  // is busy.
  const setting = { port, names: NAMES, perSecond: 20_000, seconds: 5, patienceSeconds: 20 }
  const { completed, lost, report } = await loadUntil(t, setting, killInTurn())
  t.diagnostic(`${completed} answered`)
  assert.equal(lost, 0, report)
  assert.ok(completed > 10_000, report)
  // A shard that only waits for its turn, on a machine that others keep busy, is none of them.
  assert.equal(server.count(/^\[ERROR\] shard \d died/), DEATHS.length, server.process.out)
  assert.equal(
    server.count(/^\[ERROR\] shard \d does not respond: replacing it$/),
    1,
    server.process.out,
  )
})

test('twenty reloads lose no query', LIMIT, async t => {
  const [port = 0] = await freePorts(1)
  const server = await startEngineServer(t, corefile(port))
  const reloads = async (): Promise<void> => {
    for (let n = 0; n < 20; n++) await server.reload(corefile(port, 3600 + (n % 2)))
  }
  const { completed, lost, report } = await loadUntil(
    t,
    { port, names: NAMES, perSecond: 5000, seconds: 3 },
    reloads(),
  )
  t.diagnostic(`${completed} answered`)
  assert.equal(lost, 0, report)
  assert.ok(completed > 5000, report)
  assert.equal(server.count(/Restart failed|panic|engine mmsg failed/), 0, server.process.out)
})
