import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replaceEnvironment } from './env.ts'

const env = {
  PORT: '1053',
  WORDS: 'a b',
  NESTED: '{$PORT}',
  SELF: 'x{$SELF}',
  DOUBLE: '{$DOUBLE}{$DOUBLE}',
  PING: '{%PONG%}',
  PONG: '{$PING}',
  MONEY: '$&$1',
}

const cases: { rule: string; text: string; expected: string | undefined }[] = [
  {
    rule: 'text without references stays',
    text: 'plain {x} $PORT %PORT%',
    expected: 'plain {x} $PORT %PORT%',
  },
  { rule: '{$NAME}', text: '.:{$PORT}', expected: '.:1053' },
  { rule: '{%NAME%}', text: '.:{%PORT%}', expected: '.:1053' },
  { rule: 'several references', text: '{$PORT}-{%PORT%}-{$PORT}', expected: '1053-1053-1053' },
  { rule: 'unset is empty', text: 'a{$UNSET}b', expected: 'ab' },
  { rule: 'blanks stay inside the token', text: '{$WORDS}', expected: 'a b' },
  { rule: 'a value may hold a reference', text: '{$NESTED}', expected: '1053' },
  { rule: 'a value is no replacement pattern', text: '{$MONEY}', expected: '$&$1' },
  { rule: '{$} stays', text: '{$}', expected: '{$}' },
  { rule: '{$} ends the replacing', text: '{$}{$PORT}', expected: '{$}{$PORT}' },
  { rule: '{%%} stays', text: '{%%}', expected: '{%%}' },
  { rule: '{%} stays', text: '{%}', expected: '{%}' },
  { rule: 'an open reference stays', text: '{$PORT', expected: '{$PORT' },
  {
    rule: 'names of Object.prototype are unset',
    text: '{$__proto__}{$constructor}{%toString%}',
    expected: '',
  },
  { rule: 'a variable that refers to itself does not end', text: '{$SELF}', expected: undefined },
  { rule: 'a variable that doubles itself does not end', text: '{$DOUBLE}', expected: undefined },
  {
    rule: 'a {$} form yielding a {%} form is not expanded again',
    text: '{$PING}',
    expected: '{%PONG%}',
  },
]

for (const { rule, text, expected } of cases)
  test(`environment: ${rule}`, () => {
    assert.equal(replaceEnvironment(text, env), expected)
  })

test('environment: process.env works', () => {
  assert.equal(replaceEnvironment('{$PATH}', process.env), process.env.PATH)
  assert.equal(replaceEnvironment('{$__proto__}', process.env), '')
})
