import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricsRegistry } from '../../metrics/registry.ts'
import { DEATH_REASONS, declareDeathCounts } from './death-counts.ts'

const shown = async (registry: MetricsRegistry): Promise<string[]> =>
  (await registry.expose()).body
    .split('\n')
    .filter(line => /^shardns_(shard_replaced|questions_refused|late_looks)_/.test(line))

test('deaths are counted by reason, and all series are there from the start', async () => {
  const registry = new MetricsRegistry({ version: '1', revision: '' })
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
