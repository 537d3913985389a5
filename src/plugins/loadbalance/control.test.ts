import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock, type TestContext, test } from 'node:test'
import {
  type FakeControl,
  fakeControl,
  query,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { control, type LoadbalanceShared } from './control.ts'
import { WeightReader } from './weight-board.ts'

const reply = replyTo(query('www.example.org.'), { answer: ['www.example.org. 1 IN A 192.0.2.1'] })
const weightIn = ({ board }: LoadbalanceShared): number | undefined =>
  board && new WeightReader(board).table.weightOf(reply, 0)
const fileOf = (weight: number): string => `www.example.org\n192.0.2.1 ${weight}\n`

const folder = async (t: TestContext): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'loadbalance-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

const load = (file: string, reloadMs: number, scope: FakeControl): Promise<LoadbalanceShared> =>
  control({ weighted: { file, reloadMs }, prefer: [] }, scope)

/** Lets a look at the file run to its end: it logs one line. */
const lineAfter = async (scope: FakeControl, count: number): Promise<void> => {
  while (scope.logged.length < count) await new Promise(setImmediate)
}

test('loadbalance: round_robin has no board', async () => {
  assert.deepEqual(await control({ weighted: undefined, prefer: [] }, fakeControl()), {
    board: undefined,
  })
})

test('loadbalance: a relative weight file is below root', async t => {
  const root = await folder(t)
  await writeFile(join(root, 'weights'), fileOf(7))
  const scope = fakeControl({ settings: { root } })
  assert.equal(weightIn(await load('weights', 0, scope)), 7)
  assert.deepEqual(scope.logged, [
    `[INFO] Successfully reloaded weight file ${join(root, 'weights')}`,
  ])
})

test('loadbalance: a missing weight file is waited for, unless reload is 0', async t => {
  const file = join(await folder(t), 'weights')
  const scope = fakeControl()
  assert.equal(weightIn(await load(file, 30_000, scope)), 1)
  assert.deepEqual(scope.logged, [
    '[WARNING] Failed to open weight file:weight file open error. Will try again in 30s',
  ])
  await assert.rejects(load(file, 0, fakeControl()), { message: 'weight file open error' })
})

test('loadbalance: a malformed, over-large or unreadable weight file fails the start', async t => {
  const path = await folder(t)
  const file = join(path, 'weights')
  await writeFile(file, 'www.example.org\n192.0.2.1 900\n')
  await assert.rejects(load(file, 30_000, fakeControl()), {
    message: `wrong weight value:"900" in weight file ${file}`,
  })
  await writeFile(file, '#'.repeat(1024 * 1024 + 1))
  await assert.rejects(load(file, 30_000, fakeControl()), {
    message: `weight file ${file} is larger than 1048576 bytes`,
  })
  await assert.rejects(load(path, 30_000, fakeControl()), {
    message: `weight file ${path} is a directory`,
  })
})

test('loadbalance: the file is read again every interval until the generation retires', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const file = join(await folder(t), 'weights')
  await writeFile(file, fileOf(2))
  const scope = fakeControl()
  const shared = await load(file, 1000, scope)
  await scope.started()

  await writeFile(file, fileOf(3))
  mock.timers.tick(1000)
  await lineAfter(scope, 2)
  assert.equal(weightIn(shared), 3)

  await writeFile(file, 'nonsense\n192.0.2.1 x\n')
  mock.timers.tick(1000)
  await lineAfter(scope, 3)
  assert.equal(weightIn(shared), 3, 'the weights read last stay in force')
  assert.equal(scope.logged[2], `[ERROR] wrong weight value:"x" in weight file ${file}`)

  await scope.retired()
  await writeFile(file, fileOf(9))
  mock.timers.tick(5000)
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  assert.equal(weightIn(shared), 3)
  assert.equal(scope.logged.length, 3)
})
