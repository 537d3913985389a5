import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../base/time/clock.ts'
import { ByteBudget, budgetWords, STREAM } from '../../memory/byte-budget.ts'
import { peerOf } from '../engine.ts'
import { type CutReason, STREAM_SHARD_TABLE, type TableEntry, TcpRoom } from './room.ts'

const MIB = 1024 * 1024

interface FakeEntry extends TableEntry {
  isIdle: boolean
  isStuck: boolean
  progressMs: number
  heldBytes: number
  readonly name: string
}

const make = (limit: number) => {
  let nowMs = 0
  const clock: Clock = { ms: () => nowMs, seconds: () => 0, wallMs: () => 0 }
  const log: string[] = []
  const counts = {
    connected: () => {},
    stalled: () => log.push('stalled'),
    cut: (reason: CutReason) => log.push(reason),
    handshake: () => {},
  }
  const budget = new ByteBudget(new Int32Array(budgetWords(1)), 0, 1, 0, 16 * MIB)
  const room = new TcpRoom(limit, budget, clock, counts)
  const enter = (name: string, address = '192.0.2.1'): FakeEntry => {
    const entry: FakeEntry = {
      name,
      client: room.clients.join(peerOf(address, 1)),
      isIdle: true,
      isStuck: false,
      progressMs: nowMs,
      heldBytes: 0,
      wantsTurn: false,
      get mayGoOn() {
        return room.mayHoldMore(entry)
      },
      takeTurn: () => 1,
      retry: () => log.push(`${name} retries`),
      cut: () => {
        log.push(`${name} cut`)
        room.hold(entry, -entry.heldBytes)
        entry.heldBytes = 0
        room.leave(entry)
      },
    }
    room.admit(entry)
    return entry
  }
  const hold = (entry: FakeEntry, bytes: number) => {
    room.hold(entry, bytes)
    entry.heldBytes += bytes
  }
  const setIdle = (entry: FakeEntry, isIdle: boolean): void => {
    entry.isIdle = isIdle
    room.noteIdle(entry)
  }
  return { room, enter, hold, setIdle, log, pass: (ms: number) => (nowMs += ms) }
}

test('a full table closes what has been idle for longest, never the newcomer', () => {
  const { room, enter, setIdle, log } = make(3)
  const [a] = ['a', 'b', 'c'].map(name => enter(name))
  setIdle(a!, false)
  setIdle(a!, true)
  enter('d')
  assert.deepEqual(log, ['room', 'b cut'])
  enter('e')
  assert.deepEqual(log.slice(2), ['room', 'c cut'])
  enter('f')
  assert.deepEqual(log.slice(4), ['room', 'a cut'])
  assert.equal(room.connections, 3)
})

test('what has questions under way is passed over, unless nothing is idle', () => {
  const { enter, setIdle, log } = make(2)
  const busy = enter('busy')
  const other = enter('other')
  setIdle(busy, false)
  setIdle(enter('third'), false)
  assert.deepEqual(log, ['room', 'other cut'])
  enter('fourth')
  assert.deepEqual(log.slice(2), ['room', 'busy cut'])
  assert.equal(other.heldBytes, 0)
})

test('the one idle connection is found behind a hundred busy ones', () => {
  const { enter, setIdle, log } = make(101)
  for (let n = 0; n < 100; n++) setIdle(enter(`busy ${n}`), false)
  enter('idle')
  enter('newcomer')
  assert.deepEqual(log, ['room', 'idle cut'])
})

test('who waits for room is asked again once others have given some back', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { room, enter, hold, log } = make(10)
  const [greedy, second] = [enter('greedy'), enter('second', '192.0.2.2')]
  hold(greedy, 13 * MIB)
  room.stall(second)
  room.stall(second)
  t.mock.timers.tick(100)
  assert.deepEqual(log, ['stalled'])
  hold(greedy, -10 * MIB)
  t.mock.timers.tick(10)
  assert.deepEqual(log, ['stalled', 'second retries'])
  t.mock.timers.tick(1000)
  assert.deepEqual(log, ['stalled', 'second retries'])
})

test('once all is spent, what holds bytes and has been stuck for half a second is cut', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { room, enter, hold, log, pass } = make(10)
  const [unread, busy, waiting] = [enter('unread'), enter('busy'), enter('waiting', '192.0.2.2')]
  unread.isStuck = true
  hold(unread, 12 * MIB)
  hold(busy, 1000)
  room.stall(waiting)
  t.mock.timers.tick(10)
  assert.deepEqual(log, ['stalled'])
  pass(501)
  t.mock.timers.tick(10)
  assert.deepEqual(log, ['stalled', 'budget', 'unread cut', 'waiting retries'])
  assert.equal(room.budget.used(STREAM), 1000)
})

test('what takes the place of another is no newcomer, and costs nobody his place', () => {
  const { room, enter, log } = make(2)
  const [a, b] = [enter('a'), enter('b')]
  room.leave(b)
  room.replace(a, b)
  assert.deepEqual([room.connections, log], [1, []])
  enter('c')
  enter('d')
  assert.deepEqual(log, ['room', 'b cut'])
})

test('of some connections the one that has been idle longest is closed, and only if one is', () => {
  const { room, enter, setIdle, log } = make(10)
  const [, b, c] = ['a', 'b', 'c'].map(name => enter(name))
  assert.equal(room.closeIdle(new Set([c!, b!])), b)
  assert.deepEqual(log, ['room', 'b cut'])
  setIdle(c!, false)
  assert.equal(room.closeIdle(new Set([c!])), undefined)
  assert.equal(room.connections, 2)
})

const tables: [shards: number, sharers: number, size: typeof STREAM_SHARD_TABLE | undefined][] = [
  [3, 2, undefined],
  [3, 1, STREAM_SHARD_TABLE],
]
for (const [shards, sharers, size] of tables)
  test(`a table of ${sharers} in ${shards} shards is full at ${size === undefined ? 'a quarter' : 'half'} of the budget`, () => {
    const words = new Int32Array(budgetWords(shards))
    const budget = new ByteBudget(words, 0, shards, 0, 16 * MIB, sharers)
    const counts = { connected: () => {}, stalled: () => {}, cut: () => {}, handshake: () => {} }
    const clock: Clock = { ms: () => 0, seconds: () => 0, wallMs: () => 0 }
    const room = new TcpRoom(100_000, budget, clock, counts, size)
    const client = room.clients.join(peerOf('192.0.2.1', 1))
    for (let n = 0; n < 1000; n++) {
      const entry: TableEntry = {
        client,
        isIdle: true,
        isStuck: false,
        progressMs: 0,
        heldBytes: 0,
        wantsTurn: false,
        mayGoOn: true,
        takeTurn: () => 1,
        retry: () => {},
        cut: () => {},
      }
      room.admit(entry)
    }
    assert.equal(room.connections, size === undefined ? 227 : 113)
  })
