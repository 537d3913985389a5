import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QUIET_WORK, QuietWatch } from './quiet-watch.ts'

const LITTLE = QUIET_WORK / 2
const MUCH = QUIET_WORK + 1

const courses: { name: string; work: readonly number[]; told: readonly boolean[] }[] = [
  { name: 'that has only started is told of once', work: [0, 0, 0], told: [true, false, false] },
  { name: 'at work is not told of', work: [MUCH, MUCH, MUCH], told: [false, false, false] },
  { name: 'is told of after its work', work: [MUCH, 0, 0], told: [false, true, false] },
  { name: 'with little work at present', work: [MUCH, LITTLE, 0], told: [false, true, false] },
  {
    name: 'whose little work adds up',
    work: [0, LITTLE, LITTLE, 1, LITTLE],
    told: [true, false, false, true, false],
  },
  {
    name: 'is told of after each piece of work',
    work: [0, MUCH, 0, MUCH, 0],
    told: [true, false, true, false, true],
  },
]
for (const first of [0, 0x7fff_ffff, -1])
  for (const { name, work, told } of courses)
    test(`a shard ${name}, with a count that begins at ${first}`, () => {
      let count = first
      const watch = new QuietWatch(2, shard => (shard === 1 ? count : 0))
      const seen = work.map(done => {
        count = (count + done) | 0
        return watch.look().includes(1)
      })
      assert.deepEqual(seen, told)
    })

test('shards are told of apart', () => {
  const counts = [0, 0, 0]
  const watch = new QuietWatch(3, shard => counts[shard]!)
  assert.deepEqual(watch.look(), [0, 1, 2])
  counts[1] = MUCH
  counts[2] = MUCH
  assert.deepEqual(watch.look(), [])
  counts[2] = 2 * MUCH
  assert.deepEqual(watch.look(), [1])
  assert.deepEqual(watch.look(), [2])
})
