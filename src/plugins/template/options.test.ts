import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directive, options, parseError } from '../../../test/support/plugin-harness.ts'
import { readOptions } from '../../chain/plugin/plugin.ts'
import { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import { template } from './index.ts'

const parsing = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const arguments_ = (line: number, word: string): string =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const errors: { name: string; text: string; message: string }[] = [
  { name: 'nothing', text: 'template', message: arguments_(2, 'template') },
  { name: 'no type', text: 'template IN', message: arguments_(2, 'IN') },
  { name: 'a class', text: 'template in A', message: parsing(2, 'invalid query class in') },
  { name: 'a type', text: 'template IN a', message: parsing(2, 'invalid RR class a') },
  { name: 'an option', text: 'template IN A {\nttl 5\n}', message: arguments_(3, 'ttl') },
  { name: 'an empty match', text: 'template IN A {\nmatch\n}', message: arguments_(3, 'match') },
  { name: 'an empty answer', text: 'template IN A {\nanswer\n}', message: arguments_(3, 'answer') },
  {
    name: 'an empty additional',
    text: 'template IN A {\nadditional\n}',
    message: arguments_(3, 'additional'),
  },
  {
    name: 'an empty authority',
    text: 'template IN A {\nauthority\n}',
    message: arguments_(3, 'authority'),
  },
  { name: 'an empty expr', text: 'template IN A {\nexpr\n}', message: arguments_(3, 'expr') },
  { name: 'a var without a value', text: 'template IN A {\nvar x\n}', message: arguments_(3, 'x') },
  {
    name: 'a regular expression',
    text: 'template IN A {\nmatch ok (\n}',
    message: parsing(3, 'could not parse regex: (, error parsing regexp: missing closing ): `(`'),
  },
  {
    name: 'a long regular expression',
    text: `template IN A {\nmatch ${'a'.repeat(10001)}\n}`,
    message: parsing(
      3,
      `could not parse regex: ${'a'.repeat(10001)}, regex pattern too long: 10001 > 10000`,
    ),
  },
  {
    name: 'a template',
    text: 'template IN A {\nanswer "{{ .Name "\n}',
    message: parsing(
      3,
      'could not compile template: {{ .Name , template: answer:1: unclosed action',
    ),
  },
  {
    name: 'a function',
    text: 'template IN A {\nauthority "{{ upper .Name }}"\n}',
    message: parsing(
      3,
      'could not compile template: {{ upper .Name }}, template: authority:1: function "upper" not defined',
    ),
  },
  { name: 'no rcode', text: 'template IN A {\nrcode\n}', message: arguments_(3, 'rcode') },
  {
    name: 'an rcode in lower case',
    text: 'template IN A {\nrcode nxdomain\n}',
    message: parsing(3, 'unknown rcode nxdomain'),
  },
  {
    name: 'an rcode by number',
    text: 'template IN A {\nrcode 3\n}',
    message: parsing(3, 'unknown rcode 3'),
  },
  {
    name: 'two rcodes, the second as an option',
    text: 'template IN A {\nrcode NXDOMAIN REFUSED\n}',
    message: arguments_(3, 'REFUSED'),
  },
  {
    name: 'no extended error',
    text: 'template IN A {\nederror\n}',
    message: arguments_(3, 'ederror'),
  },
  {
    name: 'a large extended error',
    text: 'template IN A {\nederror 65536\n}',
    message: parsing(
      3,
      'error parsing extended DNS error code 65536, strconv.ParseUint: parsing "65536": value out of range',
    ),
  },
  {
    name: 'an extended error by name',
    text: 'template IN A {\nederror Blocked text\n}',
    message: parsing(
      3,
      'error parsing extended DNS error code Blocked, strconv.ParseUint: parsing "Blocked": invalid syntax',
    ),
  },
  {
    name: 'three words of an extended error',
    text: 'template IN A {\nederror 1 a b\n}',
    message: arguments_(3, 'b'),
  },
  {
    name: 'an expression',
    text: 'template IN A {\nexpr 1 +\n}',
    message: parsing(3, 'could not compile expression: unexpected token EOF (1:3)\n | 1 +\n | ..^'),
  },
  {
    name: 'an unknown name',
    text: 'template IN A {\nvar x y\nvar y 1\n}',
    message: parsing(3, 'could not compile expression: unknown name y (1:1)\n | y\n | ^'),
  },
  ...['1x', 'a-b', 'type', 'group', 'incidr', 'sum', 'trim', 'true', 'nil', 'not', 'let'].map(
    name => ({
      name: `a variable called ${name}`,
      text: `template IN A {\nvar ${name} true\n}`,
      message: parsing(3, `invalid variable name "${name}"`),
    }),
  ),
]
for (const { name, text, message } of errors)
  test(`parse refuses: ${name}`, () => assert.equal(parseError(template, text), message))

/** Where `^` stands, below the line. */
const places: { name: string; line: string; mark: string }[] = [
  {
    name: 'a function in quotes, behind quotes',
    line: 'answer "x" "a \\"b\\" {{ nope }}"',
    mark: '                       ^',
  },
  { name: 'a function without quotes', line: 'answer a{{nope}}', mark: '          ^' },
  { name: 'the end of an action', line: 'answer {{.Name', mark: '              ^' },
  { name: 'a word of an expression', line: 'expr true && nope', mark: '             ^' },
  { name: 'a name of a variable', line: 'var 1x 1', mark: '    ^' },
]
for (const { name, line, mark } of places)
  test(`an error stands at its place: ${name}`, () =>
    assert.throws(
      () => readOptions(template, directive(`template IN A {\n${line}\n}`)),
      (error: unknown) =>
        error instanceof CorefileError &&
        error.span?.line === 3 &&
        error.span.column === mark.length,
    ))

test('parse: everything', () => {
  const text = `template ANY ANY example.org 10.0.0.0/15 {
match ^a
match ^b ^c
var n 1
var m n + 1
expr m == 2
expr true
answer "a" "b"
additional c
authority d
answer e
rcode NOTIMPL
rcode NXDOMAIN
ederror 22
ederror 21 "not here"
fallthrough example.org
}
template IN AAAA`
  const empty = { matches: [], variables: [], conditions: [], records: [], ederror: undefined }
  assert.deepEqual(options(template, text, 'example.net'), [
    {
      qclass: 255,
      qtype: 255,
      zones: ['example.org.', '0.10.in-addr.arpa.', '1.10.in-addr.arpa.'],
      matches: ['^a', '^b', '^c'],
      variables: [
        { name: 'n', text: '1' },
        { name: 'm', text: 'n + 1' },
      ],
      conditions: ['m == 2', 'true'],
      records: [
        { section: 'answer', text: 'a', place: 'Corefile:9' },
        { section: 'answer', text: 'b', place: 'Corefile:9' },
        { section: 'answer', text: 'e', place: 'Corefile:12' },
        { section: 'additional', text: 'c', place: 'Corefile:10' },
        { section: 'authority', text: 'd', place: 'Corefile:11' },
      ],
      rcode: 3,
      ederror: { code: 21, text: 'not here' },
      fall: ['example.org.'],
    },
    { ...empty, qclass: 1, qtype: 28, zones: ['example.net.'], rcode: 0, fall: [] },
  ])
})

test('parse: upstream has no effect, which is said', () => {
  const parsed = directive('template IN A {\nupstream 192.0.2.1\n}')
  readOptions(template, parsed)
  assert.deepEqual(
    parsed.warnings.map(({ message }) => message),
    ['upstream has no effect: leave it out'],
  )
})
