import assert from 'node:assert/strict'
import test from 'node:test'
import { MetricsRegistry } from '../../metrics/registry.ts'
import { DEATH_REASONS, DeathRecord, type DeathVerdict, declareDeathCounts } from './deaths.ts'
import type { LastQuestion } from './post-mortem.ts'

/** Time in ms, hash of the question if one was being handled, and what is to be done. */
type Death = readonly [ms: number, question: number | undefined, verdict: DeathVerdict]

const at = (...times: number[]): Death[] => times.map(ms => [ms, undefined, 'replace'])

const CASES: Readonly<Record<string, readonly Death[]>> = {
  'four deaths at once are replaced': at(0, 0, 0, 0),
  'the fifth within ten seconds is too many': [...at(0, 1, 2, 3), [9999, undefined, 'too-many']],
  'the fifth at ten seconds is not': at(0, 1, 2, 3, 10_000),
  'the window slides': [
    ...at(0, 2500, 5000, 7500, 10_000, 12_500),
    [12_501, undefined, 'too-many'],
  ],
  'deaths far apart go on for ever': at(...Array.from({ length: 50 }, (_, n) => n * 2500)),
  'a clock that does not start at 0': [
    ...at(1e12, 1e12, 1e12, 1e12),
    [1e12 + 1, undefined, 'too-many'],
  ],
  'the second death of a question has it refused': [
    [0, 7, 'replace'],
    [1, 7, 'refuse'],
  ],
  'within ten minutes of the first': [
    [5000, 7, 'replace'],
    [604_999, 7, 'refuse'],
  ],
  'after ten minutes the first is forgotten, and the second is a first': [
    [5000, 7, 'replace'],
    [605_000, 7, 'replace'],
    [1_204_999, 7, 'refuse'],
  ],
  'one accident a day is never refused': Array.from(
    { length: 10 },
    (_, day): Death => [day * 86_400_000, 7, 'replace'],
  ),
  'a refused question starts anew': [
    [0, 7, 'replace'],
    [1, 7, 'refuse'],
    [61_000, 7, 'replace'],
    [61_001, 7, 'refuse'],
  ],
  'each question counts by itself': [
    [0, 7, 'replace'],
    [1, 8, 'replace'],
    [2, 8, 'refuse'],
    [3, 7, 'refuse'],
  ],
  'a hash of 0 and a negative one are questions': [
    [0, 0, 'replace'],
    [1, -1, 'replace'],
    [2, 0, 'refuse'],
    [3, -1, 'refuse'],
  ],
  'deaths with a question do not count towards too many': [
    ...at(0, 1, 2, 3),
    [4, 1, 'replace'],
    [5, 2, 'replace'],
    [6, 3, 'replace'],
    [7, 3, 'refuse'],
    [8, undefined, 'too-many'],
  ],
}

for (const [title, deaths] of Object.entries(CASES))
  test(title, () => {
    const record = new DeathRecord()
    assert.deepEqual(
      deaths.map(([ms, question]) => record.add(ms, question, [])),
      deaths.map(([, , verdict]) => verdict),
    )
  })

test('a thousand questions are remembered, and the oldest is forgotten beyond that', () => {
  const fill = (last: number): DeathRecord => {
    const record = new DeathRecord()
    for (let question = 1; question <= last; question++)
      assert.equal(record.add(question, question, []), 'replace')
    return record
  }
  assert.equal(fill(1000).add(2000, 1, []), 'refuse')
  assert.equal(fill(1001).add(2000, 1, []), 'replace')
  assert.equal(fill(1001).add(2000, 2, []), 'refuse')
})

const left = (...hashes: number[]): LastQuestion[] =>
  hashes.map(hash => ({ hash, question: Uint8Array.of(0) }))
const takenFrom = (record: DeathRecord): number[] =>
  record
    .takeRepeated()
    .map(({ hash }) => hash)
    .sort()

/** What was at hand at deaths that no question explains, and which are to blame in the end. */
const REPEATED: Readonly<Record<string, { atHand: readonly number[][]; repeated: number[] }>> = {
  'the same question at each': { atHand: [[7], [7], [7], [7], [7]], repeated: [7] },
  'questions at two deaths each': { atHand: [[1], [2], [2, 9], [1], [3]], repeated: [1, 2] },
  'the one at most deaths, not that beside it': {
    atHand: [[1, 2], [1, 2], [1], [], []],
    repeated: [1],
  },
  'another one at each': { atHand: [[1], [2], [3], [4], [5]], repeated: [] },
  'one that waits twice in the same shard': { atHand: [[1, 1], [2], [3], [4], [5]], repeated: [] },
  'nine that all of them left': {
    atHand: Array.from({ length: 5 }, () => [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    repeated: [],
  },
  'nothing at hand': { atHand: [[], [], [], [], []], repeated: [] },
}

for (const [title, { atHand, repeated }] of Object.entries(REPEATED))
  test(`too many deaths: ${title}`, () => {
    const record = new DeathRecord()
    const verdicts = atHand.map((hashes, n) => record.add(n, undefined, left(...hashes)))
    assert.equal(verdicts.at(-1), 'too-many')
    assert.deepEqual(takenFrom(record), repeated)
  })

test('deaths that a repeated question explains count no longer', () => {
  const record = new DeathRecord()
  for (const hash of [1, 2, 1, 1, 1]) record.add(0, undefined, left(hash))
  assert.deepEqual(takenFrom(record), [1])
  for (const ms of [1, 2, 3]) assert.equal(record.add(ms, undefined, []), 'replace')
  assert.equal(record.add(4, undefined, []), 'too-many')
})

test('a question to blame that was at hand at a death before is refused at once', () => {
  const record = new DeathRecord()
  assert.equal(record.add(0, undefined, left(6, 7)), 'replace')
  assert.equal(record.add(9999, 7, left(7)), 'refuse')
  assert.equal(record.add(9999, 6, left(6)), 'replace')
  assert.equal(record.add(20_000, undefined, left(8)), 'replace')
  assert.equal(record.add(30_000, 8, left(8)), 'replace')
})

const shown = async (registry: MetricsRegistry): Promise<string[]> =>
  (await registry.expose()).body
    .split('\n')
    .filter(line => /^shardns_(shard_replaced|questions_refused|late_looks)_/.test(line))

test('deaths are counted by reason, and all series are there from the start', async () => {
  const registry = new MetricsRegistry({ version: '1', revision: '', corednsVersion: '1' })
  const counts = declareDeathCounts(registry.process)
  assert.deepEqual((await shown(registry)).sort(), [
    'shardns_late_looks_total 0',
    'shardns_questions_refused_total 0',
    ...DEATH_REASONS.map(reason => `shardns_shard_replaced_total{reason="${reason}"} 0`).sort(),
  ])
  counts.replaced('hang')
  counts.replaced('hang')
  counts.refused()
  for (let n = 0; n < 3; n++) counts.late()
  assert.deepEqual((await shown(registry)).filter(line => !line.endsWith(' 0')).sort(), [
    'shardns_late_looks_total 3',
    'shardns_questions_refused_total 1',
    'shardns_shard_replaced_total{reason="hang"} 2',
  ])
})
