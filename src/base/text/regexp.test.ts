import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileRegexp, isPatternTooLong } from './regexp.ts'

const matches = [
  { pattern: 'timeout$', text: 'read: i/o timeout', expected: true },
  { pattern: 'timeout$', text: 'timeout reached', expected: false },
  { pattern: '(?i)^FAILED', text: 'failed to start', expected: true },
  { pattern: '', text: 'anything', expected: true },
  { pattern: String.raw`\bx\b`, text: 'a x b', expected: true },
]
for (const c of matches) {
  test(`compileRegexp: /${c.pattern}/ on ${JSON.stringify(c.text)}`, () => {
    const regexp = compileRegexp(c.pattern)
    assert.equal(regexp.test(c.text), c.expected)
    assert.equal(regexp.test(c.text), c.expected)
  })
}

const found = [
  { pattern: '^(a)?(.*)x', text: 'bcxyx', expected: ['bcxyx', '', 'bcxy'] },
  { pattern: 'b(?P<name>.)', text: 'abcd', expected: ['bc', 'c'] },
  { pattern: 'b', text: 'abc', expected: ['b'] },
  { pattern: '^b', text: 'abc', expected: undefined },
]
for (const c of found) {
  test(`find: /${c.pattern}/ in ${c.text}`, () => {
    const regexp = compileRegexp(c.pattern)
    assert.deepEqual(regexp.find(c.text), c.expected)
    assert.equal(regexp.groups, (c.pattern.match(/\(/g) ?? []).length)
  })
}

const refused = [
  { pattern: '(', message: 'error parsing regexp: missing closing ): `(`' },
  { pattern: '(?=a)', message: 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`' },
  { pattern: '(a)\\1', message: 'error parsing regexp: invalid escape sequence: `\\1`' },
  { pattern: 'x'.repeat(10_001), message: 'regex pattern too long: 10001 > 10000' },
]
for (const c of refused) {
  test(`compileRegexp refuses: ${c.pattern.slice(0, 20)}`, () =>
    assert.throws(() => compileRegexp(c.pattern), { message: c.message }))
}

test('isPatternTooLong counts bytes', () => {
  assert.equal(isPatternTooLong('é'.repeat(5000)), false)
  assert.equal(isPatternTooLong('é'.repeat(5001)), true)
})

test('compileRegexp: a pattern that makes backtracking engines hang ends at once', () => {
  assert.equal(compileRegexp('^(a+)+$').test(`${'a'.repeat(253)}!`), false)
})
