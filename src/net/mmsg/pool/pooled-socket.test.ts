// Which ports messages to an upstream leave from, with a kernel and a clock of the test's: how
// many, how often each, and for how long.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbers } from '../../../../test/fakes/loopback.ts'
import { SocketAllowance } from '../../../upstream/socket-allowance.ts'
import { makeInboundMemory } from '../inbound-layout.ts'
import { type Libc, Pinned } from '../libc.ts'
import { USES } from './pooled-socket.ts'
import { MmsgUdpPool } from './udp-pool.ts'

const FIRST_PORT = 32_768
const PORTS = 28_232
const UPSTREAM = { address: '192.0.2.53', port: 53, family: 4 } as const
const QUERY = new Uint8Array(40)

interface Open {
  readonly port: number
  readonly openedMs: number
  uses: number
}

/** A kernel that draws ports as Linux does: any that is free, from the whole range. */
class Kernel {
  nowMs = 1000
  readonly open = new Map<number, Open>()
  readonly usesByPort = new Map<number, number>()
  mostUsesOfSocket = 0
  longestUseMs = 0
  /** Descriptors that this process may have. */
  limit = Number.POSITIVE_INFINITY
  #errno = 0
  #lastFd = 2
  readonly #random = numbers(1)

  readonly libc = {
    pin: view => new Pinned(view, 0n),
    errno: () => this.#errno,
    socket: () => {
      if (this.open.size >= this.limit) {
        this.#errno = 24
        return -1
      }
      this.open.set(++this.#lastFd, {
        port: FIRST_PORT + this.#random(PORTS),
        openedMs: this.nowMs,
        uses: 0,
      })
      return this.#lastFd
    },
    setsockopt: () => 0,
    connect: () => 0,
    close: fd => (this.open.delete(fd) ? 0 : assert.fail(`descriptor ${fd} is closed twice`)),
    sendmmsg: (fd, _, count) => {
      const socket = this.open.get(fd) ?? assert.fail(`descriptor ${fd} is closed`)
      socket.uses += count
      this.usesByPort.set(socket.port, (this.usesByPort.get(socket.port) ?? 0) + count)
      this.mostUsesOfSocket = Math.max(this.mostUsesOfSocket, socket.uses)
      this.longestUseMs = Math.max(this.longestUseMs, this.nowMs - socket.openedMs)
      return count
    },
  } as Partial<Libc> as Libc
}

const pooledOf = (
  kernel: Kernel,
  sockets: SocketAllowance,
  words = new Int32Array(makeInboundMemory()),
) => {
  const clock = {
    tick: () => {},
    get ms() {
      return kernel.nowMs
    },
  }
  const pool = new MmsgUdpPool(kernel.libc, { clock, onWaiting: () => {}, words })
  const pooled = pool.open(UPSTREAM, '', {
    mayOpen: isNeeded => (isNeeded || sockets.isAmple) && sockets.tryOpen(),
    closed: () => sockets.closed(),
    received: () => {},
    refused: () => {},
    failed: () => {},
  })
  return { pooled, pool }
}

interface Load {
  readonly perSecond: number
  readonly seconds: number
  readonly replyMs: number
  readonly limit?: number
  readonly descriptors?: number
  /** Default: one, or more where there would be above 5,000 turns a second. */
  readonly perTurn?: number
}

/** Messages at a steady pace. */
const run = async ({ perSecond, seconds, replyMs, limit = 4096, descriptors, ...load }: Load) => {
  const kernel = new Kernel()
  kernel.limit = descriptors ?? kernel.limit
  const sockets = new SocketAllowance(limit)
  const { pooled } = pooledOf(kernel, sockets)
  const owed: { serial: number; atMs: number }[] = []
  const { perTurn = Math.max(1, Math.round(perSecond / 5000)) } = load
  let mostOpen = 0
  for (let sent = 0; sent < perSecond * seconds; sent += perTurn) {
    kernel.nowMs = 1000 + (sent * 1000) / perSecond
    while (owed.length > 0 && owed[0]!.atMs <= kernel.nowMs) pooled.settled(owed.shift()!.serial)
    for (let k = 0; k < perTurn; k++) {
      owed.push({ serial: pooled.choose(), atMs: kernel.nowMs + replyMs })
      pooled.send(QUERY, sent & 0xffff)
    }
    await undefined
    await undefined
    mostOpen = Math.max(mostOpen, kernel.open.size)
  }
  const uses = [...kernel.usesByPort.values()]
  return {
    kernel,
    sockets,
    pooled,
    owed,
    mostOpen,
    ports: uses.length,
    mostUses: Math.max(...uses),
  }
}

const LOADS: readonly { load: Load; ports: number; mostUses: number; mostOpen: number }[] = [
  { load: { perSecond: 200, seconds: 60, replyMs: 1 }, ports: 9500, mostUses: 10, mostOpen: 2 },
  { load: { perSecond: 200, seconds: 60, replyMs: 100 }, ports: 9500, mostUses: 10, mostOpen: 32 },
  {
    load: { perSecond: 200, seconds: 60, replyMs: 1, perTurn: 4 },
    ports: 9500,
    mostUses: 10,
    mostOpen: 4,
  },
  {
    load: { perSecond: 2000, seconds: 60, replyMs: 1, perTurn: 4 },
    ports: 16_384,
    mostUses: 64,
    mostOpen: 68,
  },
  { load: { perSecond: 2000, seconds: 60, replyMs: 1 }, ports: 16_384, mostUses: 64, mostOpen: 66 },
  {
    load: { perSecond: 2000, seconds: 60, replyMs: 100 },
    ports: 16_384,
    mostUses: 64,
    mostOpen: 200,
  },
]
for (const { load, ports, mostUses, mostOpen } of LOADS)
  test(`${load.perSecond} messages a second, ${load.perTurn ?? 1} at a time, answered after ${load.replyMs} ms: ports of a minute`, async () => {
    const seen = await run(load)
    assert.ok(seen.ports >= ports, `${seen.ports} ports`)
    assert.ok(seen.mostUses <= mostUses, `${seen.mostUses} messages from one port`)
    assert.ok(seen.mostOpen <= mostOpen, `${seen.mostOpen} sockets open at once`)
    assert.ok(seen.kernel.mostUsesOfSocket <= USES && seen.kernel.longestUseMs <= 1001)
  })

test('whatever the load, a socket is used for a second and for some messages at most', async () => {
  for (const load of [
    { perSecond: 20_000, seconds: 5, replyMs: 1 },
    { perSecond: 100_000, seconds: 2, replyMs: 20 },
  ]) {
    const { kernel, mostOpen } = await run(load)
    assert.ok(kernel.mostUsesOfSocket <= USES, `${kernel.mostUsesOfSocket} messages`)
    assert.ok(kernel.longestUseMs <= 1001, `${kernel.longestUseMs} ms`)
    assert.ok(
      mostOpen <= 64 + (load.perSecond * load.replyMs) / 1000 / USES + 64,
      `${mostOpen} sockets open`,
    )
  }
})

test('two messages in a row seldom share a port that is kept', async () => {
  const kernel = new Kernel()
  const { pooled } = pooledOf(kernel, new SocketAllowance(4096))
  let shared = 0
  let before = -1
  for (let sent = 0; sent < 20_000; sent++) {
    kernel.nowMs += 0.5
    const serial = pooled.choose()
    pooled.send(QUERY, sent & 0xffff)
    await undefined
    await undefined
    pooled.settled(serial)
    if (serial === before) shared++
    before = serial
  }
  assert.ok(shared < 20_000 / 20, `${shared} times`)
})

for (const { scarce, load, ports } of [
  {
    scarce: 'allowed sockets',
    load: { perSecond: 2000, seconds: 5, replyMs: 200, limit: 8 },
    ports: 12,
  },
  {
    scarce: 'descriptors',
    load: { perSecond: 2000, seconds: 5, replyMs: 200, descriptors: 8 },
    ports: 12,
  },
])
  test(`too few ${scarce}: ports are used more often, and every message leaves`, async () => {
    const { kernel, mostOpen, sockets, pooled } = await run(load)
    assert.equal(
      [...kernel.usesByPort.values()].reduce((sum, uses) => sum + uses),
      10_000,
    )
    assert.ok(mostOpen <= 8, `${mostOpen} sockets`)
    assert.ok(kernel.usesByPort.size >= ports, `${kernel.usesByPort.size} ports`)
    pooled.close()
    await undefined
    await undefined
    assert.deepEqual([sockets.open, kernel.open.size], [0, 0])
  })

test('none at all is an error with a code', () => {
  const { pooled } = pooledOf(new Kernel(), new SocketAllowance(0))
  assert.throws(() => pooled.choose(), { code: 'NO_SOCKETS' })
})

test('what a shard had open when it died is closed by its successor, and nothing else', async () => {
  const kernel = new Kernel()
  const words = new Int32Array(makeInboundMemory())
  const first = pooledOf(kernel, new SocketAllowance(64), words)
  const serials: number[] = []
  for (let n = 0; n < 20; n++) {
    serials.push(first.pooled.choose())
    first.pooled.send(QUERY, n)
    await undefined
    await undefined
  }
  const other = kernel.libc.socket(0, 0, 0)
  for (const serial of serials.slice(0, 5)) first.pooled.settled(serial)
  await undefined
  await undefined
  assert.equal(kernel.open.size, 16)
  const second = pooledOf(kernel, new SocketAllowance(64), words)
  assert.deepEqual([...kernel.open.keys()], [other])
  second.pooled.choose()
  pooledOf(kernel, new SocketAllowance(64), words)
  assert.deepEqual([...kernel.open.keys()], [other])
})
