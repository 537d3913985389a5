import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generator } from '../../test/fakes/crew.ts'
import {
  ByteBudget,
  budgetWords,
  DATAGRAM,
  drawnBytes,
  lowerBudget,
  STREAM,
  sweepBudget,
} from './byte-budget.ts'

const MIB = 1024 * 1024
const KIB = 1024
const OFFSET = 32

const make = (shards: number, limit: number) => {
  const words = new Int32Array(new SharedArrayBuffer((OFFSET + budgetWords(shards)) * 4))
  const budgets = Array.from(
    { length: shards },
    (_, me) => new ByteBudget(words, OFFSET, shards, me, limit),
  )
  return { words, budgets }
}

test('a kind has three quarters, both together have all', () => {
  const { budgets } = make(2, 4 * MIB)
  const [one, other] = budgets as [ByteBudget, ByteBudget]
  let taken = 0
  while (one.tryTake(STREAM, 32 * KIB, false)) taken += 32 * KIB
  assert.equal(taken, 3 * MIB)
  assert.equal(other.tryTake(STREAM, 16 * KIB, false), false)
  taken = 0
  while (other.tryTake(DATAGRAM, 16 * KIB)) taken += 16 * KIB
  assert.equal(taken, MIB)
  one.give(STREAM, 3 * MIB)
  assert.equal(other.tryTake(STREAM, MIB), true)
})

test('what is there already is taken whatever the limit, and refuses all that may be refused', () => {
  const { budgets } = make(2, MIB)
  const [one, other] = budgets as [ByteBudget, ByteBudget]
  one.take(STREAM, 5 * MIB)
  assert.equal(other.tryTake(DATAGRAM, 1), false)
  assert.equal(other.isSpent, true)
  one.give(STREAM, 5 * MIB)
  assert.equal(other.tryTake(DATAGRAM, 1), true)
})

test('tight from a half on, spent from fifteen sixteenths', () => {
  const { budgets } = make(1, 16 * MIB)
  const budget = budgets[0]!
  const steps: [megabytes: number, tight: boolean, spent: boolean][] = [
    [8, false, false],
    [9, true, false],
    [14, true, false],
    [15, true, true],
  ]
  let held = 0
  for (const [megabytes, tight, spent] of steps) {
    // Half of either kind: neither reaches its own limit.
    budget.take(STREAM, ((megabytes - held) * MIB) / 2)
    budget.take(DATAGRAM, ((megabytes - held) * MIB) / 2)
    held = megabytes
    assert.deepEqual([budget.isTight, budget.isSpent], [tight, spent], `${megabytes}`)
  }
})

const holders: {
  rule: string
  stream: number
  datagram: number
  kind?: typeof STREAM | typeof DATAGRAM
  bytes: number
  holders: number
  isLocal?: true
  isSmall?: true
  isNewcomer?: boolean
  may: boolean
}[] = [
  { rule: 'plenty', stream: 8, datagram: 0, bytes: 8, holders: 1, may: true },
  { rule: 'a fair part of five', stream: 9, datagram: 0, bytes: 4, holders: 1, may: true },
  { rule: 'more than that', stream: 9, datagram: 0, bytes: 5, holders: 1, may: false },
  {
    rule: 'small by itself',
    stream: 9,
    datagram: 0,
    bytes: 9,
    holders: 1,
    isSmall: true,
    may: true,
  },
  {
    rule: 'small, at 5/8',
    stream: 10,
    datagram: 0,
    bytes: 10,
    holders: 1,
    isSmall: true,
    may: false,
  },
  { rule: 'a newcomer at 5/8', stream: 10, datagram: 0, bytes: 0, holders: 400, may: true },
  { rule: 'a newcomer at 3/4', stream: 12, datagram: 0, bytes: 0, holders: 4, may: false },
  {
    rule: 'of this machine, at 3/4',
    stream: 12,
    datagram: 0,
    bytes: 0,
    holders: 4,
    isLocal: true,
    may: true,
  },
  {
    rule: 'of this machine, at the limit',
    stream: 8,
    datagram: 8,
    bytes: 0,
    holders: 4,
    isLocal: true,
    may: false,
  },
  {
    rule: 'the other kind has 3/4',
    stream: 12,
    datagram: 0,
    kind: DATAGRAM,
    bytes: 0,
    holders: 1,
    may: true,
  },
  { rule: 'both have 15/16', stream: 8, datagram: 7, bytes: 0, holders: 1, may: false },
]

for (const { rule, stream, datagram, kind = STREAM, may, isSmall = false, ...client } of holders)
  test(`who may hold more: ${rule}: ${may}`, () => {
    const budget = make(1, 16 * MIB).budgets[0]!
    budget.take(STREAM, stream * MIB)
    budget.take(DATAGRAM, datagram * MIB)
    const { bytes, holders, isLocal = false, isNewcomer = bytes === 0 } = client
    assert.equal(
      budget.mayHold(kind, 1000, { bytes: bytes * MIB, holders, isLocal, isNewcomer }, isSmall),
      may,
    )
  })

test('main lowers the limit, and gives it back up to the first one', () => {
  const { words, budgets } = make(2, 16 * MIB)
  const budget = budgets[1]!
  lowerBudget(words, OFFSET, 2, 4 * MIB)
  assert.equal(budget.limitBytes, 4 * MIB)
  assert.equal(budget.tryTake(STREAM, 3.5 * MIB, false), false)
  for (const bytes of [64 * MIB, 0]) {
    lowerBudget(words, OFFSET, 2, bytes)
    assert.equal(budget.limitBytes, 16 * MIB)
  }
})

test('small takes and gives stay within a lot: nothing shared is touched', () => {
  const { words, budgets } = make(1, MIB)
  const budget = budgets[0]!
  budget.take(STREAM, 100)
  const drawn = drawnBytes(words, OFFSET, 1, STREAM)
  for (let n = 0; n < 1000; n++) {
    budget.take(STREAM, 10_000)
    budget.give(STREAM, 10_000)
  }
  assert.equal(drawnBytes(words, OFFSET, 1, STREAM), drawn)
})

for (const { shards, limit } of [
  { shards: 32, limit: MIB },
  { shards: 254, limit: MIB },
  { shards: 64, limit: 8 * MIB },
])
  test(`what ${shards} shards keep for later leaves ${limit / MIB} MiB to be used`, () => {
    const { budgets } = make(shards, limit)
    for (const kind of [STREAM, DATAGRAM] as const)
      for (const budget of budgets) {
        budget.take(kind, 40_000)
        budget.give(kind, 40_000)
      }
    const [first] = budgets
    assert.ok(first!.drawn <= limit / 4, `${first!.drawn}`)
    assert.deepEqual([first!.isTight, first!.isSpent], [false, false])
    assert.equal(first!.tryTake(DATAGRAM, 8500), true)
  })

test('a dead shard is swept, and its successor begins with nothing', () => {
  const { words, budgets } = make(3, 4 * MIB)
  budgets[1]!.take(STREAM, 2 * MIB)
  budgets[1]!.take(DATAGRAM, MIB)
  budgets[2]!.take(STREAM, KIB)
  sweepBudget(words, OFFSET, 1)
  assert.equal(drawnBytes(words, OFFSET, 3, DATAGRAM), 0)
  assert.equal(drawnBytes(words, OFFSET, 3, STREAM), 16 * KIB)
  assert.equal(new ByteBudget(words, OFFSET, 3, 1, 4 * MIB).used(STREAM), 0)
})

test('drawn numbers: never over the limit, never less drawn than used, and nothing left at the end', () => {
  const LIMIT = 2 * MIB
  const { words, budgets } = make(4, LIMIT)
  const below = generator(7)
  const held: { budget: ByteBudget; kind: 0 | 1; bytes: number }[] = []
  for (let n = 0; n < 50_000; n++) {
    const budget = budgets[below(4)]!
    const kind = below(2) === 0 ? STREAM : DATAGRAM
    const bytes = 1 + below([100, 3000, 40_000, 200_000][below(4)]!)
    if (held.length > 0 && below(2) === 0) {
      const [given] = held.splice(below(held.length), 1)
      given?.budget.give(given.kind, given.bytes)
    } else if (budget.tryTake(kind, bytes)) held.push({ budget, kind, bytes })
    assert.ok(budget.drawn <= LIMIT, `${budget.drawn} after ${n}`)
    assert.ok(
      drawnBytes(words, OFFSET, 4, kind) >= budgets.reduce((sum, each) => sum + each.used(kind), 0),
    )
  }
  for (const { budget, kind, bytes } of held) budget.give(kind, bytes)
  for (const budget of budgets)
    assert.deepEqual([budget.used(STREAM), budget.used(DATAGRAM)], [0, 0])
  // Each shard keeps two lots of each kind at most.
  assert.ok(budgets[0]!.drawn <= 4 * 2 * 2 * 16 * KIB)
})
