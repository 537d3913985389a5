import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directive } from '../../../test/support/directive-text.ts'
import { CorefileError } from '../diagnostics/diagnostic.ts'
import {
  Argument,
  checked,
  decimal,
  duration,
  integer,
  ipAddress,
  listenAddress,
  oneOf,
  parsed,
  text,
  ttl,
  underRoot,
  unsigned32,
  type Value,
  zones,
} from './values.ts'

/** The word as the only argument of a directive on line 2. */
const argument = (word: string): Argument => {
  const d = directive(`log ${word === '' ? '""' : word}`)
  d.next()
  const [token] = d.remainingTokens()
  return new Argument(d, token ?? assert.fail(word))
}

const at = (what: string): string => `Corefile:2 - Error during parsing: ${what}`
const day = { least: 1000, most: 86_400_000 }

const good: [rule: string, value: Value<unknown>, word: string, expected: unknown][] = [
  ['text is any word', text('NAME'), 'x', 'x'],
  ['a duration', duration(), '1m30s', 90_000],
  ['a duration may be negative', duration(), '-1s', -1000],
  ['the least duration', duration(day), '1s', 1000],
  ['the greatest duration', duration(day), '24h', 86_400_000],
  ['bare seconds', duration({ areSecondsAllowed: true }), '5', 5000],
  [
    'a duration where bare seconds are allowed',
    duration({ areSecondsAllowed: true }),
    '5m',
    300_000,
  ],
  ['an integer', integer(), '-7', -7],
  ['the least and greatest integer', integer({ least: 3, most: 3 }), '3', 3],
  ['a TTL', ttl({ least: 0 }), '0', 0],
  ['32 bits', unsigned32(), '4294967295', 4_294_967_295],
  ['a fraction', decimal(), '2.5', 2.5],
  ['one of a few words', oneOf(['a', 'b']), 'b', 'b'],
  ['zones of a CIDR', zones, '10.0.0.0/15', ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.']],
  ['what is no zone is none', zones, 'a..b', []],
  ['an address to listen on', listenAddress, '[::1]:53', '[::1]:53'],
  ['an address', ipAddress(word => word.err('no')), '2001:db8::1', '2001:db8::1'],
  ['what some other function reads', parsed('X', Number, word => word.err('no')), '7', 7],
  [
    'what some other function judges',
    checked(
      'X',
      () => true,
      word => word.err('no'),
    ),
    'x',
    'x',
  ],
]
for (const [rule, value, word, expected] of good)
  test(`values: ${rule}`, () => assert.deepEqual(value.read(argument(word)), expected))

const bad: [rule: string, value: Value<unknown>, word: string, message: string][] = [
  ['no duration, in the words of Go', duration(), '5', 'time: missing unit in duration "5"'],
  [
    'no duration of bare seconds either',
    duration({ areSecondsAllowed: true }),
    'x',
    'time: invalid duration "x"',
  ],
  ['too short', duration(day), '999ms', at("'999ms' is out of range: 1s to 24h")],
  ['too long', duration(day), '25h', at("'25h' is out of range: 1s to 24h")],
  ['no integer', integer(), '1.5', 'strconv.Atoi: parsing "1.5": invalid syntax'],
  [
    'an integer beyond 64 bits',
    integer(),
    '9223372036854775808',
    'strconv.Atoi: parsing "9223372036854775808": value out of range',
  ],
  ['too little', integer({ least: 1 }), '0', at("'0' is out of range: 1 or more")],
  ['too much', integer({ most: 9 }), '10', at("'10' is out of range: 9 at most")],
  ['no TTL', ttl(), '5s', 'strconv.Atoi: parsing "5s": invalid syntax'],
  ['a sign', unsigned32(), '-1', 'strconv.ParseUint: parsing "-1": invalid syntax'],
  [
    '33 bits',
    unsigned32(),
    '4294967296',
    'strconv.ParseUint: parsing "4294967296": value out of range',
  ],
  ['no number', decimal(), 'x', 'strconv.ParseFloat: parsing "x": invalid syntax'],
  ['none of a few words', oneOf(['a', 'b']), 'c', at("'c' is none of a, b")],
  ['no port', listenAddress, 'a', 'address a: missing port in address'],
  ['no address', ipAddress(word => word.err('no')), '192.0.2.1:53', at('no')],
  [
    'a text of its own',
    duration({ wrong: (word, why) => word.err(`${word.text}: ${why}`) }),
    'x',
    at('x: time: invalid duration "x"'),
  ],
  [
    'a text of its own for bounds',
    integer({ least: 0, outside: (n, word) => word.plainErr(`${n} < 0`) }),
    '-1',
    '-1 < 0',
  ],
  [
    'what some other function does not read',
    parsed(
      'X',
      () => undefined,
      word => word.err('no'),
    ),
    'x',
    at('no'),
  ],
  [
    'what some other function judges',
    checked(
      'X',
      () => false,
      word => word.err('no'),
    ),
    'x',
    at('no'),
  ],
]
for (const [rule, value, word, message] of bad)
  test(`values refused: ${rule}`, () =>
    assert.throws(() => value.read(argument(word)), { message }))

test('a word that is none of a few is told which was probably meant', () => {
  const error = (() => {
    try {
      return oneOf(['sequential', 'random']).read(argument('sequental'))
    } catch (thrown) {
      return thrown
    }
  })()
  assert.ok(error instanceof CorefileError)
  assert.equal(error.hint, "did you mean 'sequential'?")
})

test('an error stands at its word, not at the end of the line', () => {
  const d = directive('log x yy zzz')
  d.next()
  const [, second] = d.remainingTokens()
  const word = new Argument(d, second ?? assert.fail())
  assert.equal(word.err('no').span?.column, 7)
  assert.equal(word.withText('y').plainErr('no').span?.column, 7)
})

const ranges: [value: Value<unknown>, range: string][] = [
  [duration(), ''],
  [duration(day), '1s to 24h'],
  [duration({ most: 90_000 }), '1m30s at most'],
  [integer({ least: 0 }), '0 or more'],
]
for (const [value, range] of ranges)
  test(`bounds as manuals show them: ${range || 'none'}`, () => assert.equal(value.range, range))

const paths: [path: string, root: string, joined: string][] = [
  ['a', '', 'a'],
  ['a', '/etc', '/etc/a'],
  ['../a', '/etc/b', '/etc/a'],
  ['/a', '/etc', '/a'],
]
for (const [path, root, joined] of paths)
  test(`${path} below root '${root}'`, () => assert.equal(underRoot(path, root), joined))
