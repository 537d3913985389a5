import assert from 'node:assert/strict'
import test from 'node:test'
import { MetricsRegistry } from '../../metrics/registry.ts'
import { DEATH_REASONS, DeathRecord, type DeathVerdict, declareDeathCounts } from './deaths.ts'

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
      deaths.map(([ms, question]) => record.add(ms, question)),
      deaths.map(([, , verdict]) => verdict),
    )
  })

test('a thousand questions are remembered, and the oldest is forgotten beyond that', () => {
  const fill = (last: number): DeathRecord => {
    const record = new DeathRecord()
    for (let question = 1; question <= last; question++)
      assert.equal(record.add(question, question), 'replace')
    return record
  }
  assert.equal(fill(1000).add(2000, 1), 'refuse')
  assert.equal(fill(1001).add(2000, 1), 'replace')
  assert.equal(fill(1001).add(2000, 2), 'refuse')
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
