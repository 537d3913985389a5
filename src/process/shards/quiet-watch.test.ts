import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MOST_PAUSE, QUIET_WORK, QuietWatch } from './quiet-watch.ts'

const LITTLE = QUIET_WORK / 2
const MUCH = QUIET_WORK + 1

const courses: { name: string; work: readonly number[]; told: readonly number[] }[] = [
  { name: 'that has only started is not told of', work: [0, 0, 0], told: [] },
  { name: 'at work is not told of', work: [MUCH, MUCH, MUCH], told: [] },
  { name: 'is told of after its work, once', work: [MUCH, 0, 0, 0], told: [1] },
  { name: 'is told of with little work at present', work: [MUCH, LITTLE, 0], told: [1] },
  { name: 'whose little work adds up is told of', work: [LITTLE, LITTLE, 1, 0], told: [2] },
  {
    name: 'whose load comes and goes is told of less and less often',
    work: Array.from({ length: 40 }, (_, look) => (look % 2 === 0 ? MUCH : 0)),
    told: [1, 3, 5, 9, 17, 33],
  },
]
for (const first of [0, 0x7fff_ffff, -1])
  for (const { name, work, told } of courses)
    test(`a shard ${name}, with a count that begins at ${first}`, () => {
      let count = first
      const watch = new QuietWatch(2, shard => (shard === 1 ? count : 0))
      const looks = work.flatMap((done, look) => {
        count = (count + done) | 0
        return watch.look().includes(1) ? [look] : []
      })
      assert.deepEqual(looks, told)
    })

test('a shard whose load comes and goes is told of every ten minutes at least', () => {
  let count = 0
  const watch = new QuietWatch(1, () => count)
  const looks: number[] = []
  for (let look = 0; look < 20 * MOST_PAUSE; look++) {
    if (look % 2 === 0) count += MUCH
    if (watch.look().length > 0) looks.push(look)
  }
  const pauses = looks.slice(1).map((look, n) => look - looks[n]!)
  assert.ok(pauses.every(pause => pause <= MOST_PAUSE + 1))
  assert.ok(pauses.at(-1)! >= MOST_PAUSE)
})

test('shards are told of apart', () => {
  const counts = [0, 0, 0]
  const watch = new QuietWatch(3, shard => counts[shard]!)
  counts[1] = MUCH
  counts[2] = MUCH
  assert.deepEqual(watch.look(), [])
  counts[2] = 2 * MUCH
  assert.deepEqual(watch.look(), [1])
  assert.deepEqual(watch.look(), [2])
})
