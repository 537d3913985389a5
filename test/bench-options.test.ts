// The bench suite's command line.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions } from '../bench/options.ts'
import { commandLine } from '../bench/report/report.ts'

const OPTIONS = [
  {
    rule: 'nothing said',
    argv: [],
    expected: { rounds: 5, starts: 1, seconds: 5, only: [], idleSeconds: 30, isQuick: false },
  },
  {
    rule: 'quick',
    argv: ['--quick'],
    expected: { rounds: 1, seconds: 1, only: ['shardns', 'unbound', 'coredns'], idleSeconds: 8 },
  },
  {
    rule: 'quick, and what is said besides',
    argv: ['--quick', 'idle', '--rounds', '2', '--only', 'shardns,', '--idle-seconds', '0.5'],
    expected: { rounds: 2, seconds: 1, only: ['shardns'], scenarios: ['idle'], idleSeconds: 0.5 },
  },
  {
    rule: 'another revision: what V8 makes of a start is a matter of luck',
    argv: ['--compare', 'main'],
    expected: { starts: 6, rounds: 5, compare: 'main' },
  },
  { rule: 'starts', argv: ['--compare', 'main', '--starts', '2'], expected: { starts: 2 } },
  {
    rule: 'only, twice',
    argv: ['--only', 'a,b', '--only', 'c'],
    expected: { only: ['a', 'b', 'c'] },
  },
] as const

test('options are what the command line says, or what they usually are', async t => {
  for (const { rule, argv, expected } of OPTIONS)
    await t.test(rule, () => {
      const options: Record<string, unknown> = { ...readOptions(argv) }
      const found = Object.fromEntries(Object.keys(expected).map(key => [key, options[key]]))
      assert.deepEqual(found, expected)
    })
})

test('what is no option is refused', async t => {
  for (const argv of [['--rounds', '1.5'], ['--seconds', '0'], ['--idle-seconds', 'x'], ['--fast']])
    await t.test(argv.join(' '), () => assert.throws(() => readOptions(argv)))
})

test('a command is kept without what only says how the run went', async t => {
  const commands = [
    { argv: [], expected: 'npm run bench' },
    { argv: ['hits', '--rounds', '3'], expected: 'npm run bench -- hits --rounds 3' },
    {
      argv: ['hits', '--note', 'others were busy', '--write-docs'],
      expected: 'npm run bench -- hits',
    },
    { argv: ['--note=busy', 'idle'], expected: 'npm run bench -- idle' },
  ]
  for (const { argv, expected } of commands)
    await t.test(expected, () => assert.equal(commandLine(argv), expected))
})
