// The campaign itself: nothing that is asked goes without a row or a reason, and what it writes is
// a table.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { decode } from 'dns-packet'
import { answerTo } from '../fakes/fake-upstream.ts'
import { query } from '../support/messages.ts'
import { ROOT } from '../support/source-files.ts'
import { BARS } from './bars.ts'
import { cnameBomb } from './bomb.ts'
import { FORGERY_KINDS, forgeries } from './forgeries.ts'
import { addressIn, flawOf } from './judge.ts'
import { addressOf } from './names.ts'
import { readOptions } from './options.ts'
import { markdown, updated } from './report.ts'
import { verdictOf } from './row.ts'
import { ROWS } from './rows/index.ts'
import { chiSquare, correlation, judgePorts } from './rows/randomness.ts'
import { UNTRIED } from './rows/untried.ts'

test('every bar has a row, or a reason why not, and never both', () => {
  const tried = new Set(ROWS.map(({ bar }) => bar))
  for (const bar of Object.keys(BARS)) assert.equal(tried.has(bar), !(bar in UNTRIED), bar)
  assert.deepEqual(
    [...tried, ...Object.keys(UNTRIED)].filter(bar => !(bar in BARS)),
    [],
  )
})

test('names of rows are unique', () =>
  assert.equal(new Set(ROWS.map(({ name }) => name)).size, ROWS.length))

test('the test files that rows cite are there', () => {
  const cited = ROWS.flatMap(({ tried }) =>
    [...tried.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, path]) => path ?? ''),
  )
  assert.ok(cited.length > 0)
  assert.deepEqual(
    cited.filter(path => !existsSync(join(ROOT, path))),
    [],
  )
})

test('the report has a line for each bar, and its verdicts are those of the figures', () => {
  const [first, second] = ROWS
  const results = [
    { row: first!, figure: { figure: '1 | 2', faults: [] }, seconds: 1 },
    { row: second!, figure: { figure: 'two', faults: ['too much'] }, seconds: 1 },
  ]
  const conditions = {
    version: '1',
    revision: 'abc',
    node: '26',
    cpus: 2,
    seed: 1,
    scale: 1,
    date: '2026-11-30',
  }
  const lines = markdown(results, conditions).split('\n')
  assert.ok(
    lines.some(
      line => line.includes(first!.name) && line.includes('1 \\| 2') && line.endsWith('| holds |'),
    ),
  )
  assert.ok(
    lines.some(
      line =>
        line.includes(second!.name) &&
        line.includes('**too much**') &&
        line.endsWith('| falls short |'),
    ),
  )
  for (const bar of Object.keys(BARS))
    assert.ok(
      lines.some(line => line.startsWith(`| ${bar} |`)),
      bar,
    )
})

test('rows that are tried again take the place of what the report said of them', () => {
  const [first, second] = ROWS
  const results = [first, second].map(row => ({
    row: row!,
    figure: { figure: 'bad', faults: ['too much'] },
    seconds: 1,
  }))
  const conditions = {
    version: '1',
    revision: 'abc',
    node: '26',
    cpus: 2,
    seed: 1,
    scale: 1,
    date: '2026-11-30',
  }
  const before = markdown(results, conditions)
  const after = updated(
    before,
    [{ row: first!, figure: { figure: 'good', faults: [] }, seconds: 1 }],
    'def',
  )
  assert.match(before, / rows: 0 hold, 2 fall short, /)
  assert.match(after, / rows: 1 hold, 1 fall short, /)
  const changed = after.split('\n').filter((line, n) => line !== before.split('\n')[n])
  assert.equal(changed.length, 2)
  assert.ok(
    changed[1]?.includes(`**${first!.name}**: `) && changed[1].endsWith(' | (def) good | holds |'),
  )
})

test("a row that the report does not know yet is put behind its bar's others", () => {
  const document =
    '1 rows: 0 hold, 1 fall short, 0 not tried.\n| R-27a | x | **old**: y | z | falls short |\n| | | **older**: y | z | holds |\n| R-29 | x'
  const row = { ...ROWS[0]!, bar: 'R-27a', name: 'new', tried: 'more' }
  const results = [{ row, figure: { figure: 'good', faults: [] }, seconds: 1 }]
  const lines = updated(document, results, 'def').split('\n')
  assert.equal(lines[3], '| | | **new**: more | (def) good | holds |')
  assert.equal(lines[0], '3 rows: 2 hold, 1 fall short, 0 not tried.')
})

test('a row takes the place of what says why its bar was not tried, or that of a bar not known', () => {
  const document =
    '1 rows: 0 hold, 0 fall short, 1 not tried.\n| R-27a | x | **old**: y | z | holds |\n| | | **older**: y | z | holds |\n| R-31 | x | – | z | not tried |'
  const results = ['R-29', 'R-31'].map(bar => ({
    row: { ...ROWS[0]!, bar, name: `of ${bar}`, tried: 'more' },
    figure: { figure: 'good', faults: [] },
    seconds: 1,
  }))
  const lines = updated(document, results, 'def').split('\n')
  const ends = [
    '**of R-29**: more | (def) good | holds |',
    '**of R-31**: more | (def) good | holds |',
  ]
  assert.equal(lines.length, 5)
  assert.ok(lines[3]?.startsWith('| R-29 | ') && lines[3].endsWith(ends[0]!), lines[3])
  assert.ok(lines[4]?.startsWith('| R-31 | ') && lines[4].endsWith(ends[1]!), lines[4])
  assert.equal(lines[0], '4 rows: 4 hold, 0 fall short, 0 not tried.')
})

test('a row that this machine cannot try neither holds nor falls short', () =>
  assert.equal(verdictOf({ figure: 'no root', faults: [], isUntried: true }), 'not tried'))

const asked = query('www.fwd.test', 'A', { id: 0x1234 }).bytes
const good = answerTo(asked, {
  ra: true,
  answer: [`www.fwd.test. 60 IN A ${addressOf('www.fwd.test')}`],
})

const changed = (at: number, value: number): Uint8Array => {
  const bytes = Uint8Array.from(good)
  bytes[at] = value
  return bytes
}

const flaws = [
  { name: 'none', reply: good, flaw: undefined },
  { name: 'eleven bytes', reply: good.subarray(0, 11), flaw: 'shorter than a header' },
  { name: 'another id', reply: changed(1, 0x35), flaw: 'another id' },
  { name: 'a query', reply: changed(2, 1), flaw: 'no response (QR)' },
  { name: 'another opcode', reply: changed(2, 0xa1), flaw: 'another opcode' },
  { name: 'two questions', reply: changed(5, 2), flaw: '2 questions' },
  { name: 'another letter in the question', reply: changed(14, 0x58), flaw: 'another question' },
  {
    name: 'a record less than announced',
    reply: changed(7, 2),
    flaw: /^not to be decoded|^counts/,
  },
]
for (const { name, reply, flaw } of flaws)
  test(`judge: ${name}`, () => {
    const found = flawOf(asked, reply)
    if (flaw instanceof RegExp) assert.match(found ?? '', flaw)
    else assert.equal(found, flaw)
  })

test('judge: the address of a name is the one that the upstream gives, in any case', () => {
  assert.equal(addressIn(good), addressOf('WWW.fwd.test.'))
})

test('a bomb is a message of thousands of CNAMEs', () => {
  const bytes = cnameBomb(query('b1.bomb.test').bytes)
  const { answers = [] } = decode(Buffer.from(bytes))
  assert.ok(bytes.length > 64_000 && bytes.length < 65_536)
  assert.ok(answers.length > 4000 && answers.every(({ type }) => type === 'CNAME'))
})

test('no forgery is a true reply', () => {
  for (const forged of forgeries(asked, 50 * FORGERY_KINDS, 1)) {
    assert.ok(flawOf(asked, forged) !== undefined, Buffer.from(forged).toString('hex'))
  }
})

test('figures on randomness tell good numbers from bad ones', () => {
  const steps = Array.from({ length: 25_600 }, (_, n) => n & 255)
  assert.ok(chiSquare(steps) < 0 && chiSquare(steps.map(byte => byte >>> 1)) > 100)
  assert.ok(correlation(steps) > 0.9)
  assert.deepEqual(judgePorts([1, 1, 2, 1]), { distinct: 2, mostUses: 3, adjacent: 0.25 })
})

test('options: a part of the campaign, or its short form, writes no document', () => {
  assert.equal(readOptions([]).write, true)
  for (const argv of [['--only', 'R-27b'], ['--short'], ['--no-write']])
    assert.equal(readOptions(argv).write, false)
  for (const argv of [['--seed', 'x'], ['--scale', '0'], ['--bogus']])
    assert.throws(() => readOptions(argv))
})
