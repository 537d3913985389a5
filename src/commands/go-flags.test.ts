import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GoFlagError, readGoFlags } from './go-flags.ts'

const known = new Map([
  ['conf', { name: 'conf', isBoolean: false }],
  ['p', { name: 'dns.port', isBoolean: false }],
  ['dns.port', { name: 'dns.port', isBoolean: false }],
  ['quiet', { name: 'quiet', isBoolean: true }],
  ['plugin', { name: 'plugin', isBoolean: false, isRepeatable: true }],
])

const accepted: readonly { name: string; argv: string[]; flags: string[]; rest?: string[] }[] = [
  { name: 'one dash and a blank', argv: ['-conf', 'a'], flags: ['--conf=a'] },
  { name: 'one dash and an equals sign', argv: ['-conf=a'], flags: ['--conf=a'] },
  { name: 'two dashes and a blank', argv: ['--conf', 'a'], flags: ['--conf=a'] },
  { name: 'two dashes and an equals sign', argv: ['--conf=a=b'], flags: ['--conf=a=b'] },
  { name: 'an empty value', argv: ['-conf='], flags: ['--conf='] },
  { name: 'a value that looks like a flag', argv: ['-conf', '-quiet'], flags: ['--conf=-quiet'] },
  { name: 'the last one wins', argv: ['-conf', 'a', '-conf', 'b'], flags: ['--conf=b'] },
  {
    name: 'two names of one flag: the last one wins',
    argv: ['-p', '1', '-dns.port', '2'],
    flags: ['--dns.port=2'],
  },
  {
    name: 'what may be repeated counts each time',
    argv: ['-plugin', 'a=b', '-quiet', '--plugin=c=d'],
    flags: ['--plugin=a=b', '--plugin=c=d', '--quiet'],
  },
  { name: 'a boolean alone is true', argv: ['-quiet'], flags: ['--quiet'] },
  {
    name: 'a boolean takes no blank value',
    argv: ['-quiet', 'false'],
    flags: ['--quiet'],
    rest: ['false'],
  },
  { name: 'a boolean is false with an equals sign only', argv: ['-quiet=false'], flags: [] },
  { name: 'Go spells true six ways', argv: ['--quiet=T'], flags: ['--quiet'] },
  { name: 'false after true is false', argv: ['-quiet', '-quiet=0'], flags: [] },
  {
    name: 'flags end at the first word',
    argv: ['a', '-conf', 'b'],
    flags: [],
    rest: ['a', '-conf', 'b'],
  },
  { name: 'a single dash is a word', argv: ['-', '-quiet'], flags: [], rest: ['-', '-quiet'] },
  {
    name: 'two dashes alone end the flags',
    argv: ['-quiet', '--', '-conf'],
    flags: ['--quiet'],
    rest: ['-conf'],
  },
]
for (const c of accepted)
  test(`readGoFlags: ${c.name}`, () =>
    assert.deepEqual(readGoFlags(c.argv, known), { flags: c.flags, rest: c.rest ?? [] }))

const refused: readonly { argv: string[]; message: string }[] = [
  { argv: ['-bogus'], message: 'flag provided but not defined: -bogus' },
  { argv: ['--bogus=1'], message: 'flag provided but not defined: -bogus' },
  { argv: ['-conf'], message: 'flag needs an argument: -conf' },
  { argv: ['---conf', 'a'], message: 'bad flag syntax: ---conf' },
  { argv: ['-=a'], message: 'bad flag syntax: -=a' },
  { argv: ['-quiet=maybe'], message: 'invalid boolean value "maybe" for -quiet: parse error' },
]
for (const c of refused)
  test(`readGoFlags refuses ${c.argv.join(' ')}`, () =>
    assert.throws(
      () => readGoFlags(c.argv, known),
      (error: unknown) => error instanceof GoFlagError && error.message === c.message,
    ))
