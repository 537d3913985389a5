import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMapping, isScalar, parseYaml } from './yaml.ts'

test('contents are plain data, aliases repeat, integers are bigints', () => {
  const { value } = parseYaml('a: &x [1, two, true]\nb: *x\nc:\n')
  assert.deepEqual(value, { a: [1n, 'two', true], b: [1n, 'two', true], c: null })
})

const wrong: [name: string, text: string, message: RegExp][] = [
  ['a bracket that is left open', 'a: 1\nb: [1\nc: }', /^line 3 is no YAML: [^\n]+$/],
  ['a key that comes twice', 'a: 1\nb: 2\na: 3', /^line 3 is no YAML: Map keys must be unique$/],
  ['a second document', 'a: 1\n---\nb: 2', /^line \d is no YAML: a second document begins here$/],
  [
    'aliases without end',
    `a: &a [x]\n${Array.from({ length: 9 }, (_, i) => `b${i}: &b${i} [${`*${i === 0 ? 'a' : `b${i - 1}`},`.repeat(9)}]`).join('\n')}`,
    /^its aliases repeat more than 100 times$/,
  ],
]
for (const [name, text, message] of wrong)
  test(`no YAML: ${name}`, () => assert.throws(() => parseYaml(text), { message }))

const lines: [path: string, line: number][] = [
  ['', 2],
  ['first', 2],
  ['second', 3],
  ['second inner', 5],
  ['second inner deep', 6],
  ['second 7', 7],
  ['second absent', 3],
  ['absent', 2],
  ['first below', 2],
  ['alias', 8],
  ['alias inner', 8],
]
const TEXT = `# comment
first: 1
second: &s

  inner:
    deep: 1
  7: x
alias: *s
`
for (const [path, line] of lines)
  test(`the line of '${path}' is ${line}`, () =>
    assert.equal(parseYaml(TEXT).lineOf(path.split(' ').filter(Boolean)), line))

for (const [value, mapping, scalar] of [
  [{}, true, false],
  [[], false, false],
  [null, false, false],
  ['', false, true],
  [1n, false, true],
  [false, false, true],
] as const)
  test(`kinds: ${typeof value} ${String(value)}`, () =>
    assert.deepEqual([isMapping(value), isScalar(value)], [mapping, scalar]))
