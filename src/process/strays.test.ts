import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock, fakeLogger } from '../../test/fakes/fake-scopes.ts'
import { Strays } from './strays.ts'

const setUp = () => {
  const log: string[] = []
  const clock = fakeClock()
  let counted = 0
  const strays = new Strays({
    nowMs: () => clock.ms(),
    log: fakeLogger(log),
    count: () => void counted++,
  })
  return { log, clock, strays, counted: () => counted }
}

const thrownIn = (file: string, text: string): Error => {
  const error = new Error(text)
  error.stack = `Error: ${text}\n    at x (file:///srv/src/${file}:1:2)`
  return error
}

const texts: { rule: string; error: unknown; line: RegExp }[] = [
  {
    rule: 'the plugin whose file the stack names is named',
    error: thrownIn('plugins/forward/control.ts', 'boom'),
    line: /^\[ERROR\] Recovered from panic in main: plugin\/forward: boom$/,
  },
  {
    rule: 'a file deep in its folder is its own too',
    error: thrownIn('plugins/kubernetes/watch/source.ts', 'boom'),
    line: /^\[ERROR\] Recovered from panic in main: plugin\/kubernetes: boom$/,
  },
  {
    rule: 'one from outside is known by the version of its files',
    error: thrownIn('x/plugins/mine/index.ts?shardns=gr-eet.0123456789abcdef.2', 'boom'),
    line: /^\[ERROR\] Recovered from panic in main: plugin\/gr-eet: boom$/,
  },
  {
    rule: 'what stands around one from outside is none',
    error: thrownIn('outside/serve-half.ts', 'boom'),
    line: /^\[ERROR\] Recovered from panic in main: Error: boom at x/,
  },
  {
    rule: 'where there is none, the place is told in one line',
    error: thrownIn('process/server.ts', 'boom'),
    line: /^\[ERROR\] Recovered from panic in main: Error: boom at x \(file:.*server\.ts:1:2\)$/,
  },
  {
    rule: 'what is no error has its text',
    error: undefined,
    line: /^\[ERROR\] Recovered from panic in main: undefined$/,
  },
]
for (const { rule, error, line } of texts)
  test(rule, () => {
    const { log, strays, counted } = setUp()
    strays.tell(error)
    assert.match(log.join('\n'), line)
    assert.equal(counted(), 1)
  })

test('a plugin has one line in a second, and all are counted', () => {
  const { log, clock, strays, counted } = setUp()
  const error = thrownIn('plugins/forward/control.ts', 'boom')
  for (let k = 0; k < 5; k++) strays.tell(error)
  strays.tell(thrownIn('plugins/hosts/control.ts', 'bang'))
  clock.advance(1000)
  strays.tell(error)
  const prefix = '[ERROR] Recovered from panic in main: '
  assert.deepEqual(log, [
    `${prefix}plugin/forward: boom`,
    `${prefix}plugin/hosts: bang`,
    `${prefix}plugin/forward: boom (and 4 more before)`,
  ])
  assert.equal(counted(), 7)
})
