import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, options, parseError } from '../../../test/support/plugin-harness.ts'
import type { Timeouts } from '../../chain/block.ts'
import { timeouts } from './index.ts'

const block = (...lines: string[]): string => `timeouts {\n${lines.join('\n')}\n}`

const values: { name: string; text: string; given: Timeouts }[] = [
  {
    name: 'all options',
    text: block('read 2s', 'write 1m30s', 'idle 24h', 'maxtcpqueries 7'),
    given: { readMs: 2000, writeMs: 90_000, idleMs: 86_400_000, maxTcpQueries: 7 },
  },
  { name: 'a bare number is seconds', text: block('read 5'), given: { readMs: 5000 } },
  { name: 'the last value wins', text: block('read 5', 'read 6'), given: { readMs: 6000 } },
  {
    name: 'occurrences add up',
    text: `${block('read 5')}\n${block('idle 1s')}`,
    given: { readMs: 5000, idleMs: 1000 },
  },
  { name: '-1 queries is no limit', text: block('maxtcpqueries -1'), given: { maxTcpQueries: -1 } },
  {
    name: 'a count beyond 31 bits is cut to them',
    text: block('maxtcpqueries 99999999999'),
    given: { maxTcpQueries: 0x7fffffff },
  },
]
for (const c of values)
  test(`parse: ${c.name}`, () => assert.deepEqual(options(timeouts, c.text), c.given))

const at = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const range = (shown: string): string =>
  at(3, `timeout provided '${shown}' needs to be between 1 second and 24 hours`)
const count = (shown: string): string =>
  at(3, `maxtcpqueries provided '${shown}' needs to be -1 (unlimited) or a positive integer`)
const errors = [
  {
    name: 'no block',
    text: 'timeouts',
    message: `plugin/timeouts: ${at(2, 'timeouts block with no timeouts specified')}`,
  },
  {
    name: 'an argument',
    text: 'timeouts 5s',
    message: `plugin/timeouts: ${at(2, "Wrong argument count or unexpected line ending after '5s'")}`,
  },
  { name: 'an unknown option', text: block('dial 5s'), message: at(3, "unknown option: 'dial'") },
  {
    name: 'no duration',
    text: block('read'),
    message: at(3, "Wrong argument count or unexpected line ending after 'read'"),
  },
  {
    name: 'two durations',
    text: block('idle 1s 2s'),
    message: at(3, "Wrong argument count or unexpected line ending after '2s'"),
  },
  {
    name: 'what is no duration',
    text: block('write soon'),
    message: at(3, "failed to parse duration 'soon'"),
  },
  { name: 'less than a second', text: block('read 900ms'), message: range('900ms') },
  { name: 'zero', text: block('read 0'), message: range('0s') },
  { name: 'more than a day', text: block('idle 24h1s'), message: range('24h0m1s') },
  { name: 'a negative duration', text: block('write -3'), message: range('-3s') },
  { name: 'zero queries', text: block('maxtcpqueries 0'), message: count('0') },
  { name: 'a negative count', text: block('maxtcpqueries -2'), message: count('-2') },
  { name: 'a count that is no number', text: block('maxtcpqueries many'), message: count('many') },
]
for (const c of errors)
  test(`parse refuses: ${c.name}`, () => assert.equal(parseError(timeouts, c.text), c.message))

test('control: sets what is given and leaves the rest', async () => {
  const { control } = await chain(timeouts, block('read 2s'), {
    control: { settings: { timeouts: { idleMs: 4000 } } },
  })
  assert.deepEqual(control.settings.timeouts, { readMs: 2000, idleMs: 4000 })
})
