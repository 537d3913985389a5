import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../../../test/fakes/fake-scopes.ts'
import type { TurnTaker } from '../tcp/turns.ts'
import { HANDSHAKE_UNITS, type Handshake, HandshakeGate, PATIENCE_MS } from './gate.ts'

/** Turns that are given by hand. */
class Turns {
  readonly entered = new Set<TurnTaker>()
  enter(taker: TurnTaker): void {
    this.entered.add(taker)
  }
  leave(taker: TurnTaker): void {
    this.entered.delete(taker)
  }
}

interface Setup {
  readonly gate: HandshakeGate
  readonly turns: Turns
  readonly clock: ReturnType<typeof fakeClock>
  /** Names of those that were begun and refused, in that order. */
  readonly begun: string[]
  readonly refused: string[]
  /** `a1`: the first of client a. */
  ask(...names: string[]): Map<string, Handshake>
  /** Gives so many turns; returns the units that they took. */
  turn(count?: number): number
}

const setUp = (running = 3, waiting = 8, hasRoom = (_: string): boolean => true): Setup => {
  const turns = new Turns()
  const clock = fakeClock()
  const gate = new HandshakeGate(turns, clock, { running, waiting })
  const begun: string[] = []
  const refused: string[] = []
  const ask = (...names: string[]): Map<string, Handshake> => {
    const asked = new Map<string, Handshake>()
    for (const name of names) {
      const handshake = {
        client: name.slice(0, 1),
        begin() {
          if (!hasRoom(name)) return false
          begun.push(name)
          return true
        },
        refuse: () => void refused.push(name),
      }
      asked.set(name, handshake)
      gate.ask(handshake)
    }
    return asked
  }
  const turn = (count = 100): number => {
    let units = 0
    for (let left = count; left > 0 && gate.wantsTurn; left--) units += gate.takeTurn()
    return units
  }
  return { gate, clock, turns, begun, refused, ask, turn }
}

test('gate: one is begun in each turn, and costs half a turn of the loop', () => {
  const { gate, begun, ask, turn, turns } = setUp()
  ask('a1', 'b1')
  assert.equal(turns.entered.has(gate), true)
  assert.equal(turn(1), HANDSHAKE_UNITS)
  assert.deepEqual(begun, ['a1'])
  assert.equal(turn(), HANDSHAKE_UNITS)
  assert.deepEqual([begun, gate.running, gate.waiting], [['a1', 'b1'], 2, 0])
})

test('gate: clients take turns, those without a running one first', () => {
  const { begun, ask, turn } = setUp(100, 100)
  ask('a1', 'a2', 'a3', 'b1', 'b2', 'c1')
  turn(2)
  ask('d1')
  turn()
  assert.deepEqual(begun, ['a1', 'b1', 'c1', 'd1', 'a2', 'b2', 'a3'])
})

test('gate: a client whose handshakes have ended comes first again', () => {
  const { gate, begun, ask, turn } = setUp(100, 100)
  const asked = ask('a1', 'b1', 'a2', 'b2')
  turn(2)
  gate.leave(asked.get('b1')!)
  turn()
  assert.deepEqual(begun, ['a1', 'b1', 'b2', 'a2'])
})

test('gate: no more run at a time than it allows; one that ends lets the next one in', () => {
  const { gate, turns, begun, ask, turn } = setUp(2)
  const asked = ask('a1', 'b1', 'c1')
  turn()
  assert.deepEqual([begun, gate.wantsTurn], [['a1', 'b1'], false])
  turns.entered.clear()
  gate.leave(asked.get('a1')!)
  assert.equal(turns.entered.has(gate), true)
  turn()
  assert.deepEqual(begun, ['a1', 'b1', 'c1'])
})

test('gate: beyond its room the newest of the client with most is refused', () => {
  const { gate, refused, ask } = setUp(1, 4)
  ask('a1', 'b1', 'a2', 'a3')
  ask('b2', 'c1', 'd1')
  assert.deepEqual([refused, gate.waiting], [['a3', 'a2', 'b2'], 4])
})

test('gate: what has been given up while it waited is not begun', () => {
  const { gate, turns, begun, ask, turn } = setUp()
  const asked = ask('a1', 'a2', 'b1')
  gate.leave(asked.get('a1')!)
  gate.leave(asked.get('b1')!)
  turn()
  assert.deepEqual(begun, ['a2'])
  gate.leave(asked.get('a2')!)
  assert.deepEqual([gate.running, gate.waiting, turns.entered.size], [0, 0, 0])
})

test('gate: to leave twice, or after being refused, changes nothing', () => {
  const { gate, ask, turn } = setUp(2, 1)
  const asked = ask('a1', 'a2')
  gate.leave(asked.get('a2')!)
  turn()
  gate.leave(asked.get('a1')!)
  gate.leave(asked.get('a1')!)
  assert.deepEqual([gate.running, gate.waiting], [0, 0])
})

test('gate: one that finds no room leaves, and may ask again', () => {
  let hasRoom = false
  const { gate, begun, ask, turn } = setUp(3, 8, name => hasRoom || name !== 'a1')
  const asked = ask('a1', 'b1')
  turn()
  assert.deepEqual([begun, gate.running, gate.waiting], [['b1'], 1, 0])
  hasRoom = true
  gate.ask(asked.get('a1')!)
  turn()
  assert.deepEqual(begun, ['b1', 'a1'])
})

test('gate: a thousand of one client do not keep another one waiting', () => {
  const { begun, ask, turn } = setUp(1000, 1024)
  ask(...Array.from({ length: 1000 }, (_, index) => `a${index}`), 'b1')
  turn(2)
  assert.deepEqual(begun, ['a0', 'b1'])
})

test('gate: a client with none running takes the place of the oldest of the client with most', () => {
  const { begun, refused, ask, turn } = setUp(4)
  ask('a1', 'a2', 'b1', 'b2', 'a3')
  turn()
  assert.deepEqual(begun, ['a1', 'b1', 'a2', 'b2'])
  ask('c1')
  turn()
  assert.deepEqual(begun.slice(4), ['c1'])
  assert.deepEqual(refused, ['a1'])
})

test('gate: clients with one running each give way after a while, the oldest first', () => {
  const { begun, refused, ask, turn, clock } = setUp(2)
  ask('a1')
  turn()
  clock.advance(1)
  ask('b1')
  turn()
  ask('c1', 'd1')
  turn()
  assert.deepEqual(begun, ['a1', 'b1'])
  clock.advance(PATIENCE_MS - 1)
  turn()
  assert.deepEqual([begun.slice(2), refused], [['c1'], ['a1']])
  clock.advance(1)
  turn()
  assert.deepEqual([begun.slice(3), refused], [['d1'], ['a1', 'b1']])
})

test('gate: one that waits is looked at when the oldest has had its time', async () => {
  const { gate, turns, ask, turn, clock } = setUp(1)
  ask('a1', 'a2')
  turn()
  assert.ok(!gate.wantsTurn)
  turns.entered.clear()
  clock.advance(PATIENCE_MS)
  while (!turns.entered.has(gate)) await new Promise(setImmediate)
  assert.ok(gate.wantsTurn)
})
