import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded } from '../../../test/fakes/raw-message.ts'
import { compileRegexp } from '../../base/text/regexp.ts'
import { type Needle, requiredText } from './required-text.ts'

const prefix = (text: string): Needle => ({ how: 'prefix', text })
const suffix = (text: string): Needle => ({ how: 'suffix', text })
const exact = (text: string): Needle => ({ how: 'exact', text })
const part = (text: string): Needle => ({ how: 'substring', text })

const cases: { rule: string; pattern: string; needles: Needle[] }[] = [
  { rule: 'text alone', pattern: 'web', needles: [part('web')] },
  { rule: 'anchors', pattern: String.raw`^web\.test\.$`, needles: [exact('web.test.')] },
  { rule: 'the end', pattern: String.raw`^(.*)\.b\.test\.$`, needles: [suffix('.b.test.')] },
  {
    rule: 'several parts',
    pattern: '^db-([0-9]+)[.]t[.]$',
    needles: [prefix('db-'), suffix('.t.')],
  },
  { rule: 'one or more', pattern: 'ab+c', needles: [part('ab'), part('c')] },
  { rule: 'none or more', pattern: 'ab*c', needles: [part('a'), part('c')] },
  { rule: 'one or none', pattern: '^ab??c', needles: [prefix('a'), part('c')] },
  { rule: 'so many', pattern: 'ab{2,3}c', needles: [part('a'), part('c')] },
  { rule: 'a brace that is none', pattern: 'a{b}c', needles: [part('a{b}c')] },
  { rule: 'a character outside ASCII', pattern: 'a\u{1f600}?b', needles: [part('a'), part('b')] },
  { rule: 'groups', pattern: 'a(b|c(d))?(?:e)(?P<f>g)h', needles: [part('a'), part('h')] },
  {
    rule: 'groups with brackets',
    pattern: String.raw`a([)(]|\))b`,
    needles: [part('a'), part('b')],
  },
  {
    rule: 'classes',
    pattern: String.raw`a\d[^b]c[]d]e`,
    needles: [part('a'), part('c'), part('e')],
  },
  { rule: 'borders of words', pattern: String.raw`\bweb\b`, needles: [part('web')] },
  { rule: 'any letter case', pattern: '(?i)^WEB', needles: [prefix('web')] },
  { rule: 'nothing', pattern: '.*', needles: [] },
  { rule: 'one or the other', pattern: 'a|b', needles: [] },
  { rule: 'flags', pattern: 'a(?i)B', needles: [] },
  { rule: 'flags in a group', pattern: 'a((?i)B)', needles: [] },
  { rule: 'any letter case, and a class in capitals', pattern: String.raw`(?i)a\Sb`, needles: [] },
  { rule: 'quoted text', pattern: String.raw`\Qa.b\E`, needles: [] },
  { rule: 'a character by its number', pattern: String.raw`a\x62`, needles: [] },
  { rule: 'a class by its name', pattern: 'a[[:alpha:]]b', needles: [] },
  { rule: 'an anchor in between', pattern: 'a$b', needles: [] },
]
for (const { rule, pattern, needles } of cases)
  test(`requiredText: ${rule}: ${pattern}`, () => assert.deepEqual(requiredText(pattern), needles))

const holds = (name: string, { how, text }: Needle): boolean => {
  if (how === 'exact') return name === text
  if (how === 'prefix') return name.startsWith(text)
  return how === 'suffix' ? name.endsWith(text) : name.includes(text)
}

const PIECES = [
  ...['a', 'b', 'ab', 'B', '.', '\\.', '\\-', '-', '*', '+', '?', '+?', '{1}', '{0,2}', '{2}'],
  ...['[ab]', '[^a]', '[.]', '[]b]', '[a\\]]', '[[:alpha:]]', '(', ')', '(?:', '(?P<n>', '(?i)'],
  ...['|', '^', '$', '\\b', '\\B', '\\d', '\\D', '\\w', '\\x61', '\\Qa.\\E', '{', '}', '\u00e9'],
]

test('requiredText: whatever matches has it', () => {
  const draw = seeded(7)
  let found = 0
  for (let n = 0; n < 40_000; n++) {
    const pattern = Array.from({ length: 1 + draw(7) }, () => PIECES[draw(PIECES.length)]).join('')
    const needles = requiredText(pattern)
    let compiled: ReturnType<typeof compileRegexp>
    try {
      compiled = compileRegexp(pattern)
    } catch {
      // Not every draw is a pattern.
      continue
    }
    for (let k = 0; k < 10; k++) {
      const name = Array.from({ length: draw(6) }, () => 'aab.-0]'[draw(7)]).join('')
      if (!compiled.test(name)) continue
      if (needles.length > 0) found++
      assert.ok(
        needles.every(needle => holds(name, needle)),
        `${pattern} matches ${name}, which has not all of ${JSON.stringify(needles)}`,
      )
    }
  }
  assert.ok(found > 2000, `${found} matches with needles`)
})
