import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { threadNumber } from '../../shard/thread-number.ts'
import { parseThreadStat, readThread, type ThreadReading } from './thread-reading.ts'

const stat = (name: string, state: string, utime: string, stime: string): string =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194624 9 0 0 0 ${utime} ${stime} 0 0 20 0 7 0 1234 0 0\n`

const CASES: Readonly<Record<string, readonly [text: string, reading: ThreadReading | undefined]>> =
  {
    'one that runs, or would': [stat('node', 'R', '123', '7'), { cpuMs: 1300, isWaiting: false }],
    'one that sleeps': [stat('node', 'S', '0', '0'), { cpuMs: 0, isWaiting: true }],
    'one that waits for a disk': [stat('node', 'D', '1', '2'), { cpuMs: 30, isWaiting: true }],
    'one that is stopped': [stat('node', 'T', '1', '2'), { cpuMs: 30, isWaiting: false }],
    'a name that looks like fields': [
      stat('a) S 1 (b) R 2', 'R', '1', '1'),
      { cpuMs: 20, isWaiting: false },
    ],
    'no fields': ['4711 (node) R 1', undefined],
    nothing: ['', undefined],
  }

for (const [title, [text, reading]] of Object.entries(CASES))
  test(`thread: ${title}`, () => assert.deepEqual(parseThreadStat(text), reading))

test('thread: without a number, or of one that is not there, nothing is known', () => {
  assert.equal(readThread(undefined), undefined)
  assert.equal(readThread(2 ** 31 - 1), undefined)
})

/**
 * Says its number, then waits until it is told to burn, then burns until it has used a quarter of a
 * second.
 */
const BURNER = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.module).then(({ threadNumber }) => {
  parentPort.on('message', () => {
    while (process.threadCpuUsage().user < 250_000);
    parentPort.postMessage('burnt')
  })
  parentPort.postMessage(threadNumber())
})`

test('thread: a worker says its number, by which the time that it uses is read', {
  skip: process.platform !== 'linux',
}, async t => {
  const module = new URL('../../shard/thread-number.ts', import.meta.url).href
  const worker = new Worker(BURNER, { eval: true, workerData: { module } })
  t.after(() => worker.terminate())
  const told = (): Promise<unknown> => new Promise(resolve => worker.once('message', resolve))
  const number = (await told()) as number
  assert.notEqual(number, threadNumber())
  const before = readThread(number)
  worker.postMessage('burn')
  await told()
  const after = readThread(number)
  assert.ok(before !== undefined && after !== undefined)
  assert.ok(after.cpuMs >= 240, `${after.cpuMs} ms`)
  assert.ok(after.cpuMs >= before.cpuMs)
})
