import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  goAtoiError,
  goParseFloatError,
  goParseUintError,
  goQuote,
  parseGoFloat,
  parseGoInt,
  parseGoUint,
} from './strconv.ts'

const integers: [text: string, value: number][] = [
  ['0', 0],
  ['42', 42],
  ['+42', 42],
  ['-42', -42],
  ['007', 7],
  ['9007199254740991', 2 ** 53 - 1],
  ['9223372036854775807', 2 ** 63],
  ['-9223372036854775808', -(2 ** 63)],
  [`${'0'.repeat(1000)}5`, 5],
]

for (const [text, value] of integers)
  test(`Atoi: ${text.slice(0, 30)}`, () => assert.equal(parseGoInt(text), value))

const noIntegers: [text: string, error: string][] = [
  ['', 'strconv.Atoi: parsing "": invalid syntax'],
  ['x', 'strconv.Atoi: parsing "x": invalid syntax'],
  ['1.5', 'strconv.Atoi: parsing "1.5": invalid syntax'],
  ['1_000', 'strconv.Atoi: parsing "1_000": invalid syntax'],
  ['0x10', 'strconv.Atoi: parsing "0x10": invalid syntax'],
  [' 1', 'strconv.Atoi: parsing " 1": invalid syntax'],
  ['--1', 'strconv.Atoi: parsing "--1": invalid syntax'],
  ['9223372036854775808', 'strconv.Atoi: parsing "9223372036854775808": value out of range'],
  ['-9223372036854775809', 'strconv.Atoi: parsing "-9223372036854775809": value out of range'],
]

for (const [text, error] of noIntegers)
  test(`Atoi refuses: ${JSON.stringify(text)}`, () => {
    assert.equal(parseGoInt(text), undefined)
    assert.equal(goAtoiError(text), error)
  })

test('Atoi: a megabyte of digits is out of range at once', () => {
  assert.equal(parseGoInt('1'.repeat(1_000_000)), undefined)
})

test('ParseUint: digits within the width', () => {
  assert.equal(parseGoUint('255', 8), 255)
  assert.equal(parseGoUint('256', 8), undefined)
  assert.equal(parseGoUint('65535', 16), 65535)
  assert.equal(parseGoUint('4294967295', 32), 4294967295)
  assert.equal(parseGoUint('18446744073709551615', 64), 2 ** 64)
  assert.equal(goParseUintError('256'), 'strconv.ParseUint: parsing "256": value out of range')
})

for (const text of ['', '-1', '+1', 'x'])
  test(`ParseUint refuses: ${JSON.stringify(text)}`, () => {
    assert.equal(parseGoUint(text, 32), undefined)
    assert.equal(
      goParseUintError(text),
      `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  })

test('ParseFloat', () => {
  assert.equal(parseGoFloat('2.5'), 2.5)
  assert.equal(parseGoFloat('-.5e1'), -5)
  assert.equal(parseGoFloat('7.'), 7)
  for (const text of ['', '.', 'e5', 'NaN', 'Inf', '0x1p2', '1 ']) {
    assert.equal(parseGoFloat(text), undefined)
    assert.equal(
      goParseFloatError(text),
      `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  }
  assert.equal(parseGoFloat('1e999'), undefined)
  assert.equal(
    goParseFloatError('1e999'),
    'strconv.ParseFloat: parsing "1e999": value out of range',
  )
})

const quotes: [text: string, quoted: string][] = [
  ['a b', '"a b"'],
  ['é😀', '"é😀"'],
  ['a"b\\c', String.raw`"a\"b\\c"`],
  ['\x07\b\f\n\r\t\v', String.raw`"\a\b\f\n\r\t\v"`],
  ['\x00\x1b\x7f', String.raw`"\x00\x1b\x7f"`],
  ['\u00a0\u2028\ufeff', String.raw`"\u00a0\u2028\ufeff"`],
  ['\u{e0001}', String.raw`"\U000e0001"`],
]

for (const [text, quoted] of quotes)
  test(`quote: ${quoted}`, () => assert.equal(goQuote(text), quoted))
