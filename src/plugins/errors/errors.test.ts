import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import {
  chain,
  type FakeControl,
  fakeControl,
  fakeServe,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { ServerError } from '../../chain/errors.ts'
import type { Handler } from '../../chain/stage/handler.ts'
import { RCODE_REFUSED } from '../../wire/rcodes.ts'
import { control as controlErrors } from './control.ts'
import { errors } from './index.ts'
import { serve as serveErrors } from './serve.ts'

const failWith =
  (error: unknown): Handler =>
  () => {
    throw error
  }

const lines = [
  {
    name: 'an operating failure',
    error: new ServerError('X', 'i/o timeout'),
    line: '[ERROR] 2 example.org. A: i/o timeout',
  },
  {
    name: 'its own rcode',
    error: new ServerError('X', 'no', RCODE_REFUSED),
    line: '[ERROR] 5 example.org. A: no',
  },
  {
    name: 'a defect, which the server logs',
    error: new TypeError('x is not a function'),
    line: undefined,
  },
]
for (const c of lines) {
  test(`errors logs and passes on: ${c.name}`, async () => {
    const { handle, serve } = await chain(errors, 'errors', { next: failWith(c.error) })
    await assert.rejects(async () => handle(query('Example.ORG.')), c.error)
    assert.deepEqual(serve.logged, c.line === undefined ? [] : [c.line])
  })
}

test('errors logs a failure that comes later', async () => {
  const next = () => Promise.reject(new ServerError('X', 'late'))
  const { handle, serve } = await chain(errors, 'errors', { next })
  await assert.rejects(async () => handle(query('example.org.', 'AAAA')), { message: 'late' })
  assert.deepEqual(serve.logged, ['[ERROR] 2 example.org. AAAA: late'])
})

test('errors leaves replies alone, SERVFAIL too', async () => {
  const { handle, serve } = await chain(errors, 'errors', {
    next: request => replyTo(request, { rcode: 'SERVFAIL' }),
  })
  assert.equal(show(await handle(query('example.org.'))).rcode, 'SERVFAIL')
  assert.deepEqual(serve.logged, [])
})

for (const [text, expected] of [
  ['errors', false],
  ['errors {\nstacktrace\n}', true],
] as const) {
  test(`control: stacktrace is ${expected} for ${JSON.stringify(text)}`, async () => {
    const { control, retire } = await chain(errors, text)
    assert.equal(control.settings.stacktrace, expected)
    await retire()
  })
}

/** A chain that fails with the text it is told, on one of two shards of one process. */
const consolidating = async (t: TestContext, line: string) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let text = ''
  const next: Handler = () => {
    throw new ServerError('X', text)
  }
  const { handle, control, serve, retire } = await chain(errors, `errors {\n${line}\n}`, { next })
  const second = fakeServe({ control: control as FakeControl, shard: 1 })
  const options = {
    stacktrace: false,
    consolidations: [{ periodMs: 60_000, pattern: 'timeout$', level: 'error', showFirst: false }],
  } as const
  const handles = [handle, serveErrors(options, second, { countsWord: 0 }).wrap(next)]
  const fail = (failure: string, shard = 0) => {
    text = failure
    assert.throws(() => handles[shard]?.(query('example.org.')))
  }
  /** Lets main see that a period was opened. */
  const settle = () => new Promise(resolve => setImmediate(resolve))
  return {
    fail,
    control,
    serve,
    second,
    retire,
    settle,
    tick: (ms: number) => t.mock.timers.tick(ms),
  }
}

test('consolidate: one summary for all shards when the period ends, then the next period', async t => {
  const { fail, control, serve, second, settle, tick, retire } = await consolidating(
    t,
    'consolidate 1m "timeout$"',
  )
  fail('a timeout')
  await settle()
  fail('b timeout', 1)
  fail('c timeout')
  fail('other')
  assert.deepEqual([serve.logged, second.logged], [['[ERROR] 2 example.org. A: other'], []])
  tick(59_999)
  assert.deepEqual(control.logged, [])
  tick(1)
  assert.deepEqual(control.logged, ["[ERROR] 3 errors like 'timeout$' occurred in last 1m0s"])
  tick(600_000)
  assert.equal(control.logged.length, 1)
  fail('d timeout')
  await settle()
  tick(60_000)
  assert.equal(control.logged[1], "[ERROR] 1 errors like 'timeout$' occurred in last 1m0s")
  await retire()
  assert.equal(control.logged.length, 2)
})

test('consolidate: show_first prints the first at once, and no summary for it alone', async t => {
  const { fail, control, serve, settle, tick, retire } = await consolidating(
    t,
    'consolidate 1m "timeout$" warning show_first',
  )
  fail('a timeout')
  await settle()
  assert.deepEqual(serve.logged, ['[WARNING] 2 example.org. A: a timeout'])
  tick(60_000)
  assert.deepEqual(control.logged, [])
  await settle()
  fail('b timeout')
  fail('c timeout')
  await settle()
  assert.equal(serve.logged.length, 2)
  tick(60_000)
  assert.deepEqual(control.logged, ["[WARNING] 2 errors like 'timeout$' occurred in last 1m0s"])
  await retire()
})

test('consolidate: the first pattern that matches counts', async t => {
  const { fail, control, settle, tick, retire } = await consolidating(
    t,
    'consolidate 1s "timeout$" info\nconsolidate 1s .* debug',
  )
  fail('a timeout')
  fail('x')
  await settle()
  tick(1000)
  assert.deepEqual(control.logged, [
    "[INFO] 1 errors like 'timeout$' occurred in last 1s",
    "[DEBUG] 1 errors like '.*' occurred in last 1s",
  ])
  await retire()
})

test('consolidate: what is due is printed once when the generation ends, on main and from stragglers in the shard', async t => {
  const { fail, control, serve, settle, tick } = await consolidating(t, 'consolidate 1m "timeout$"')
  fail('a timeout')
  await settle()
  fail('b timeout')
  await control.retired()
  assert.deepEqual(control.logged, ["[ERROR] 2 errors like 'timeout$' occurred in last 1m0s"])
  fail('c timeout')
  serve.retire()
  assert.deepEqual(serve.logged, ["[ERROR] 1 errors like 'timeout$' occurred in last 1m0s"])
  await settle()
  tick(60_000)
  assert.equal(control.logged.length, 1)
})

test('consolidate: a generation that never started ends quietly', async () => {
  const control = fakeControl()
  const consolidation = { periodMs: 1000, pattern: 'a', level: 'error', showFirst: false } as const
  controlErrors({ stacktrace: false, consolidations: [consolidation] }, control)
  await control.retired()
  assert.deepEqual(control.logged, [])
})

test('consolidate: main hears of a period that another thread opened, and of all it counted before it died', async t => {
  const { control, settle, tick, retire } = await consolidating(t, 'consolidate 1m "timeout$"')
  const code = `
    const { workerData: words } = require('node:worker_threads')
    for (let i = 0; i < 1000; i++) if (Atomics.add(words, 0, 1) === 0) Atomics.notify(words, 0)
    process.exit()`
  await once(new Worker(code, { eval: true, workerData: control.sharedWords }), 'exit')
  await settle()
  tick(60_000)
  assert.deepEqual(control.logged, ["[ERROR] 1000 errors like 'timeout$' occurred in last 1m0s"])
  await retire()
})
