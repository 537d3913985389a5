import assert from 'node:assert/strict'
import test from 'node:test'
import { classFromText, classToText, typeFromText, typeToText } from './rrtypes.ts'

const types: readonly [number, string][] = [
  [0, 'None'],
  [1, 'A'],
  [22, 'TYPE22'],
  [23, 'NSAP-PTR'],
  [28, 'AAAA'],
  [41, 'OPT'],
  [65, 'HTTPS'],
  [255, 'ANY'],
  [257, 'CAA'],
  [32769, 'DLV'],
  [65280, 'TYPE65280'],
  [65535, 'Reserved'],
]
for (const [type, text] of types)
  test(`typeToText: ${type} is ${text}`, () => assert.equal(typeToText(type), text))

test('typeFromText: takes back every text that typeToText gives', () => {
  for (let type = 0; type <= 0xffff; type++)
    if (typeFromText(typeToText(type)) !== type) assert.fail(`type ${type}`)
})

test('classFromText: takes back every text that classToText gives', () => {
  for (let cls = 0; cls <= 0xffff; cls++)
    if (classFromText(classToText(cls)) !== cls) assert.fail(`class ${cls}`)
})

for (const [cls, text] of [
  [1, 'IN'],
  [3, 'CH'],
  [4, 'HS'],
  [254, 'NONE'],
  [255, 'ANY'],
  [5, 'CLASS5'],
] as const) {
  test(`classToText: ${cls} is ${text}`, () => assert.equal(classToText(cls), text))
}

test('typeFromText: numbers of known types are taken too', () =>
  assert.equal(typeFromText('TYPE1'), 1))

for (const text of [
  '',
  'a',
  'TYPE',
  'TYPE65536',
  'TYPE-1',
  'TYPE1e3',
  'TYPE 1',
  'TYPE000001',
  'CLASS1',
  'constructor',
]) {
  test(`typeFromText: '${text}' is no type`, () => assert.equal(typeFromText(text), undefined))
}
for (const text of ['', 'in', 'CLASS', 'CLASS65536', 'TYPE1']) {
  test(`classFromText: '${text}' is no class`, () => assert.equal(classFromText(text), undefined))
}
