import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { Turns, type TurnTaker, unitsOf } from './turns.ts'

interface Worker extends TurnTaker {
  readonly name: string
  left: number
}

/** Each unit that is done goes into the log. */
const makeWorker = (name: string, left: number, log: string[]): Worker => ({
  name,
  left,
  get wantsTurn() {
    return this.left > 0
  },
  takeTurn(units) {
    const done = Math.min(units, this.left)
    this.left -= done
    log.push(`${name} ${done}`)
    return done
  },
})

test('a turn of the loop has 128 units, 16 for one taker at a time, one after the other', async () => {
  const log: string[] = []
  const turns = new Turns()
  const [greedy, small, late] = [
    makeWorker('greedy', 200, log),
    makeWorker('small', 20, log),
    makeWorker('late', 1, log),
  ]
  turns.enter(greedy)
  assert.deepEqual(log, new Array(8).fill('greedy 16'))
  turns.enter(small)
  turns.enter(late)
  assert.equal(log.length, 8, 'nothing more in this turn')
  await turnOfLoop()
  assert.deepEqual(log.slice(8), [
    'greedy 16',
    'small 16',
    'late 1',
    'greedy 16',
    'small 4',
    'greedy 16',
    'greedy 16',
    'greedy 8',
  ])
  assert.equal(greedy.left + small.left + late.left, 0)
})

test('the first one is served at once, and so is the next after a quiet turn', async () => {
  const log: string[] = []
  const turns = new Turns()
  for (const name of ['one', 'two']) {
    turns.enter(makeWorker(name, 1, log))
    assert.equal(log.at(-1), `${name} 1`)
    await turnOfLoop()
    await turnOfLoop()
  }
})

test('who leaves is not asked, and work that begins other work does not nest', async () => {
  const log: string[] = []
  const turns = new Turns()
  const busy = makeWorker('busy', 128, log)
  const gone = makeWorker('gone', 5, log)
  const second = makeWorker('second', 1, log)
  const nesting: TurnTaker = {
    wantsTurn: false,
    takeTurn() {
      log.push('nesting begins')
      turns.enter(second)
      log.push('nesting ends')
      return 1
    },
  }
  turns.enter(busy)
  turns.enter(gone)
  turns.enter(nesting)
  turns.leave(gone)
  await turnOfLoop()
  assert.deepEqual(log.slice(-3), ['nesting begins', 'nesting ends', 'second 1'])
  assert.ok(!log.some(line => line.startsWith('gone')))
})

test('a message costs a unit, and another for each 512 bytes', () => {
  assert.deepEqual([0, 40, 511, 512, 1232, 65535].map(unitsOf), [1, 1, 1, 2, 3, 128])
})
