// When the mmsg engine fails at run time, node:dgram takes over the same sockets: once, with one
// line in the log, and without a query lost.

import assert from 'node:assert/strict'
import type { Socket } from 'node:dgram'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { CacheKey } from '../src/cache/key.ts'
import { FastQuery } from '../src/chain/query/fast-query.ts'
import type { Peer } from '../src/chain/query/query.ts'
import type { ShardCounts } from '../src/metrics/shard-counts.ts'
import type { OpenListener } from '../src/net/engine.ts'
import { makeInboundMemory } from '../src/net/mmsg/inbound-layout.ts'
import type { Libc } from '../src/net/mmsg/libc.ts'
import type { BootMessage, ListenerMessage } from '../src/shard/messages.ts'
import { UdpEngine } from '../src/shard/udp-engine.ts'
import { askFor, replyTo, ScriptedReceiver } from './fakes/engine.ts'
import {
  connected,
  openDescriptors,
  openGroup,
  realLibc,
  withoutIpv6,
  withoutLibc,
} from './fakes/loopback.ts'
import { startLoad, withoutLoad } from './support/dnsperf.ts'
import { startEngineServer } from './support/engine-server.ts'
import { query } from './support/messages.ts'
import { askUdp } from './support/raw-client.ts'
import { type Cleanup, freePorts } from './support/server-process.ts'

const LIMIT = { skip: withoutLibc, timeout: 20_000 }
const EBADF = 9

interface Engine {
  readonly udp: UdpEngine
  readonly log: string[]
  readonly fallbacks: string[]
  /** From here on nothing can be received in batches. */
  breakDown(): void
}

const makeUdpEngine = (): Engine => {
  const libc = realLibc()
  let isBroken = false
  const failing: Libc = {
    ...libc,
    recvmmsg: (...what) => (isBroken ? -1 : libc.recvmmsg(...what)),
    errno: () => (isBroken ? EBADF : libc.errno()),
  }
  const log: string[] = []
  const fallbacks: string[] = []
  const write = (text: string): void => void log.push(text)
  const boot = {
    shard: 0,
    engine: 'mmsg',
    inbound: makeInboundMemory(),
    recvBufferBytes: 1 << 20,
    canReusePort: true,
  }
  const udp = new UdpEngine({
    boot: boot as unknown as BootMessage,
    query: new FastQuery(new CacheKey([1, 2])),
    counts: { full: () => {}, refused: () => {}, batch: () => {} } as unknown as ShardCounts,
    log: { debug: write, info: write, warning: write, error: write },
    onFallback: reason => void fallbacks.push(reason),
    libc: failing,
  })
  return { udp, log, fallbacks, breakDown: () => void (isBroken = true) }
}

interface Opened {
  readonly listener: OpenListener
  readonly receiver: ScriptedReceiver
  readonly port: number
}

/** A listener of the engine on sockets of its own; not started. */
const openOn = async (t: Cleanup, { udp }: Engine, address: string): Promise<Opened> => {
  const { group, port } = await openGroup(t, address, 1)
  const receiver = new ScriptedReceiver()
  const message = {
    index: 0,
    label: '',
    address,
    port,
    tcpLimits: receiver.tcpLimits,
    ...receiver.serving,
    udp: group,
  } satisfies ListenerMessage
  return { listener: await udp.open(message, receiver), receiver, port }
}

/** Sends one query; the reply as it comes. */
const ask = async (
  t: Cleanup,
  address: string,
  port: number,
  query: Uint8Array,
): Promise<string> => {
  const client = await connected(t, address, port)
  const { promise, resolve } = Promise.withResolvers<Uint8Array>()
  client.once('message', resolve)
  client.send(query)
  return Uint8Array.from(await promise).toHex()
}

for (const [address, to] of [
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['', '127.0.0.1'],
  ['', '::1'],
] as const)
  test(`listening on ${address || 'all addresses'}, queries to ${to} are answered before and after the failure`, {
    ...LIMIT,
    skip: withoutLibc || (address === '127.0.0.1' ? false : withoutIpv6),
  }, async t => {
    // Hooks run in the order in which they were registered: the listener closes before its
    // descriptor does.
    const closing: (() => void | Promise<void>)[] = []
    t.after(async () => {
      for (const close of closing) await close()
    })
    const engine = makeUdpEngine()
    closing.push(() => opened.listener.close(0))
    const opened = await openOn({ after: run => void closing.push(run) }, engine, address)
    opened.listener.start?.()
    const check = async (id: number): Promise<void> => {
      for (const way of ['fast', 'sync', 'async'] as const)
        assert.equal(
          await ask(t, to, opened.port, askFor(way, id)),
          replyTo(askFor(way, id)).toHex(),
        )
    }
    await check(1)
    assert.deepEqual(engine.log, [])
    engine.breakDown()
    await check(2)
    await check(3)
    assert.deepEqual(engine.log, ['engine mmsg failed (recvmmsg: errno 9): node:dgram takes over'])
    assert.deepEqual(engine.fallbacks, ['recvmmsg: errno 9'])
    for (const { client, local } of opened.receiver.slow) {
      const expected: Partial<Peer> = { address: to, family: to === '::1' ? 6 : 4 }
      assert.deepEqual({ address: client.address, family: client.family }, expected)
      assert.equal(local.port, opened.port)
    }
  })

/** As clients are, which are closed by themselves. */
const isConnected = (socket: Socket): boolean => {
  try {
    return socket.remoteAddress() !== undefined
  } catch {
    return false
  }
}

/** Closes at the end what a defect leaves open: it would keep this process alive. */
const closeLeftovers = (t: Cleanup): void => {
  const made: Socket[] = []
  const note = (message: unknown): void => void made.push((message as { socket: Socket }).socket)
  subscribe('udp.socket', note)
  t.after(() => {
    unsubscribe('udp.socket', note)
    for (const socket of made) {
      try {
        if (!isConnected(socket)) socket.close()
      } catch {}
    }
  })
}

test(
  'all listeners are taken over, those that start later too, and each is closed once',
  LIMIT,
  async t => {
    closeLeftovers(t)
    const engine = makeUdpEngine()
    const sockets: (() => void | Promise<void>)[] = []
    const collect: Cleanup = { after: run => void sockets.push(run) }
    const before = openDescriptors()
    const opened: Opened[] = []
    for (let n = 0; n < 3; n++) opened.push(await openOn(collect, engine, '127.0.0.1'))
    const [first, second, late] = opened as [Opened, Opened, Opened]
    first.listener.start?.()
    second.listener.start?.()
    engine.breakDown()
    const asked = [
      await ask(t, '127.0.0.1', first.port, askFor('fast', 1)),
      await ask(t, '127.0.0.1', second.port, askFor('sync', 2)),
    ]
    late.listener.start?.()
    asked.push(await ask(t, '127.0.0.1', late.port, askFor('fast', 3)))
    const never = await openOn(collect, engine, '127.0.0.1')
    for (const { listener } of [...opened, never]) await listener.close(0)
    for (const close of sockets) await close()
    assert.equal(openDescriptors(), before + asked.length)
    assert.deepEqual([engine.fallbacks.length, engine.log.length], [1, 1])
  },
)

const block = (port: number): string =>
  `example.org:${port} {\n bind 127.0.0.1\n cache 60\n whoami\n}\n`
const FAILED = /^\[ERROR\] engine mmsg failed \(recvmmsg: errno 9\): node:dgram takes over$/

test('a server whose shard falls back goes on: no query lost, reloads, shards that die', {
  skip: withoutLibc || withoutLoad(),
  timeout: 40_000,
}, async t => {
  const [port = 0, second = 0] = await freePorts(2)
  const faults = [
    [0, 'receive'],
    [0, 'exit'],
  ] as const
  const server = await startEngineServer(t, block(port), faults)
  const load = startLoad(t, {
    port,
    names: ['a.example.org', 'b.example.org'],
    perSecond: 5000,
    seconds: 3,
  })
  server.fail()
  await server.line(FAILED)
  await server.reload(block(port) + block(second))
  // Several clients: both shards are asked.
  for (let id = 0; id < 10; id++) await askUdp(second, [query('c.example.org.', 'A', { id }).bytes])
  await server.reload(block(port))
  assert.equal(load.isOver, false, 'the load ended before the last reload')
  const { lost, report } = await load.result
  assert.equal(lost, 0, report)
  // Its successor has an engine of its own, on the same sockets.
  const serves = server.count(/^test: shard 0 serves$/)
  server.fail()
  await server.line(/^test: shard 0 serves$/, serves + 1)
  for (let id = 0; id < 10; id++) await askUdp(port, [query('d.example.org.', 'A', { id }).bytes])
  assert.equal(server.count(FAILED), 1)
})

test('metrics say by which engine each shard receives, also after the one that fell back has been replaced', {
  ...LIMIT,
  timeout: 30_000,
}, async t => {
  const [port = 0, metrics = 0] = await freePorts(2)
  const prometheus = `example.com:${port} {\n bind 127.0.0.1\n prometheus 127.0.0.1:${metrics}\n whoami\n}\n`
  const faults = [
    [0, 'receive'],
    [0, 'exit'],
  ] as const
  const server = await startEngineServer(t, prometheus, faults)
  const shards = async (): Promise<Record<string, number>> => {
    const scrape = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
    const lines = [...scrape.matchAll(/^shardns_shards\{engine="(\w+)",.*\} (\d+)$/gm)]
    return Object.fromEntries(
      lines
        .map(([, engine = '', count]) => [engine, Number(count)])
        .filter(([, count]) => count !== 0),
    )
  }
  assert.deepEqual(await shards(), { mmsg: 2 })
  server.fail()
  // Whatever shard it goes to, the query wakes that one; the failure shows when shard 0 next
  // receives.
  for (let id = 0; server.count(FAILED) === 0; id++)
    await askUdp(port, [query('a.example.com.', 'A', { id: id & 0xffff }).bytes])
  assert.deepEqual(await shards(), { dgram: 1, mmsg: 1 })
  const serves = server.count(/^test: shard 0 serves$/)
  server.fail()
  await server.line(/^test: shard 0 serves$/, serves + 1)
  assert.deepEqual(await shards(), { mmsg: 2 })
})
