import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded, wire } from '../../test/fakes/raw-message.ts'
import { MAX_GENERATED } from './generate.ts'
import { MAX_INCLUDE_DEPTH, MAX_PROBLEMS, MasterFileParser } from './master-file.ts'
import { recordText } from './record-text.ts'
import { MAX_ENTRY_BYTES } from './scanner.ts'
import { problemText } from './zone-problem.ts'

type Files = Readonly<Record<string, string>>

interface Parsed {
  readonly records: string[]
  readonly problems: string[]
  readonly slices: number
}

const parse = (text: string | Uint8Array, files: Files = {}, sliceBytes = 1e6): Parsed => {
  const records: string[] = []
  const parser = new MasterFileParser({
    file: 'zones/db.org',
    origin: wire('example.org'),
    text,
    record: (owner, type, cls, ttlSeconds, rdata) => {
      records.push(
        recordText({ owner: owner.slice(), type, class: cls, ttlSeconds, rdata: rdata.slice() }),
      )
      return undefined
    },
    readFile: path => files[path] ?? assert.fail(`no such file: ${path}`),
  })
  let slices = 1
  while (!parser.parseSlice(sliceBytes)) slices++
  return { records, problems: parser.problems.map(problemText), slices }
}

const TAKEN: readonly {
  readonly name: string
  readonly text: string
  readonly records: readonly string[]
  readonly files?: Files
}[] = [
  { name: 'nothing', text: '', records: [] },
  { name: 'comments and blank lines', text: '; a ( "\n\n  \t\n ; b', records: [] },
  {
    name: 'no line break at the end',
    text: 'a 5 A 192.0.2.1',
    records: ['a.example.org. 5 IN A 192.0.2.1'],
  },
  {
    name: 'a byte order mark, and CRLF',
    text: '\ufeffa 5 A 192.0.2.1\r\n 6 TXT x\r\n',
    records: ['a.example.org. 5 IN A 192.0.2.1', 'a.example.org. 6 IN TXT "x"'],
  },
  {
    name: 'TTL and class in either order, and neither',
    text: '$TTL 1h\na 5 IN A 192.0.2.1\nb IN 5 A 192.0.2.1\nc in a 192.0.2.1\nd 5 a 192.0.2.1\ne A 192.0.2.1',
    records: [
      'a.example.org. 5 IN A 192.0.2.1',
      'b.example.org. 5 IN A 192.0.2.1',
      'c.example.org. 3600 IN A 192.0.2.1',
      'd.example.org. 5 IN A 192.0.2.1',
      'e.example.org. 3600 IN A 192.0.2.1',
    ],
  },
  {
    name: 'a class does not outlast its record',
    text: 'a 5 CH TXT x\nb TXT x',
    records: ['a.example.org. 5 CH TXT "x"', 'b.example.org. 5 IN TXT "x"'],
  },
  {
    name: 'TTLs with units',
    text: 'a 1W2d3H4m5S A 192.0.2.1\na 1h30 A 192.0.2.2\na 0 A 192.0.2.3\na 4294967295 A 192.0.2.4',
    records: [788645, 3630, 0, 4294967295].map(
      (ttl, i) => `a.example.org. ${ttl} IN A 192.0.2.${i + 1}`,
    ),
  },
  {
    name: 'without $TTL the last TTL that was written holds',
    text: 'a IN A 192.0.2.1\nb 50 A 192.0.2.2\nc A 192.0.2.3\n IN A 192.0.2.4',
    records: [
      'a.example.org. 0 IN A 192.0.2.1',
      'b.example.org. 50 IN A 192.0.2.2',
      'c.example.org. 50 IN A 192.0.2.3',
      'c.example.org. 50 IN A 192.0.2.4',
    ],
  },
  {
    name: '$TTL wins over TTLs that were written',
    text: 'a 50 A 192.0.2.1\n$TTL 70 ; from now on\nb A 192.0.2.2\nc 80 A 192.0.2.3\nd A 192.0.2.4',
    records: [
      'a.example.org. 50 IN A 192.0.2.1',
      'b.example.org. 70 IN A 192.0.2.2',
      'c.example.org. 80 IN A 192.0.2.3',
      'd.example.org. 70 IN A 192.0.2.4',
    ],
  },
  {
    name: 'names: @, relative, absolute, blank, escaped, in the origin of the moment',
    text: '$TTL 5\n@ NS a\n NS b.\nA\\.b\\032c NS @\n$ORIGIN sub\n@ NS \\100\n$origin .\nx NS y',
    records: [
      'example.org. 5 IN NS a.example.org.',
      'example.org. 5 IN NS b.',
      'A\\.b\\ c.example.org. 5 IN NS example.org.',
      'sub.example.org. 5 IN NS d.sub.example.org.',
      'x. 5 IN NS y.',
    ],
  },
  {
    name: 'parentheses, quotes and comments',
    text: '@ 5 SOA ns ( a ; "comment (\n 1 ; serial\n 2(3)4\n\n5 )\nt 5 TXT ( "a;b" ";" c;d\n\t"e\\"f" ) ; end\n',
    records: [
      'example.org. 5 IN SOA ns.example.org. a.example.org. 1 2 3 4 5',
      't.example.org. 5 IN TXT "a;b" ";" "c" "e\\"f"',
    ],
  },
  {
    name: 'quoted strings side by side',
    text: 'a 5 TXT "a""b"c',
    records: ['a.example.org. 5 IN TXT "a" "b" "c"'],
  },
  {
    name: 'an owner that is also a type or a number',
    text: '$TTL 5\nA A 192.0.2.1\n300 300 A 192.0.2.2\nIN IN A 192.0.2.3',
    records: [
      'A.example.org. 5 IN A 192.0.2.1',
      '300.example.org. 300 IN A 192.0.2.2',
      'IN.example.org. 5 IN A 192.0.2.3',
    ],
  },
  { name: 'UTF-8', text: 'é 5 TXT é', records: ['\\195\\169.example.org. 5 IN TXT "\\195\\169"'] },
  {
    name: '$INCLUDE: relative to the file, with an origin or that of the moment; what it sets ends with it',
    text: '$TTL 5\na A 192.0.2.1\n$INCLUDE sub/one\n A 192.0.2.2\n$include "/etc/two" other.example. ; end\nb A 192.0.2.3',
    files: {
      'zones/sub/one': '$TTL 9\n$ORIGIN deep\n@ A 192.0.2.4\n$INCLUDE three',
      'zones/sub/three': 'x A 192.0.2.6',
      '/etc/two': 'x A 192.0.2.5',
    },
    records: [
      'a.example.org. 5 IN A 192.0.2.1',
      'deep.example.org. 9 IN A 192.0.2.4',
      'x.deep.example.org. 9 IN A 192.0.2.6',
      'a.example.org. 5 IN A 192.0.2.2',
      'x.other.example. 5 IN A 192.0.2.5',
      'b.example.org. 5 IN A 192.0.2.3',
    ],
  },
  {
    name: '$GENERATE: range, step and forms of the number',
    text: `$GENERATE 8-16/4 h$-\${-8}-\${2,4}-\${0,3,o}-\${0,2,x}-\${0,0,X} 5 CNAME $.x\n`,
    records: [
      'h8-0-0010-010-08-8.example.org. 5 IN CNAME 8.x.example.org.',
      'h12-4-0014-014-0c-C.example.org. 5 IN CNAME 12.x.example.org.',
      'h16-8-0018-020-10-10.example.org. 5 IN CNAME 16.x.example.org.',
    ],
  },
  {
    name: '$GENERATE: nibbles, a dollar, quotes, and a TTL from before',
    text: `$TTL 7\n$GENERATE 10-11 \${0,3,n}.\${0,3,N} TXT ( "a $ $$ \\$ \\"; " ; comment $\n )`,
    records: [
      'a.0.A.0.example.org. 7 IN TXT "a 10 $ $ \\"; "',
      'b.0.B.0.example.org. 7 IN TXT "a 11 $ $ \\"; "',
    ],
  },
  {
    name: '$GENERATE: bytes above ASCII',
    text: '$GENERATE 1-1 À$ 5 TXT "\u20ac"',
    records: ['\\195\\1281.example.org. 5 IN TXT "\\226\\130\\172"'],
  },
  {
    name: '$GENERATE: owner and TTL of what stands before it hold behind it',
    text: 'a 5 A 192.0.2.1\n$GENERATE 1-1 b 6 A 192.0.2.2\n A 192.0.2.3',
    records: [
      'a.example.org. 5 IN A 192.0.2.1',
      'b.example.org. 6 IN A 192.0.2.2',
      'a.example.org. 5 IN A 192.0.2.3',
    ],
  },
  {
    name: '$GENERATE: 3600 s if there is no TTL',
    text: '$GENERATE 1-1 a IN A 192.0.2.$',
    records: ['a.example.org. 3600 IN A 192.0.2.1'],
  },
]
for (const { name, text, records, files } of TAKEN) {
  test(`master file: ${name}`, () =>
    assert.deepEqual(parse(text, files), { records, problems: [], slices: 1 }))
  test(`master file, byte by byte: ${name}`, () => {
    const { records: found, problems, slices } = parse(text, files, 1)
    assert.deepEqual({ records: found, problems }, { records, problems: [] })
    assert.ok(slices > records.length)
  })
}

const REFUSED: readonly {
  readonly name: string
  readonly text: string
  readonly problems: readonly string[]
  readonly files?: Files
}[] = [
  {
    name: 'a TTL',
    text: 'a A 192.0.2.1\nb   5x A 192.0.2.2',
    problems: [
      '1:3: the record has no TTL, and none stands before it',
      '2:5: TTL 5x is not a number with units',
    ],
  },
  {
    name: '$TTL',
    text: '$TTL soon\n$TTL\n$TTL 5 6',
    problems: [
      '1:6: TTL soon is not a number with units',
      '2:5: a TTL is missing',
      '3:8: 6 is more than the directive needs',
    ],
  },
  {
    name: '$ORIGIN',
    text: '$ORIGIN a..b\n$ORIGIN\n$ORIGIN a b',
    problems: [
      '1:9: a..b is not a name',
      '2:8: an origin is missing',
      '3:11: b is more than the directive needs',
    ],
  },
  {
    name: 'an unknown directive',
    text: '$DATE 5',
    problems: ['1:1: $DATE is not a directive: $TTL, $ORIGIN, $INCLUDE or $GENERATE'],
  },
  {
    name: 'an owner, once for all of its records',
    text: 'a..b 5 A 192.0.2.1\n A 192.0.2.2\n A x',
    problems: ['1:1: a..b is not a name', '3:4: x is not an IPv4 address'],
  },
  {
    name: 'an owner in quotes',
    text: '"a" 5 A 192.0.2.1',
    problems: ['1:1: a is not an owner: it stands in quotes'],
  },
  {
    name: 'no owner',
    text: ' 5 A 192.0.2.1',
    problems: ['1:2: the first record of a file needs an owner'],
  },
  {
    name: 'a type',
    text: 'a 5 IN ADDRESS 192.0.2.1\na 5 AXFR \\# 0\na 5',
    problems: [
      '1:8: ADDRESS is not a record type',
      '2:5: AXFR is not a type that records have',
      '3:4: a record type is missing',
    ],
  },
  {
    name: 'a quote that does not end',
    text: 'a 5 TXT "x\nb 5 TXT "y\\"\nc 5 TXT ok',
    problems: [
      '1:9: this quoted string does not end on its line',
      '2:9: this quoted string does not end on its line',
    ],
  },
  {
    name: 'parentheses',
    text: 'a 5 TXT x )\nb 5 TXT (\n y\n',
    problems: ['1:11: this ) closes nothing', '2:9: this ( is never closed'],
  },
  {
    name: 'places behind parentheses, tabs and other alphabets',
    text: '\ufeffa 5 SOA ( ns é\n1\n\t2 3x\n4 5 )',
    problems: ['3:4: 3x is not a number of seconds with or without units'],
  },
  {
    name: 'a place behind wide letters',
    text: 'é 5 TXT "é𝒳" \\25',
    problems: ['1:15: \\25 has a broken escape'],
  },
  {
    name: 'a file that includes itself',
    text: '$INCLUDE ../zones/db.org',
    problems: ['1:10: file zones/db.org includes itself'],
  },
  {
    name: 'files that include each other',
    text: '$INCLUDE a',
    files: { 'zones/a': '\n$INCLUDE b', 'zones/b': '$INCLUDE a' },
    problems: ['zones/b:1:10: file zones/a includes itself'],
  },
  {
    name: 'a file that is not there',
    text: '$INCLUDE gone',
    problems: ['1:10: file zones/gone cannot be read: no such file: zones/gone'],
  },
  {
    name: '$INCLUDE',
    text: '$INCLUDE\n$INCLUDE a b c\n$INCLUDE a b..c',
    files: { 'zones/a': '' },
    problems: [
      '1:9: a file is missing',
      '2:14: c is more than the directive needs',
      '3:12: b..c is not a name',
    ],
  },
  {
    name: 'a problem in an included file',
    text: '$INCLUDE a\nb 5 A x',
    files: { 'zones/a': 'a 5 A y' },
    problems: ['zones/a:1:7: y is not an IPv4 address', '2:7: x is not an IPv4 address'],
  },
  {
    name: '$GENERATE',
    text: '$GENERATE\n$GENERATE 1 a 5 A 192.0.2.$\n$GENERATE 5-1 a 5 A 192.0.2.$\n$GENERATE 1-2/0 a 5 A 192.0.2.$\n$GENERATE 1-2',
    problems: [
      '1:10: a range is missing',
      '2:11: 1 is not a range: START-STOP or START-STOP/STEP',
      '3:11: range 5-1 does not go upwards from 0',
      '4:11: range 1-2/0 does not go upwards from 0',
      '5:11: the entry to generate is missing',
    ],
  },
  {
    name: 'the entry of $GENERATE',
    text: `$GENERATE 1-2 a\${-2} 5 A 192.0.2.$\n$GENERATE 1-2 a\${1,2,b} 5 A 192.0.2.$\n$GENERATE 1-2 a\${x} 5 A 192.0.2.$\n$GENERATE 1-2 a\${1 5 A 192.0.2.$`,
    problems: [
      `1:15: \${-2} leads out of the numbers from 0 to 2147483647`,
      '2:15: b is not a base of $GENERATE: d, o, x, X, n or N',
      `3:15: \${x} is not \${OFFSET,WIDTH,BASE}`,
      '4:15: a modifier has no closing brace',
    ],
  },
  {
    name: 'what $GENERATE makes, once',
    text: '\n$GENERATE 254-300 a$ 5 A 192.0.2.$\n$GENERATE 1-2 $GENERATE A 1',
    problems: [
      '2:1: for 256: 192.0.2.256 is not an IPv4 address',
      '3:1: for 1: 1 is not an IPv4 address',
    ],
  },
]
for (const { name, text, problems, files } of REFUSED) {
  test(`master file: refuses ${name}`, () => {
    const expected = problems.map(problem =>
      /^[\w/]*zones/.test(problem) ? problem : `zones/db.org:${problem}`,
    )
    assert.deepEqual(parse(text, files).problems, expected)
  })
}

test('master file: goes on behind a problem', () => {
  assert.deepEqual(parse('a 5 A x\nb 5 A 192.0.2.1').records, ['b.example.org. 5 IN A 192.0.2.1'])
})

test(`master file: gives up after ${MAX_PROBLEMS} problems`, () => {
  assert.equal(parse('a 5 A x\n'.repeat(100)).problems.length, MAX_PROBLEMS)
})

test(`master file: files are included ${MAX_INCLUDE_DEPTH} deep`, () => {
  const files = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [
      `zones/${i}`,
      `a${i} 5 A 192.0.2.${i}\n$INCLUDE ${i + 1}\n`,
    ]),
  )
  const { records, problems } = parse('$INCLUDE 0', files)
  assert.equal(records.length, MAX_INCLUDE_DEPTH)
  assert.deepEqual(problems, ['zones/6:2:10: files are included more than 7 deep'])
})

test(`master file: $GENERATE makes ${MAX_GENERATED} records at most`, () => {
  assert.equal(parse(`$GENERATE 0-${MAX_GENERATED - 1} h$ 5 CNAME $`).records.length, MAX_GENERATED)
  assert.deepEqual(parse(`$GENERATE 0-${MAX_GENERATED} h$ 5 CNAME $`).problems, [
    `zones/db.org:1:11: range 0-${MAX_GENERATED} has more than ${MAX_GENERATED} numbers`,
  ])
})

test('master file: a parenthesis that is not closed ends the reading, at a megabyte', () => {
  const { problems, records } = parse(
    `a 5 TXT (\n${'; nothing\n'.repeat(MAX_ENTRY_BYTES / 10)}) \nc 5 TXT x`,
  )
  assert.deepEqual(
    { problems, records },
    {
      problems: [`zones/db.org:1:9: this ( is not closed within ${MAX_ENTRY_BYTES} bytes`],
      records: [],
    },
  )
})

test('master file: a record of very many words', () => {
  assert.deepEqual(parse(`a 5 TXT ${'"" '.repeat(65_535)}`).problems, [])
  assert.deepEqual(parse(`a 5 TXT ${'"" '.repeat(200_000)}`).problems, [
    'zones/db.org:1:393216: a record has more than 131072 words',
  ])
})

test('master file: a record of very long text', () => {
  const problem = `zones/db.org:2:1: a record has more than ${MAX_ENTRY_BYTES} bytes of text`
  assert.deepEqual(parse(`;\na 5 TXT ${'x'.repeat(MAX_ENTRY_BYTES)}\nb 5 TXT x`).problems, [
    problem,
  ])
})

test('master file: a slice reads about as much as it is given', () => {
  const { slices, records } = parse('a 5 A 192.0.2.1\n'.repeat(1000), {}, 160)
  assert.equal(records.length, 1000)
  assert.ok(slices >= 95 && slices <= 120, `${slices} slices`)
})

test('master file: what a sink says against a record is a problem at its owner', () => {
  const parser = new MasterFileParser({
    file: 'f',
    origin: wire('a'),
    text: '$TTL 5\n\nb A 192.0.2.1',
    record: () => 'this record is not wanted',
  })
  assert.deepEqual(parser.parse().map(problemText), ['f:3:1: this record is not wanted'])
})

test('master file: without a reader $INCLUDE is not allowed', () => {
  const parser = new MasterFileParser({
    file: 'f',
    origin: wire('a'),
    text: '$INCLUDE b',
    record: () => undefined,
  })
  assert.deepEqual(parser.parse().map(problemText), ['f:1:1: $INCLUDE is not allowed here'])
})

test('master file: no bytes make the parser throw or stand still', () => {
  const below = seeded(5)
  const pieces = [
    'a',
    ' ',
    '\n',
    '(',
    ')',
    '"',
    '\\',
    ';',
    '$TTL',
    '$ORIGIN',
    '$GENERATE 1-3',
    '$INCLUDE',
    '@',
    '5',
    'IN',
    'A',
    'TXT',
    '\\#',
    '.',
  ]
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: below(60) }, () =>
      below(8) === 0 ? String.fromCharCode(below(300)) : pieces[below(pieces.length)],
    )
    const { problems, slices } = parse(text.join(below(2) === 0 ? ' ' : ''), {}, 50)
    assert.ok(problems.length <= MAX_PROBLEMS && slices < 1000)
  }
})
