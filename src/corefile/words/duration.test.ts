import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationError, formatDuration, parseDuration } from './duration.ts'

const good: { text: string; ms: number; shown: string }[] = [
  { text: '0', ms: 0, shown: '0s' },
  { text: '-0', ms: 0, shown: '0s' },
  { text: '5s', ms: 5000, shown: '5s' },
  { text: '+5s', ms: 5000, shown: '5s' },
  { text: '-5s', ms: -5000, shown: '-5s' },
  { text: '1.5h', ms: 5_400_000, shown: '1h30m0s' },
  { text: '2h45m', ms: 9_900_000, shown: '2h45m0s' },
  { text: '1m30.5s', ms: 90_500, shown: '1m30.5s' },
  { text: '90s', ms: 90_000, shown: '1m30s' },
  { text: '300ms', ms: 300, shown: '300ms' },
  { text: '.5s', ms: 500, shown: '500ms' },
  { text: '5.s', ms: 5000, shown: '5s' },
  { text: '1.5ms', ms: 1.5, shown: '1.5ms' },
  { text: '2us', ms: 0.002, shown: '2µs' },
  { text: '2µs', ms: 0.002, shown: '2µs' },
  { text: '2μs', ms: 0.002, shown: '2µs' },
  { text: '7ns', ms: 0.000007, shown: '7ns' },
  { text: '0.9ns', ms: 0, shown: '0s' },
  { text: '100h', ms: 360_000_000, shown: '100h0m0s' },
]

for (const { text, ms, shown } of good)
  test(`duration: ${text}`, () => {
    assert.equal(Math.abs(parseDuration(text) ?? Number.NaN), Math.abs(ms))
    assert.equal(Math.sign(parseDuration(text) ?? Number.NaN) || 0, Math.sign(ms) || 0)
    assert.equal(formatDuration(ms), shown)
    assert.equal(durationError(text), '')
  })

const bad: { text: string; error: string }[] = [
  { text: '', error: 'time: invalid duration ""' },
  { text: '-', error: 'time: invalid duration "-"' },
  { text: 's', error: 'time: invalid duration "s"' },
  { text: '.s', error: 'time: invalid duration ".s"' },
  { text: '5', error: 'time: missing unit in duration "5"' },
  { text: '1m5', error: 'time: missing unit in duration "1m5"' },
  { text: '5x', error: 'time: unknown unit "x" in duration "5x"' },
  { text: '5d', error: 'time: unknown unit "d" in duration "5d"' },
  { text: '5s ', error: 'time: unknown unit "s " in duration "5s "' },
  { text: '1"é', error: String.raw`time: unknown unit "\"\xc3\xa9" in duration "1\"\xc3\xa9"` },
  { text: '9223372036854775808ns', error: 'time: invalid duration "9223372036854775808ns"' },
  { text: '2562048h', error: 'time: invalid duration "2562048h"' },
  { text: '99999999999999999999', error: 'time: invalid duration "99999999999999999999"' },
]

for (const { text, error } of bad)
  test(`duration error: ${error}`, () => {
    assert.equal(parseDuration(text), undefined)
    assert.equal(durationError(text), error)
  })

test('duration: the least one is read', () => {
  assert.equal(parseDuration('-9223372036854775808ns'), Number('-9223372036854.775808'))
})

test('duration: a megabyte of digits is refused at once', () => {
  assert.equal(parseDuration(`${'1'.repeat(1_000_000)}s`), undefined)
})
