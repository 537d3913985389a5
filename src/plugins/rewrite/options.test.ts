import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options, parseError } from '../../../test/support/plugin-harness.ts'
import { rewrite } from './index.ts'

const stop = { isLast: true }
const name = { kind: 'name', isAuto: false, answers: [] }
const nsid = { of: 'literal', hex: '' }
const local = (action: string, hex: string) => ({
  ...{ kind: 'edns0', action, isReverted: false, ...stop },
  ...{ code: 65001, data: { of: 'literal', hex } },
})

const read: { rule: string; text: string; expected: object }[] = [
  {
    rule: 'a name without a kind is exact, in lower case and with a dot',
    text: 'name A.test B.test.',
    expected: {
      ...name,
      isAuto: true,
      match: { how: 'exact', text: 'a.test.' },
      to: 'b.test.',
      ...stop,
    },
  },
  {
    rule: 'words in any letters, and the mode',
    text: 'CONTINUE NAME Prefix Api gw',
    expected: { ...name, match: { how: 'prefix', text: 'api.' }, to: 'gw.', isLast: false },
  },
  {
    rule: 'an escaped dot ends no name',
    text: String.raw`name suffix a\. b\\.`,
    expected: {
      ...name,
      match: { how: 'suffix', text: String.raw`a\..` },
      to: String.raw`b\\.`,
      ...stop,
    },
  },
  {
    rule: 'a regular expression stays as it is',
    text: 'name regex ^(A|B)$ {1}.Test',
    expected: { ...name, match: { how: 'regex', text: '^(A|B)$' }, to: '{1}.test.', ...stop },
  },
  {
    rule: 'answer auto',
    text: 'stop name substring a b answer auto',
    expected: { ...name, isAuto: true, match: { how: 'substring', text: 'a.' }, to: 'b.', ...stop },
  },
  {
    rule: 'answers behind each other, the word answer once or each time',
    text: 'name suffix a b answer name (a) {1} value b C answer value d e',
    expected: {
      ...name,
      match: { how: 'suffix', text: 'a.' },
      to: 'b.',
      answers: [
        { part: 'owner', pattern: '(a)', to: '{1}.' },
        { part: 'value', pattern: 'b', to: 'c.' },
        { part: 'value', pattern: 'd', to: 'e.' },
      ],
      ...stop,
    },
  },
  {
    rule: 'a block is a line',
    text: 'continue {\nname regex (a) {1}\nanswer auto\n}',
    expected: {
      ...name,
      isAuto: true,
      match: { how: 'regex', text: '(a)' },
      to: '{1}.',
      isLast: false,
    },
  },
  {
    rule: 'a block without a mode',
    text: '{\nname a b\n}',
    expected: { ...name, isAuto: true, match: { how: 'exact', text: 'a.' }, to: 'b.', ...stop },
  },
  { rule: 'types', text: 'type any Hinfo', expected: { kind: 'type', from: 255, to: 13, ...stop } },
  { rule: 'classes', text: 'class ch in', expected: { kind: 'class', from: 3, to: 1, ...stop } },
  {
    rule: 'a TTL',
    text: 'ttl a.test 30',
    expected: {
      kind: 'ttl',
      match: { how: 'exact', text: 'a.test.' },
      least: 30,
      most: 30,
      ...stop,
    },
  },
  {
    rule: 'a range of TTLs',
    text: 'ttl SUFFIX .test 5-10',
    expected: {
      kind: 'ttl',
      match: { how: 'suffix', text: '.test.' },
      least: 5,
      most: 10,
      ...stop,
    },
  },
  {
    rule: 'TTLs from',
    text: 'ttl regex .* 5-',
    expected: {
      kind: 'ttl',
      match: { how: 'regex', text: '.*' },
      least: 5,
      most: 2147483647,
      ...stop,
    },
  },
  {
    rule: 'TTLs up to',
    text: 'ttl regex .* -5',
    expected: { kind: 'ttl', match: { how: 'regex', text: '.*' }, least: 0, most: 5, ...stop },
  },
  {
    rule: 'rcodes by name and number',
    text: 'rcode prefix a 2 NotImpl',
    expected: { kind: 'rcode', match: { how: 'prefix', text: 'a.' }, from: 2, to: 4, ...stop },
  },
  {
    rule: 'aliases',
    text: 'cname A.test b.test',
    expected: { kind: 'cname', match: { how: 'exact', text: 'a.test.' }, to: 'b.test.', ...stop },
  },
  {
    rule: 'aliases by part: no dot is added',
    text: 'cname suffix .A.test .b',
    expected: { kind: 'cname', match: { how: 'suffix', text: '.a.test' }, to: '.b', ...stop },
  },
  {
    rule: 'aliases by expression: its letters are lower case, its escapes are not',
    text: String.raw`cname regex (?P<N>A\S\p{Lu}) {1}`,
    expected: {
      ...{ kind: 'cname', to: '{1}', ...stop },
      match: { how: 'regex', text: String.raw`(?P<N>a\S\p{Lu})` },
    },
  },
  { rule: 'text for an option', text: 'edns0 local set 65001 ab', expected: local('set', '6162') },
  {
    rule: 'bytes for an option',
    text: 'EDNS0 Local Append 0xfde9 0xFF',
    expected: local('append', 'ff'),
  },
  { rule: 'no bytes', text: 'edns0 local replace 0o176751 0x', expected: local('replace', '') },
  { rule: 'an option less', text: 'edns0 local unset 65_001', expected: local('unset', '') },
  {
    rule: 'a variable',
    text: 'edns0 local set 65001 {client_ip} revert',
    expected: {
      ...local('set', ''),
      data: { of: 'variable', name: 'client_ip' },
      isReverted: true,
    },
  },
  {
    rule: 'a label of metadata',
    text: 'edns0 local set 65001 {some/label}',
    expected: { ...local('set', ''), data: { of: 'variable', name: 'some/label' } },
  },
  {
    rule: 'NSID',
    text: 'edns0 nsid set',
    expected: { ...local('set', ''), code: 3, data: nsid },
  },
  {
    rule: 'a subnet',
    text: 'edns0 subnet set 24 0x38 revert',
    expected: {
      ...local('set', ''),
      code: 8,
      data: { of: 'subnet', bits4: 24, bits6: 56 },
      isReverted: true,
    },
  },
  { rule: 'no subnet', text: 'edns0 subnet unset', expected: { ...local('unset', ''), code: 8 } },
]
for (const { rule, text, expected } of read)
  test(`rewrite reads: ${rule}`, () =>
    assert.deepEqual(options(rewrite, `rewrite ${text}`), [expected]))

test('rewrite reads: a rule for each directive, in their order', () =>
  assert.deepEqual(
    options(rewrite, 'rewrite type A MX\nrewrite continue {\ntype MX A\n}\nrewrite type A A').map(
      ({ isLast }) => isLast,
    ),
    [true, false, true],
  ))

const groups = (to: string, from: string): string =>
  `the rewrite regex pattern (${to}) uses more subexpressions than its corresponding matching regex pattern (${from})`

const LONG = 'x'.repeat(10_001)
const tooLong = 'regex pattern too long: 10001 > 10000'

/** What CoreDNS says of these stands in test/golden/refused too, as far as it was recorded. */
const refused: { text: string; message: string }[] = [
  { text: '', message: 'no rule type specified for rewrite' },
  { text: 'name a b {\nanswer auto\n}', message: 'no rule type specified for rewrite' },
  { text: 'Stop', message: 'stop rule must begin with a rule type' },
  { text: 'continue', message: 'continue rule must begin with a rule type' },
  { text: 'names a b', message: 'invalid rule type "names"' },
  { text: 'answer auto', message: 'response rewrites must begin with a name rule' },
  { text: 'name a', message: 'too few arguments for a name rule' },
  { text: 'name exact a b c', message: 'invalid arguments for exact rule' },
  {
    text: 'name a b c',
    message:
      'name rule supports only exact, prefix, suffix, substring, and regex name matching, received: a',
  },
  {
    text: 'name prefix a b c d',
    message: 'exceeded the number of arguments for a non-answer rule argument for prefix rule',
  },
  { text: 'name prefix a b answer', message: 'invalid arguments for prefix rule' },
  {
    text: 'name prefix a b answer auto answer',
    message: 'type missing for answer rule for prefix rule',
  },
  {
    text: 'name prefix a b answer Auto',
    message: 'invalid type "Auto" for answer rule for prefix rule',
  },
  {
    text: 'name prefix a b answer value c',
    message: 'value answer rule for prefix rule: 2 arguments required',
  },
  {
    text: 'name prefix a b answer auto answer name c d',
    message: 'auto name answer rule cannot be combined with explicit name anwer rules',
  },
  {
    text: 'name prefix a b answer name ( d',
    message: 'name answer rule for prefix rule: invalid regex matching pattern: (',
  },
  {
    text: 'name prefix a b answer value a {1}',
    message: `value answer rule for prefix rule: ${groups('{1}', 'a')}`,
  },
  { text: 'name a *.b', message: 'invalid regex matching pattern: *.b.' },
  { text: 'name exact {1} b', message: groups('{1}.', 'b.') },
  { text: 'name regex ( b', message: 'invalid regex matching pattern: (' },
  { text: 'name regex a {0}', message: groups('{0}', 'a') },
  { text: `name regex ${LONG} b`, message: tooLong },
  { text: 'type A', message: 'type rules must have exactly two arguments' },
  { text: 'class IN CH HS', message: 'class rules must have exactly two arguments' },
  { text: 'type A type65', message: 'invalid type "TYPE65"' },
  { text: 'class class3 IN', message: 'invalid class "CLASS3"' },
  { text: 'ttl a', message: 'too few (1) arguments for a ttl rule' },
  { text: 'ttl exact a 5 6', message: 'too many (4) arguments for a ttl rule' },
  { text: 'ttl a -', message: "invalid TTL '-' for a ttl rule" },
  { text: 'ttl a 6-5', message: "invalid TTL '6-5' for a ttl rule" },
  { text: 'ttl a 1-2-3', message: "invalid TTL '1-2-3' for a ttl rule" },
  { text: 'ttl a 4294967296', message: "invalid TTL '4294967296' for a ttl rule" },
  {
    text: 'ttl glob a 5',
    message: 'ttl rule supports only exact, prefix, suffix, substring, and regex name matching',
  },
  { text: 'ttl regex ( 5', message: 'invalid regex pattern in a ttl rule: (' },
  { text: `ttl regex ${LONG} 5`, message: tooLong },
  { text: 'rcode a 3', message: 'too few (2) arguments for a rcode rule' },
  { text: 'rcode exact a 3 0 0', message: 'too many (5) arguments for a rcode rule' },
  { text: 'rcode a 24 0', message: "invalid matching RCODE '24' for a rcode rule" },
  { text: 'rcode a 0 NOPE', message: "invalid replacement RCODE 'NOPE' for a rcode rule" },
  {
    text: 'rcode glob a 3 0',
    message: 'rcode rule supports only exact, prefix, suffix, substring, and regex name matching',
  },
  { text: 'cname a', message: 'too few (1) arguments for a cname rule' },
  { text: 'cname exact a b c', message: 'too many (4) arguments for a cname rule' },
  { text: 'cname Glob a b', message: 'unknown cname rewrite type: glob' },
  { text: 'cname regex ( b', message: 'invalid regex matching pattern: (' },
  { text: 'edns0 local', message: 'too few arguments for an EDNS0 rule' },
  { text: 'edns0 local Put 1 a', message: 'invalid action: "put"' },
  { text: 'edns0 cookie set', message: 'invalid rule type "cookie"' },
  { text: 'edns0 nsid set x', message: 'EDNS0 NSID rules do not accept args' },
  { text: 'edns0 nsid unset revert', message: 'EDNS0 unset rules do not accept revert' },
  { text: 'edns0 local set 1 revert', message: 'EDNS0 local rules require exactly three args' },
  { text: 'edns0 local unset 1 a', message: 'EDNS0 local rules require exactly two args' },
  { text: 'edns0 subnet set 24', message: 'EDNS0 subnet rules require exactly three args' },
  { text: 'edns0 subnet unset 24', message: 'EDNS0 subnet rules require exactly one arg' },
  { text: 'edns0 local set x a', message: 'strconv.ParseUint: parsing "x": invalid syntax' },
  {
    text: 'edns0 local set 65536 a',
    message: 'strconv.ParseUint: parsing "65536": value out of range',
  },
  { text: 'edns0 local set 1 0xabc', message: 'encoding/hex: odd length hex string' },
  { text: 'edns0 local set 1 0x\u00e9', message: "encoding/hex: invalid byte: U+00C3 '\u00c3'" },
  { text: 'edns0 local set 1 {nope}', message: 'unsupported variable name "{nope}"' },
  {
    text: `edns0 local set 1 ${'x'.repeat(4097)}`,
    message: 'the data of an EDNS0 option is 4097 bytes long: more than 4096',
  },
  { text: 'edns0 subnet set 33 56', message: 'invalid IPv4 bit mask length 33' },
  { text: 'edns0 subnet set 24 129', message: 'invalid IPv6 bit mask length 129' },
]
for (const { text, message } of refused)
  test(`rewrite refuses: ${text.slice(0, 40)}`, () =>
    assert.equal(parseError(rewrite, `rewrite ${text}`), message))
