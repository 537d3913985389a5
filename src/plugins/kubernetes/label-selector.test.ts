import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLabelSelector } from './label-selector.ts'

/** `key operator values`, requirements separated by ` & `. */
const shown = (text: string): string => {
  const parsed = parseLabelSelector(text)
  if ('error' in parsed) return parsed.error
  assert.equal(parsed.text, text)
  return parsed.requirements
    .map(({ key, operator, values }) => `${key} ${operator} [${values.join('|')}]`)
    .join(' & ')
}

const good: [text: string, expected: string][] = [
  ['', ''],
  ['a', 'a Exists []'],
  ['!a', 'a DoesNotExist []'],
  ['! a', 'a DoesNotExist []'],
  ['a=b', 'a In [b]'],
  ['a==b', 'a In [b]'],
  ['a != b', 'a NotIn [b]'],
  ['a=', 'a In []'],
  ['a=,b', 'a In [] & b Exists []'],
  ['a in (b)', 'a In [b]'],
  ['a in (b, c),d', 'a In [b|c] & d Exists []'],
  ['a notin (b,,c)', 'a NotIn [b||c]'],
  ['a in ()', 'a In []'],
  ['in', 'in Exists []'],
  ['example.org/name=v-1_x.Y', 'example.org/name In [v-1_x.Y]'],
  ['a=in', 'a In [in]'],
]

for (const [text, expected] of good)
  test(`selector: ${JSON.stringify(text)}`, () => assert.equal(shown(text), expected))

const bad: [text: string, why: string][] = [
  [',', "found ',', expected: identifier"],
  ['a,', "found '', expected: identifier"],
  ['a b', "found 'b', expected: '=', '==', '!=', 'in', 'notin'"],
  ['a=b c', "found 'c', expected: ','"],
  ['a > 5', "found '>', expected: '=', '==', '!=', 'in', 'notin'"],
  ['a in b', "found 'b', expected: '('"],
  ['a in (b', "found '', expected: ',', ')'"],
  ['a in (b c)', "found 'c', expected: ',', ')'"],
  ['!', "found '', expected: identifier"],
  ['-a', "invalid label key '-a'"],
  ['/a', "invalid label key '/a'"],
  ['UPPER.org/a', "invalid label key 'UPPER.org/a'"],
  [`${'a'.repeat(64)}=b`, `invalid label key '${'a'.repeat(64)}'`],
  ['a=-b', "invalid label value '-b'"],
  ['a=b/c', "invalid label value 'b/c'"],
  [`a=${'b'.repeat(64)}`, `invalid label value '${'b'.repeat(64)}'`],
  ['é=b', "invalid label key 'é'"],
]

for (const [text, why] of bad)
  test(`selector error: ${JSON.stringify(text).slice(0, 30)}`, () => {
    assert.equal(
      shown(text),
      `couldn't parse the selector string "${text}": unable to parse requirement: ${why}`,
    )
  })
