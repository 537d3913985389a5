import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, options, parseError } from '../../../test/support/plugin-harness.ts'
import type { ProcessControl } from '../../chain/plugin/control-scope.ts'
import { ready } from './index.ts'

const AT = (line: number) => `Corefile:${line} - Error during parsing: `

const accepted = [
  { text: 'ready', expected: { address: ':8181', monitor: 'until-ready' } },
  { text: 'ready [::1]:1', expected: { address: '[::1]:1', monitor: 'until-ready' } },
  {
    text: 'ready {\nmonitor continuously\n}',
    expected: { address: ':8181', monitor: 'continuously' },
  },
  {
    text: 'ready {\nmonitor until-ready\n}',
    expected: { address: ':8181', monitor: 'until-ready' },
  },
] as const
for (const c of accepted)
  test(`parse: ${JSON.stringify(c.text)}`, () =>
    assert.deepEqual(options(ready, c.text), c.expected))

const refused = [
  { text: 'ready\nready', message: 'this plugin can only be used once per Server Block' },
  { text: 'ready bla', message: 'address bla: missing port in address' },
  {
    text: 'ready :1 :2',
    message: `${AT(2)}Wrong argument count or unexpected line ending after ':2'`,
  },
  { text: 'ready {\nbogus\n}', message: `${AT(3)}unknown property 'bogus'` },
  {
    text: 'ready {\nmonitor\n}',
    message: `${AT(3)}Wrong argument count or unexpected line ending after 'monitor'`,
  },
  {
    text: 'ready {\nmonitor a b\n}',
    message: `${AT(3)}Wrong argument count or unexpected line ending after 'b'`,
  },
  {
    text: 'ready {\nmonitor sometimes\n}',
    message: `${AT(3)}monitor type 'sometimes' not supported`,
  },
]
for (const c of refused)
  test(`parse refuses: ${JSON.stringify(c.text)}`, () =>
    assert.equal(parseError(ready, c.text), c.message))

const setUp = async (text: string, process: Partial<ProcessControl> = {}) => {
  const state = new Map([
    ['kubernetes', false],
    ['erratic', false],
  ])
  const notReady = () => [...state.keys()].filter(name => !state.get(name)).sort()
  const { control } = await chain(ready, text, {
    control: { process: { readiness: { add() {}, notReady }, ...process } },
  })
  const ask = async () => {
    const answer = await control.routes[0]?.respond({ method: 'GET', acceptEncoding: '' })
    return [answer?.status, answer?.body]
  }
  return { state, control, ask }
}

test('/ready: names the plugins that are not ready, sorted, and logs them', async () => {
  const { control, ask } = await setUp('ready')
  assert.deepEqual(await ask(), [503, 'erratic,kubernetes'])
  assert.deepEqual(control.logged, ['[INFO] Plugins not ready: "erratic,kubernetes"'])
})

const monitors = [
  {
    text: 'ready',
    name: 'until-ready: a plugin that was ready once is not asked again',
    later: [200, 'OK'],
  },
  {
    text: 'ready {\nmonitor continuously\n}',
    name: 'continuously: a plugin that fails later counts',
    later: [503, 'kubernetes'],
  },
]
for (const c of monitors) {
  test(`/ready: ${c.name}`, async () => {
    const { state, ask } = await setUp(c.text)
    state.set('kubernetes', true)
    assert.deepEqual(await ask(), [503, 'erratic'])
    state.set('erratic', true)
    assert.deepEqual(await ask(), [200, 'OK'])
    state.set('kubernetes', false)
    assert.deepEqual(await ask(), c.later)
  })
}

test('/ready: fails until the shards are warm, without a word in the log', async () => {
  let isWarm = false
  const { state, control, ask } = await setUp('ready', { isWarm: () => isWarm })
  state.clear()
  assert.deepEqual(await ask(), [503, 'Warming up'])
  isWarm = true
  assert.deepEqual(await ask(), [200, 'OK'])
  assert.deepEqual(control.logged, [])
})

test('/ready: fails while shutting down, with everything ready', async () => {
  let isShuttingDown = false
  const { state, ask } = await setUp('ready', { isShuttingDown: () => isShuttingDown })
  state.clear()
  assert.deepEqual(await ask(), [200, 'OK'])
  isShuttingDown = true
  assert.deepEqual(await ask(), [503, 'Shutting down'])
})

test('control: an address that cannot be opened is a log line', async () => {
  const { control } = await setUp('ready :8199')
  const { address, path, onBindFailure, failureText } = control.routes[0] ?? {}
  assert.deepEqual(
    [address, path, onBindFailure, failureText],
    [':8199', '/ready', 'log', 'Failed to start readiness handler'],
  )
})
