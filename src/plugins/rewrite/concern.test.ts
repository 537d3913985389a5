import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options, query } from '../../../test/support/plugin-harness.ts'
import { nameToText } from '../../wire/name.ts'
import { concernsOf } from './concern.ts'
import { Draft } from './draft.ts'
import { rewrite } from './index.ts'
import { compileRule } from './question-rules.ts'

const concerns = (text: string) => concernsOf(options(rewrite, text))

const cases: { rule: string; text: string; name: string; type?: string; expected: boolean }[] = [
  { rule: 'exact', text: 'name a.test b.test', name: 'a.test.', expected: true },
  { rule: 'exact, other letters', text: 'name A.test b.test', name: 'a.TEST.', expected: true },
  { rule: 'exact, below', text: 'name a.test b.test', name: 'x.a.test.', expected: false },
  { rule: 'exact, the root', text: 'name . b.test', name: '.', expected: true },
  { rule: 'prefix', text: 'name prefix api gw', name: 'api.test.', expected: true },
  {
    rule: 'prefix, more of a label',
    text: 'name prefix api gw',
    name: 'apis.test.',
    expected: false,
  },
  { rule: 'suffix', text: 'name suffix .a.test .b.test', name: 'x.a.test.', expected: true },
  {
    rule: 'suffix, the zone',
    text: 'name suffix .a.test .b.test',
    name: 'a.test.',
    expected: false,
  },
  {
    rule: 'suffix in a label',
    text: 'name suffix a.test b.test',
    name: 'xa.test.',
    expected: true,
  },
  { rule: 'substring', text: 'name substring b c', name: 'a.b.c.', expected: true },
  { rule: 'substring, no end', text: 'name substring b c', name: 'a.bb.c.', expected: true },
  { rule: 'no substring', text: 'name substring b c', name: 'a.bc.c.', expected: false },
  {
    rule: 'regex',
    text: String.raw`name regex ^(.*)\.a\.test\.$ {1}.b`,
    name: 'x.a.test.',
    expected: true,
  },
  {
    rule: 'no regex',
    text: String.raw`name regex ^(.*)\.a\.test\.$ {1}.b`,
    name: 'x.a.test.net.',
    expected: false,
  },
  { rule: 'ttl', text: 'ttl suffix .test 5', name: 'a.test.', expected: true },
  { rule: 'no ttl', text: 'ttl suffix .test 5', name: 'a.net.', expected: false },
  { rule: 'rcode', text: 'rcode a.test 3 0', name: 'a.test.', expected: true },
  { rule: 'no rcode', text: 'rcode a.test 3 0', name: 'b.test.', expected: false },
  { rule: 'type', text: 'type ANY HINFO', name: 'a.test.', type: 'ANY', expected: true },
  { rule: 'no type', text: 'type ANY HINFO', name: 'a.test.', expected: false },
  { rule: 'no class', text: 'class CH IN', name: 'a.test.', expected: false },
  {
    rule: 'a dot in a label',
    text: 'name prefix a b',
    name: String.raw`a\.x.test.`,
    expected: false,
  },
  {
    rule: 'any of them',
    text: 'name a.test b.test\nrewrite type MX A',
    name: 'a.test.',
    expected: true,
  },
]
for (const { rule, text, name, type, expected } of cases)
  test(`concerns: ${rule}`, () =>
    assert.equal(concerns(`rewrite ${text}`)?.(query(name, type)), expected))

for (const text of [
  'edns0 nsid set',
  'cname a.test b.test',
  'ttl regex .* 5',
  'name regex (a|b) c',
])
  test(`concerns: every question: ${text}`, () =>
    assert.equal(concerns(`rewrite name a.test b.test\nrewrite ${text}`), undefined))

const RULES = [
  'name a.test b.test',
  String.raw`name \240a.test b.test`,
  'name prefix a b',
  String.raw`name prefix a\. b`,
  'name suffix .a.test .b.test',
  'name suffix st b.test',
  'name substring a b',
  'ttl exact b.a.test 5',
  'type AAAA A',
]
const LABELS = ['a', 'b', 'A', 'test', 'aa', String.raw`a\.`, String.raw`\240a`, 'a\\ b', 'st']

test('concerns: just the questions that a rule applies to', () => {
  const all = RULES.map(text => options(rewrite, `rewrite ${text}`))
  for (const rules of all) {
    const asks = concernsOf(rules)
    const applies = rules.map(compileRule)
    for (let n = 0; n < LABELS.length ** 3; n++) {
      const labels = [n % 9, Math.floor(n / 9) % 9, Math.floor(n / 81)].map(k => LABELS[k])
      const asked = query(`${labels.join('.')}.`, n % 2 === 0 ? 'A' : 'AAAA')
      assert.equal(
        asks?.(asked),
        applies.some(apply => apply(new Draft(asked)) !== undefined),
        nameToText(asked.question.wire),
      )
    }
  }
})
