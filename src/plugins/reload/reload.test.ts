import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chain,
  fakeControl,
  fakeLogger,
  gaugeValues,
  options,
  parseError,
} from '../../../test/support/plugin-harness.ts'
import type { ProcessControl } from '../../chain/plugin/control-scope.ts'
import { makeCheck, type VersionInfo } from './check.ts'
import { control as controlReload, periodMs } from './control.ts'
import { reload } from './index.ts'

const accepted = [
  { text: 'reload', expected: { intervalMs: 30_000, jitterMs: 15_000 } },
  { text: 'reload 10s', expected: { intervalMs: 10_000, jitterMs: 5000 } },
  { text: 'reload 2s 1s', expected: { intervalMs: 2000, jitterMs: 1000 } },
  { text: 'reload 1m 0', expected: { intervalMs: 60_000, jitterMs: 0 } },
  { text: 'reload 5s\nreload 9s', expected: { intervalMs: 5000, jitterMs: 2500 } },
]
for (const c of accepted)
  test(`parse: ${JSON.stringify(c.text)}`, () =>
    assert.deepEqual(options(reload, c.text), c.expected))

const wrongCount = (token: string) =>
  `Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '${token}'`

const refused = [
  { text: 'reload 1s', message: 'interval value must be greater or equal to 2s' },
  { text: 'reload -5s', message: 'interval value must be greater or equal to 2s' },
  { text: 'reload 2s 999ms', message: 'jitter value must be 0 or greater or equal to 1s' },
  { text: 'reload 30', message: 'time: missing unit in duration "30"' },
  { text: 'reload 2s x', message: 'time: invalid duration "x"' },
  { text: 'reload 2s 1s 3', message: wrongCount('3') },
]
for (const c of refused)
  test(`parse refuses: ${JSON.stringify(c.text)}`, () =>
    assert.equal(parseError(reload, c.text), c.message))

test('parse refuses: a block', () =>
  assert.throws(() => options(reload, 'reload 2s {\nx\n}'), /Wrong argument count/))

test('period: within half the jitter around the interval', () => {
  for (let i = 0; i < 1000; i++) {
    const period = periodMs({ intervalMs: 30_000, jitterMs: 15_000 })
    assert.ok(period >= 22_500 && period < 37_500, String(period))
  }
  assert.equal(periodMs({ intervalMs: 2000, jitterMs: 0 }), 2000)
  assert.equal(periodMs({ intervalMs: 1e12, jitterMs: 1000 }), 2 ** 31 - 1)
})

type Read = Awaited<ReturnType<ProcessControl['readCorefile']>>

const setUp = (
  reads: readonly Read[],
  reloads: readonly (string | undefined)[] = [],
  isShuttingDown = false,
) => {
  const readsLeft = [...reads]
  const reloadsLeft = [...reloads]
  const logged: string[] = []
  const version: VersionInfo = { hash: undefined }
  const seen = { logged, version, reloads: 0, failures: 0 }
  const process = {
    configHash: 'aa',
    isShuttingDown: () => isShuttingDown,
    readCorefile: async () => readsLeft.shift(),
    reload: async () => {
      seen.reloads++
      return reloadsLeft.shift()
    },
  }
  const check = makeCheck({
    process,
    log: fakeLogger(logged),
    version,
    onFailure: () => seen.failures++,
  })
  return { check, seen }
}

const checks: {
  name: string
  reads: Read[]
  results?: (string | undefined)[]
  reloads: number
  failures?: number
  logged?: string[]
  hash?: string
}[] = [
  { name: 'the same content is left alone', reads: [{ hash: 'aa' }, { hash: 'aa' }], reloads: 0 },
  {
    name: 'changed content is loaded once',
    reads: [{ hash: 'bb' }, { hash: 'bb' }],
    reloads: 1,
    hash: 'bb',
  },
  { name: 'an unreadable Corefile is skipped in silence', reads: [undefined], reloads: 0 },
  {
    name: 'content that does not parse is a warning each time',
    reads: [{ error: 'Corefile:1 - x' }, { error: 'Corefile:1 - x' }],
    reloads: 0,
    logged: [
      '[WARNING] Corefile parse failed: Corefile:1 - x',
      '[WARNING] Corefile parse failed: Corefile:1 - x',
    ],
  },
  {
    name: 'content that fails to load is not tried again',
    reads: [{ hash: 'bb' }, { hash: 'bb' }],
    results: ['plugin/x: no'],
    reloads: 1,
    failures: 1,
    hash: 'bb',
    logged: ['[ERROR] Corefile changed but reload failed: plugin/x: no'],
  },
  {
    name: 'going back to what runs needs no load',
    reads: [{ hash: 'bb' }, { hash: 'aa' }],
    results: ['no'],
    reloads: 1,
    failures: 1,
    hash: 'aa',
    logged: ['[ERROR] Corefile changed but reload failed: no'],
  },
]
for (const c of checks) {
  test(`check: ${c.name}`, async () => {
    const { check, seen } = setUp(c.reads, c.results)
    for (const _ of c.reads) await check()
    const { reloads, failures = 0, logged = [], hash } = c
    assert.deepEqual(seen, { reloads, failures, logged, version: { hash } })
  })
}

test('check: SIGTERM wins over a reload', async () => {
  const { check, seen } = setUp([{ hash: 'bb' }], [], true)
  await check()
  assert.equal(seen.reloads, 0)
})

test('check: two never overlap', async () => {
  const { check, seen } = setUp([{ hash: 'bb' }, { hash: 'cc' }])
  await Promise.all([check(), check()])
  assert.equal(seen.reloads, 1)
  await check()
  assert.equal(seen.reloads, 2)
})

test('control: the last block of a generation runs the loop, until it is retired', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let reads = 0
  const readCorefile = async () => {
    reads++
    return undefined
  }
  const process = { readCorefile, configHash: 'f00d' }
  const first = fakeControl({ process })
  const last = fakeControl({ process })
  controlReload({ intervalMs: 2000, jitterMs: 0 }, first)
  controlReload({ intervalMs: 5000, jitterMs: 0 }, last)
  await first.started()
  await last.started()
  assert.deepEqual(first.logged, [])
  assert.deepEqual(last.logged, ['[INFO] Running configuration SHA512 = f00d'])
  t.mock.timers.tick(4999)
  assert.equal(reads, 0)
  t.mock.timers.tick(1)
  assert.equal(reads, 1)
  await first.retired()
  await last.retired()
  t.mock.timers.tick(60_000)
  assert.equal(reads, 1)
})

test('metrics: the version is shown from the first changed Corefile on', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { control } = await chain(reload, 'reload 2s 0', {
    control: { process: { readCorefile: async () => ({ hash: 'bb' }), configHash: 'aa' } },
  })
  assert.deepEqual(gaugeValues(control, 'coredns_reload_version_info'), [])
  t.mock.timers.tick(2000)
  await new Promise(setImmediate)
  assert.equal(control.reloads, 1)
  assert.deepEqual(gaugeValues(control, 'coredns_reload_version_info'), [
    { labels: { hash: 'sha512', value: 'bb' }, value: 1 },
  ])
  await control.retired()
})
