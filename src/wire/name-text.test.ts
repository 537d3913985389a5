import assert from 'node:assert/strict'
import test from 'node:test'
import { seeded, wire } from '../../test/fakes/raw-message.ts'
import {
  NAME_BAD_ESCAPE,
  NAME_EMPTY_LABEL,
  NAME_LABEL_TOO_LONG,
  NAME_TOO_LONG,
  nameFromText,
  nameToText,
  readNameText,
} from './name-text.ts'

const label = (size: number): string => 'a'.repeat(size)
/** 255 bytes on the wire: 63 + 63 + 63 + 61, their lengths and the root. */
const NAME_255 = `${label(63)}.${label(63)}.${label(63)}.${label(61)}`

const accepted: readonly { name: string; text: string; hex: string; back?: string }[] = [
  { name: 'the root', text: '.', hex: '00' },
  {
    name: 'a name without a trailing dot',
    text: 'example.org',
    hex: '076578616d706c65036f726700',
    back: 'example.org.',
  },
  { name: 'a name with a trailing dot', text: 'example.org.', hex: '076578616d706c65036f726700' },
  { name: 'letter case is kept', text: 'eXample.ORG.', hex: '076558616d706c65034f524700' },
  { name: 'an escaped dot stands in its label', text: 'a\\.b.c.', hex: '03612e62016300' },
  { name: 'an escaped backslash', text: 'a\\\\.', hex: '02615c00' },
  { name: 'a decimal escape', text: '\\000\\255.', hex: '0200ff00' },
  { name: 'a decimal escape of a letter', text: '\\097.', hex: '016100', back: 'a.' },
  { name: 'a needless escape', text: '\\a.', hex: '016100', back: 'a.' },
  {
    name: 'an escape of two digits is one of the first',
    text: '\\12.',
    hex: '02313200',
    back: '12.',
  },
  { name: 'text outside ASCII is UTF-8', text: 'é.', hex: '02c3a900', back: '\\195\\169.' },
  {
    name: 'characters that miekg/dns escapes',
    text: '\\ \\\'\\@\\;\\(\\)\\".',
    hex: '072027403b28292200',
  },
  { name: 'a wildcard and an underscore', text: '*._tcp.', hex: '012a045f74637000' },
  { name: 'the first and last printing byte', text: '!~\\127.', hex: '03217e7f00' },
]
for (const c of accepted) {
  test(`nameFromText, nameToText: ${c.name}`, () => {
    const wire = nameFromText(c.text)
    assert.equal(wire?.toHex(), c.hex)
    assert.equal(nameToText(wire), c.back ?? c.text)
  })
}

const refused: readonly { name: string; text: string }[] = [
  { name: 'empty text', text: '' },
  { name: 'a leading dot', text: '.org' },
  { name: 'an empty label', text: 'a..b' },
  { name: 'two dots', text: '..' },
  { name: 'a label of 64', text: `${label(64)}.org` },
  { name: 'an escape at the end', text: 'a\\' },
  { name: 'a decimal escape over 255', text: '\\256.' },
  { name: 'a label of 64 bytes in 32 characters', text: 'é'.repeat(32) },
]
for (const c of refused)
  test(`nameFromText: refuses ${c.name}`, () => assert.equal(nameFromText(c.text), undefined))

for (const c of [
  { size: 254, text: NAME_255.slice(0, -1), isGood: true },
  { size: 255, text: NAME_255, isGood: true },
  { size: 256, text: `${NAME_255}a`, isGood: false },
]) {
  for (const dot of ['', '.']) {
    test(`nameFromText: a name of ${c.size} bytes${dot && ', with dot,'} is ${c.isGood ? 'accepted' : 'refused'}`, () => {
      const wire = nameFromText(c.text + dot)
      assert.equal(wire?.length, c.isGood ? c.size : undefined)
    })
  }
}

test('nameFromText: 127 labels of one byte make the longest chain of labels', () => {
  assert.equal(nameFromText('a.'.repeat(127))?.length, 255)
  assert.equal(nameFromText('a.'.repeat(128)), undefined)
})

test('nameFromText: the longest text, all escapes, is accepted', () => {
  const text = `${'\\001'.repeat(63)}.${'\\001'.repeat(63)}.${'\\001'.repeat(63)}.${'\\001'.repeat(61)}.`
  assert.equal(nameFromText(text)?.length, 255)
})

test('nameFromText: takes back what nameToText gives, for labels of any bytes', () => {
  const random = seeded(1)
  for (let round = 0; round < 500; round++) {
    const labels: number[] = []
    for (let k = random(6); k >= 0; k--) {
      const size = 1 + random(30)
      labels.push(size, ...Array.from({ length: size }, () => random(256)))
    }
    const wire = Uint8Array.from([...labels, 0])
    const text = nameToText(wire)
    assert.match(text, /^[\x20-\x7e]+$/)
    assert.deepEqual(nameFromText(text), wire)
  }
})

test('nameToText: starts where it is told to', () =>
  assert.equal(nameToText(Uint8Array.fromHex('ffff016100'), 2), 'a.'))

for (const hex of ['', '0361', 'c00c', '0161c00c', '016103']) {
  test(`nameToText: bytes that are no name (${hex || 'none'}) end the text early`, () => {
    assert.match(nameToText(Uint8Array.fromHex(hex)), /^(a?\.)+$/)
  })
}

const IN_ORIGIN: readonly { name: string; text: string; wire: string | number }[] = [
  { name: 'a relative name', text: 'a.b', wire: '01610162076578616d706c6500' },
  { name: 'an absolute name', text: 'a.b.', wire: '0161016200' },
  { name: 'the root', text: '.', wire: '00' },
  { name: 'an escaped dot at the end', text: 'a\\.', wire: '02612e076578616d706c6500' },
  { name: 'no text', text: '', wire: NAME_EMPTY_LABEL },
  { name: 'an empty label', text: 'a..b', wire: NAME_EMPTY_LABEL },
  { name: 'a long label', text: 'a'.repeat(64), wire: NAME_LABEL_TOO_LONG },
  {
    name: 'a name that is too long with its origin',
    text: `${'a.'.repeat(122)}ab`,
    wire: NAME_TOO_LONG,
  },
  { name: 'a name that is too long without', text: `${'a.'.repeat(127)}a.`, wire: NAME_TOO_LONG },
  { name: 'an escape at the end', text: 'a\\', wire: NAME_BAD_ESCAPE },
  { name: 'an escape above 255', text: '\\256', wire: NAME_BAD_ESCAPE },
]
for (const { name, text, wire: expected } of IN_ORIGIN) {
  test(`readNameText: ${name}`, () => {
    const source = new TextEncoder().encode(`<${text}>`)
    const out = new Uint8Array(300).fill(0xee)
    const length = readNameText(source, 1, source.length - 1, wire('example'), out, 10)
    assert.equal(length < 0 ? length : out.subarray(10, 10 + length).toHex(), expected)
    assert.equal(out[9], 0xee)
  })
}

test('readNameText: the longest name with its origin', () => {
  const source = new TextEncoder().encode(`${'a.'.repeat(122)}a`)
  assert.equal(readNameText(source, 0, source.length, wire('example'), new Uint8Array(256), 0), 255)
})
