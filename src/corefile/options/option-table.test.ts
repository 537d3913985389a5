import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directive } from '../../../test/support/directive-text.ts'
import { CorefileError } from '../diagnostics/diagnostic.ts'
import {
  argument,
  argumentsOf,
  derived,
  flag,
  list,
  option,
  otherLines,
  requiredArgument,
  withoutEffect,
  words,
  zoneList,
  zonesArgument,
} from './option-rows.ts'
import { eachOccurrence, noOptions, type OptionTable, optionTable } from './option-table.ts'
import { duration, integer, oneOf, text } from './values.ts'

const table = optionTable('once', {
  rows: {
    size: argument('SIZE', integer({ least: 1, most: 9 }), { default: '5', does: 'size' }),
    zones: zonesArgument('zones'),
    mode: option('mode', oneOf(['fast', 'slow']), { default: 'slow', does: 'mode' }),
    pause: option('pause', duration({ least: 0 }), { unset: undefined, does: 'pause' }),
    isQuiet: flag('quiet', { does: 'say nothing' }),
    isOpen: flag('closed', { sets: false, does: 'close' }),
    names: list('names', text('NAME'), { does: 'names' }),
    last: list('last', text('NAME'), { replaces: true, does: 'last names' }),
    fall: zoneList('fall', { unset: [], does: 'fall' }),
    pair: words('pair', 'A B', {
      least: 2,
      most: 2,
      does: 'two words',
      start: () => '',
      read: given => given.map(word => word.text).join('+'),
    }),
    key: derived(({ blockKeys }) => blockKeys.join()),
  },
  others: [
    withoutEffect('old', '[X]', {
      support: 'retired',
      does: 'old',
      meet: (_, d) => d.warn('gone', 'retired') as undefined,
    }),
  ],
})

const DEFAULTS = {
  size: 5,
  zones: ['.'],
  mode: 'slow',
  pause: undefined,
  isQuiet: false,
  isOpen: true,
  names: [],
  last: [],
  fall: [],
  pair: '',
  key: '.',
}

const good: [
  rule: string,
  text: string,
  expected: Partial<Record<keyof typeof DEFAULTS, unknown>>,
][] = [
  ['defaults, in the words of the Corefile', 'cache', {}],
  ['an empty block', 'cache {\n}', {}],
  [
    'arguments in order',
    'cache 7 A.org 10.0.0.0/8',
    { size: 7, zones: ['a.org.', '10.in-addr.arpa.'] },
  ],
  [
    'the last line counts',
    'cache {\nmode fast\npause 1s\npause 2s\n}',
    { mode: 'fast', pause: 2000 },
  ],
  ['flags', 'cache {\nquiet\nclosed\n}', { isQuiet: true, isOpen: false }],
  ['a list adds up', 'cache {\nnames a b\nnames c\n}', { names: ['a', 'b', 'c'] }],
  ['a list that does not', 'cache {\nlast a b\nlast c\n}', { last: ['c'] }],
  ['zones, or all', 'cache {\nfall\n}', { fall: ['.'] }],
  ['the zones given last', 'cache {\nfall\nfall a.org\n}', { fall: ['a.org.'] }],
  ['several words', 'cache {\npair a b\n}', { pair: 'a+b' }],
  ['what is retired', 'cache {\nold x y\n}', {}],
]
for (const [rule, given, expected] of good)
  test(`table: ${rule}`, () =>
    assert.deepEqual(table.parse(directive(given)), { ...DEFAULTS, ...expected }))

test('table: what is read once is not there the next time', () => {
  table.parse(directive('cache {\nnames a\nlast a\nfall\n}'))
  assert.deepEqual(table.parse(directive('cache')), DEFAULTS)
})

const at = (line: number, what: string): string =>
  `Corefile:${line} - Error during parsing: ${what}`
const count = (line: number, word: string): string =>
  at(line, `Wrong argument count or unexpected line ending after '${word}'`)

const bad: [rule: string, text: string, message: string][] = [
  ['twice', 'cache\ncache', 'this plugin can only be used once per Server Block'],
  ['an argument out of range', 'cache 10', at(2, "'10' is out of range: 1 to 9")],
  ['an unknown name', 'cache {\nmod fast\n}', at(3, "unknown property 'mod'")],
  ['no value', 'cache {\nmode\n}', count(3, 'mode')],
  ['two values', 'cache {\nmode fast slow\n}', count(3, 'slow')],
  ['a flag with a value', 'cache {\nquiet on off\n}', count(3, 'off')],
  ['an empty list', 'cache {\nnames\n}', count(3, 'names')],
  ['a word too few', 'cache {\npair a\n}', count(3, 'a')],
  ['a word too many', 'cache {\npair a b c\n}', count(3, 'c')],
]
for (const [rule, given, message] of bad)
  test(`table refuses: ${rule}`, () =>
    assert.throws(() => table.parse(directive(given)), { message }))

const hints: [word: string, hint: string | undefined][] = [
  ['mod', "did you mean 'mode'?"],
  ['siz', undefined],
  ['olb', undefined],
]
for (const [word, hint] of hints)
  test(`table: ${word} is none of the options that anybody should write`, () =>
    assert.throws(
      () => table.parse(directive(`cache {\n${word}\n}`)),
      error => error instanceof CorefileError && error.hint === hint,
    ))

const one = (
  surplus: 'refused-first' | 'ignored' | 'next-line' | undefined,
): OptionTable<unknown> =>
  optionTable('once', {
    rows: {
      mode: option('mode', text('MODE'), {
        default: 'x',
        does: 'mode',
        ...(surplus && { surplus }),
      }),
      isQuiet: flag('quiet', { does: 'quiet', surplus: 'next-line' }),
    },
  })

const surplus: [rule: string, table: OptionTable<unknown>, message: string | undefined][] = [
  ['is refused after the last', one(undefined), count(3, 'quiet')],
  ['is refused after the first', one('refused-first'), count(3, 'b')],
  ['is ignored', one('ignored'), undefined],
  ['is the next line', one('next-line'), at(3, "unknown property 'b'")],
]
for (const [rule, given, message] of surplus)
  test(`table: a word too many ${rule}`, () => {
    const parse = () => given.parse(directive('cache {\nmode a b quiet\n}'))
    if (message !== undefined) assert.throws(parse, { message })
    else assert.deepEqual(parse(), { mode: 'a', isQuiet: false })
  })

test('table: other lines of a block go to the plugin', () => {
  const lines = optionTable('once', {
    rows: { lines: otherLines<string[]>('LINE', { does: 'a line', start: () => [] }) },
    otherLine(d, known, draft) {
      if (d.val() === 'no') return d.unknownOption('no line', known)
      draft.lines.push([d.val(), ...d.remainingArgs()].join(' '))
      return undefined
    },
  })
  assert.deepEqual(lines.parse(directive('hosts {\na b\nLINE\n}')), { lines: ['a b', 'LINE'] })
  assert.throws(() => lines.parse(directive('hosts {\nno\n}')), { message: at(3, 'no line') })
})

const occurrences: [rule: string, table: OptionTable<unknown>, text: string, expected: unknown][] =
  [
    [
      'the last',
      optionTable('last', { rows: { a: argument('A', text('A'), { unset: '', does: 'a' }) } }),
      'log x\nlog',
      { a: '' },
    ],
    [
      'the first, whatever follows',
      optionTable('first', { rows: { a: argument('A', text('A'), { unset: '', does: 'a' }) } }),
      'log x {\ny\n}\nlog',
      { a: 'x' },
    ],
    [
      'each adds to those before it',
      optionTable('added', {
        rows: {
          a: argument('A', text('A'), { unset: '', does: 'a' }),
          b: option('b', text('B'), { unset: '', does: 'b' }),
        },
      }),
      'log x {\nb 1\n}\nlog y\nlog',
      { a: 'y', b: '1' },
    ],
    [
      'each',
      eachOccurrence<{ a: string }, string>(
        { rows: { a: argument('A', text('A'), { unset: '', does: 'a' }) } },
        ({ a }) => a,
      ),
      'log x\nlog',
      ['x', ''],
    ],
    ['no options', noOptions('last'), 'debug\ndebug', undefined],
  ]
for (const [rule, given, written, expected] of occurrences)
  test(`table: ${rule}`, () => assert.deepEqual(given.parse(directive(written)), expected))

const nothing: [text: string, message: string][] = [
  ['debug x y', count(2, 'x')],
  ['debug {\nx\n}', at(2, "Unexpected token '{', expecting argument")],
]
for (const [given, message] of nothing)
  test(`a plugin that takes nothing refuses: ${given.replaceAll('\n', ' ')}`, () =>
    assert.throws(() => noOptions('last').parse(directive(given)), { message }))

test('a plugin with arguments only refuses a block', () => {
  const given = optionTable('last', {
    rows: { a: argument('A', text('A'), { unset: '', does: 'a' }) },
  })
  assert.throws(() => given.parse(directive('log x {\ny\n}')), { message: count(3, 'y') })
  assert.throws(() => given.parse(directive('log x y z')), { message: count(2, 'z') })
})

test('words that no row of the arguments takes are refused', () => {
  const first = argumentsOf('A', 'A...', {
    does: 'a',
    start: () => '',
    read: left => left.shift()?.text ?? '',
  })
  const given = optionTable('once', { rows: { first } })
  assert.throws(() => given.parse(directive('log x y')), { message: count(2, 'y') })
})

const needed = optionTable('once', {
  rows: {
    first: requiredArgument('FIRST', text('FIRST'), { does: 'first' }),
    size: requiredArgument('SIZE', integer({ word: 'SIZE|max', least: 1 }), {
      does: 'size',
      wrongCount: given => given.plainErr('no size'),
    }),
    zones: zonesArgument('zones'),
  },
})

test('required arguments: a word each, what is behind them is for others', () => {
  assert.deepEqual(needed.parse(directive('file a 1 Org')), {
    first: 'a',
    size: 1,
    zones: ['org.'],
  })
  assert.deepEqual(
    needed.facts.map(({ name, syntax, range }) => [name, syntax, range]),
    [
      ['FIRST', 'FIRST', ''],
      ['SIZE', 'SIZE|max', '1 or more'],
      ['ZONES', '[ZONES...]', ''],
    ],
  )
})

const lacking: [text: string, message: string][] = [
  ['file', count(2, 'file')],
  ['file a', 'no size'],
  ['file a 0', at(2, "'0' is out of range: 1 or more")],
]
for (const [given, message] of lacking)
  test(`required arguments refuse: ${given.replaceAll('\n', ' ')}`, () =>
    assert.throws(() => needed.parse(directive(given)), { message }))

test('facts: what manuals say of each row', () => {
  const [size, zones, mode] = table.facts
  const said = { place: 'argument', addsUp: false, support: 'yes' }
  assert.deepEqual(size, {
    ...said,
    name: 'SIZE',
    syntax: '[SIZE]',
    default: '5',
    range: '1 to 9',
    does: 'size',
  })
  assert.deepEqual(zones, {
    ...said,
    name: 'ZONES',
    syntax: '[ZONES...]',
    default: 'those of the server block',
    range: '',
    does: 'zones',
  })
  assert.deepEqual(mode, {
    ...said,
    place: 'option',
    name: 'mode',
    syntax: 'mode fast|slow',
    default: 'slow',
    range: '',
    does: 'mode',
  })
  assert.deepEqual(
    table.facts.filter(({ addsUp }) => addsUp).map(({ name }) => name),
    ['names'],
  )
  assert.equal(table.facts.at(-1)?.support, 'retired')
})

test('a table with a default that is none of its values is none', () =>
  assert.throws(() => option('ttl', integer({ most: 9 }), { default: '10', does: 'ttl' }), {
    message:
      "the default of ttl is none of its values: :0 - Error during parsing: '10' is out of range: 9 at most",
  }))

test('a table with two rows of one name is none', () => {
  const row = flag('quiet', { does: 'quiet' })
  assert.throws(() => optionTable('once', { rows: { a: row, b: row } }), {
    message: 'the table has two rows named quiet',
  })
})

test('types tell a table that does not fit its options', () => {
  const word = option('mode', text('MODE'), { default: 'fast', does: 'mode' })
  // @ts-expect-error any word is more than a mode
  const wide: OptionTable<{ mode: 'fast' | 'slow' }> = optionTable('once', { rows: { mode: word } })
  // @ts-expect-error there is no row for size
  const few: OptionTable<{ mode: string; size: number }> = optionTable('once', {
    rows: { mode: word },
  })
  const unset = option('size', integer(), { unset: undefined, does: 'size' })
  // @ts-expect-error what is not given is no number
  const absent: OptionTable<{ size: number }> = optionTable('once', { rows: { size: unset } })
  for (const { facts } of [wide, few, absent]) assert.equal(facts.length, 1)
})
