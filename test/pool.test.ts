// What the pool says of a worker's end: main sweeps what a shard held when `exited` resolves, so it
// must never come before the exit itself.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { MIB } from '../src/base/text/sizes.ts'
import { ShardPool } from '../src/process/shards/pool.ts'
import type { BootMessage } from '../src/shard/messages.ts'
import { PIPE_VARIABLE } from './fakes/deaf-worker.ts'
import { failThreads, refuseThreads } from './fakes/refused-threads.ts'
import { temporaryFolder } from './support/server-process.ts'

/**
 * Longer than any word could be on its way; how long it is decides only what a defect would need to
 * stay unseen.
 */
const MOMENT_MS = 300
const LIMIT = { skip: process.platform === 'win32' && 'no named pipes', timeout: 30_000 }

test(
  'a worker that has said nothing and is ended has ended when its thread has',
  LIMIT,
  async t => {
    const pipe = join(temporaryFolder(t), 'pipe')
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
    process.env[PIPE_VARIABLE] = pipe
    const workerFile = new URL('./fakes/deaf-worker.ts', import.meta.url)
    const pool = new ShardPool({ shards: 2, heapLimitBytes: 64 * MIB, workerFile })
    t.after(() => pool.destroy())
    const running = pool.start({} as BootMessage, () => assert.fail('it says nothing'))
    let isOver = false
    void running.exited.then(() => {
      isOver = true
    })
    // Opened once what the worker waits for has opened the other end.
    const writer = await open(pipe, 'w')
    running.terminate()
    await pause(MOMENT_MS)
    const wasOver = isOver
    await writer.close()
    assert.equal((await running.exited)?.name, 'AbortError')
    assert.equal(wasOver, false, 'its thread ran on')
  },
)

test('a worker that never got its task has not to be waited for', { timeout: 30_000 }, async t => {
  // A task without a pipe ends at once; until then the second one waits for the only worker.
  delete process.env[PIPE_VARIABLE]
  const workerFile = new URL('./fakes/deaf-worker.ts', import.meta.url)
  const pool = new ShardPool({ shards: 1, heapLimitBytes: 64 * MIB, workerFile })
  t.after(() => pool.destroy())
  const first = pool.start({} as BootMessage, () => {})
  const second = pool.start({} as BootMessage, () => {})
  second.terminate()
  assert.equal((await second.exited)?.name, 'AbortError')
  assert.equal((await first.exited)?.message, 'no pipe')
})

test('a thread begins in a folder that is gone', { timeout: 30_000 }, async t => {
  delete process.env[PIPE_VARIABLE]
  const workerFile = new URL('./fakes/deaf-worker.ts', import.meta.url)
  const before = process.cwd()
  t.after(() => process.chdir(before))
  const folder = temporaryFolder(t)
  process.chdir(folder)
  rmdirSync(folder)
  const pool = new ShardPool({ shards: 1, heapLimitBytes: 64 * MIB, workerFile })
  t.after(() => pool.destroy())
  assert.equal((await pool.start({} as BootMessage, () => {}).exited)?.message, 'no pipe')
})

test('a thread that ends as it begins is told, and the next one begins', {
  timeout: 30_000,
}, async t => {
  delete process.env[PIPE_VARIABLE]
  const workerFile = new URL('./fakes/deaf-worker.ts', import.meta.url)
  t.after(() => failThreads(0))
  // The pool's package makes another for the first at once.
  failThreads(3)
  const pool = new ShardPool({ shards: 1, heapLimitBytes: 64 * MIB, workerFile })
  t.after(() => pool.destroy())
  const ends = async (): Promise<string | undefined> =>
    (await pool.start({} as BootMessage, () => {}).exited)?.message
  assert.equal(await ends(), 'told to fail')
  assert.equal(await ends(), 'told to fail')
  assert.equal(await ends(), 'no pipe')
  assert.equal(await ends(), 'no pipe')
})

test('a thread that the system refuses is told, has not begun, and the next one begins', {
  timeout: 30_000,
}, async t => {
  delete process.env[PIPE_VARIABLE]
  const workerFile = new URL('./fakes/deaf-worker.ts', import.meta.url)
  const pool = new ShardPool({ shards: 0, heapLimitBytes: 64 * MIB, workerFile })
  t.after(() => pool.destroy())
  t.after(() => refuseThreads(0))
  refuseThreads(2)
  for (let n = 0; n < 2; n++) {
    const running = pool.start({} as BootMessage, () => assert.fail('there is no thread'))
    running.send({ kind: 'beat' })
    running.terminate()
    assert.equal((await running.exited)?.message, 'EAGAIN')
    assert.equal(running.hasBegun, false)
  }
  assert.equal((await pool.start({} as BootMessage, () => {}).exited)?.message, 'no pipe')
})

test('threads that the system refuses at the start are a sentence, and none is left', {
  timeout: 30_000,
}, t => {
  const workerFile = new URL('./fakes/deaf-worker.ts', import.meta.url)
  t.after(() => refuseThreads(0))
  refuseThreads(1)
  assert.throws(() => new ShardPool({ shards: 2, heapLimitBytes: 64 * MIB, workerFile }), {
    message:
      'the system has no thread left for this process (see ulimit -u, and pids.max of its cgroup): 0 of 2 shards could begin',
  })
})
