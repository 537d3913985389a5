import assert from 'node:assert/strict'
import test from 'node:test'
import { bytesOf, wire } from '../../test/fakes/raw-message.ts'
import * as name from './name.ts'

const HEADER = '00'.repeat(12)
const run = (size: number, byte = 0x61): number[] => [size, ...new Array<number>(size).fill(byte)]

/**
 * 12 bytes of header, then `depth` pointers each to the one before, the first to a root; the last
 * stands at the returned offset.
 */
const chain = (depth: number): { bytes: Uint8Array; offset: number } => {
  const bytes: number[] = [...new Array<number>(12).fill(0), 0]
  let target = 12
  for (let k = 0; k < depth; k++) {
    const at = bytes.length
    bytes.push(0xc0 | (target >> 8), target & 255)
    target = at
  }
  return { bytes: Uint8Array.from(bytes), offset: target }
}

const inMessage: readonly {
  name: string
  bytes: Uint8Array
  offset: number
  text: string | undefined
}[] = [
  { name: 'the root', bytes: bytesOf(HEADER, '00'), offset: 12, text: '.' },
  {
    name: 'a plain name',
    bytes: bytesOf(HEADER, wire('a.example')),
    offset: 12,
    text: 'a.example.',
  },
  {
    name: 'labels and a pointer',
    bytes: bytesOf(HEADER, wire('org'), '0161c00c'),
    offset: 17,
    text: 'a.org.',
  },
  {
    name: 'a pointer into the middle of a name',
    bytes: bytesOf(HEADER, wire('a.org'), 'c00e'),
    offset: 19,
    text: 'org.',
  },
  { name: 'a pointer to itself', bytes: bytesOf(HEADER, 'c00c'), offset: 12, text: undefined },
  {
    name: 'labels and a pointer to their start',
    bytes: bytesOf(HEADER, '0161c00c'),
    offset: 12,
    text: undefined,
  },
  {
    name: 'a pointer to a label before it in the same run',
    bytes: bytesOf(HEADER, '01610162c00e'),
    offset: 12,
    text: undefined,
  },
  {
    name: 'a pointer forward',
    bytes: bytesOf(HEADER, 'c00e', wire('a')),
    offset: 12,
    text: undefined,
  },
  {
    name: 'two pointers to each other',
    bytes: bytesOf(HEADER, 'c00ec00c'),
    offset: 14,
    text: undefined,
  },
  {
    name: 'a pointer behind the message',
    bytes: bytesOf(HEADER, 'ffff'),
    offset: 12,
    text: undefined,
  },
  {
    name: 'a pointer into the header',
    bytes: bytesOf(HEADER, 'c004'),
    offset: 12,
    text: undefined,
  },
  { name: 'a pointer cut in half', bytes: bytesOf(HEADER, '00c0'), offset: 13, text: undefined },
  {
    name: 'a label that ends the message',
    bytes: bytesOf(HEADER, '0161'),
    offset: 12,
    text: undefined,
  },
  {
    name: 'a label longer than the message',
    bytes: bytesOf(HEADER, '0561'),
    offset: 12,
    text: undefined,
  },
  { name: 'no bytes', bytes: bytesOf(HEADER), offset: 12, text: undefined },
  { name: 'an offset behind the message', bytes: bytesOf(HEADER), offset: 99, text: undefined },
  {
    name: 'label type 01',
    bytes: bytesOf(HEADER, '4161', '00'.repeat(80)),
    offset: 12,
    text: undefined,
  },
  {
    name: 'label type 10',
    bytes: bytesOf(HEADER, '8161', '00'.repeat(200)),
    offset: 12,
    text: undefined,
  },
  {
    name: 'a label of 63',
    bytes: bytesOf(HEADER, run(63), '00'),
    offset: 12,
    text: `${'a'.repeat(63)}.`,
  },
  { name: 'a label of 64', bytes: bytesOf(HEADER, run(64), '00'), offset: 12, text: undefined },
  {
    name: 'NUL in a label',
    bytes: bytesOf(HEADER, '03610062', '00'),
    offset: 12,
    text: 'a\\000b.',
  },
  {
    name: 'a dot in a label',
    bytes: bytesOf(HEADER, '03612e62', '00'),
    offset: 12,
    text: 'a\\.b.',
  },
  {
    name: 'bytes from 0x80 in a label',
    bytes: bytesOf(HEADER, '0280ff', '00'),
    offset: 12,
    text: '\\128\\255.',
  },
  { name: '126 pointers', ...chain(126), text: '.' },
  { name: '127 pointers', ...chain(127), text: undefined },
  { name: '8,191 pointers', ...chain(8185), text: undefined },
]
for (const c of inMessage) {
  test(`expandName: ${c.name} is ${c.text === undefined ? 'refused' : 'read'}`, () => {
    const out = new Uint8Array(255)
    const length = name.expandName(c.bytes, c.offset, out)
    assert.equal(length < 0 ? undefined : name.nameToText(out.subarray(0, length)), c.text)
  })
}

const sized = (size: number): Uint8Array =>
  bytesOf(run(63), run(63), run(63), run(size - 194), '00')
for (const c of [
  { size: 254, isGood: true },
  { size: 255, isGood: true },
  { size: 256, isGood: false },
]) {
  const plain = bytesOf(HEADER, sized(c.size))
  const end = plain.length
  test(`expandName: a name of ${c.size} bytes is ${c.isGood ? 'read' : 'refused'}`, () => {
    assert.equal(name.expandName(plain, 12, new Uint8Array(255)), c.isGood ? c.size : -1)
  })
  test(`skipName: a name of ${c.size} bytes is ${c.isGood ? 'skipped' : 'refused'}`, () => {
    assert.equal(name.skipName(plain, 12, end), c.isGood ? end : -1)
  })
  test(`expandName: a name of ${c.size} bytes through a pointer is ${c.isGood ? 'read' : 'refused'}`, () => {
    const bytes = bytesOf(HEADER, run(63), run(63), run(63), '00', run(c.size - 194), 'c00c')
    const tail = bytesOf(HEADER, run(63), run(63), '00', run(63), run(c.size - 194), 'c00c')
    assert.equal(name.expandName(bytes, 12 + 193, new Uint8Array(255)), c.isGood ? c.size : -1)
    assert.equal(name.expandName(tail, 12 + 129, new Uint8Array(255)), c.isGood ? c.size : -1)
  })
}

test('expandName: refuses to write beyond the room it is given', () => {
  const out = new Uint8Array(4)
  assert.equal(name.expandName(bytesOf(HEADER, wire('abc')), 12, out), -1)
  assert.equal(out.toHex(), '00000000')
})

const skips: readonly { name: string; hex: string; end: number }[] = [
  { name: 'a root', hex: '00ff', end: 1 },
  { name: 'labels', hex: '0161016200ff', end: 5 },
  { name: 'a pointer, not followed', hex: 'c0ffff', end: 2 },
  { name: 'labels and a pointer', hex: '0161c0ffff', end: 4 },
  { name: 'a pointer cut in half', hex: 'c0', end: -1 },
  { name: 'labels without an end', hex: '0161', end: -1 },
  { name: 'a label of 64', hex: `40${'61'.repeat(64)}00`, end: -1 },
  { name: 'nothing', hex: '', end: -1 },
]
for (const c of skips) {
  test(`skipName: ${c.name}`, () => {
    const bytes = Uint8Array.fromHex(c.hex)
    assert.equal(name.skipName(bytes, 0, bytes.length), c.end)
  })
}

test('walkName: says where the name ends, its length, labels and pointers', () => {
  const cursor = new name.NameCursor()
  const bytes = bytesOf(HEADER, wire('example.org'), '0162c00c', '0161c019')
  assert.equal(name.walkName(bytes, 29, bytes.length, 12, cursor), true)
  assert.deepEqual({ ...cursor }, { end: 33, length: 17, hops: 2, labels: 4 })
})

test('walkName: a name that stands behind `end` is refused, one that it points to is not bounded by it', () => {
  const cursor = new name.NameCursor()
  const bytes = bytesOf(HEADER, wire('a'), 'c00c')
  assert.equal(name.walkName(bytes, 15, 17, 12, cursor), true)
  assert.equal(name.walkName(bytes, 15, 16, 12, cursor), false)
  assert.equal(name.walkName(bytes, 15, 17, name.NO_POINTERS, cursor), false)
})

test('foldName: lowers A to Z and nothing else, in a copy', () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const folded = name.foldName(all)
  assert.equal(folded.length, 256)
  for (let byte = 0; byte < 256; byte++) {
    assert.equal(folded[byte], byte >= 65 && byte <= 90 ? byte + 32 : byte)
    assert.equal(name.foldByte(byte), folded[byte])
  }
  assert.equal(all[65], 65)
})

const pairs: readonly { a: string; b: string; equal: boolean; subname: boolean }[] = [
  { a: 'example.org', b: 'EXAMPLE.org', equal: true, subname: true },
  { a: 'a.example.org', b: 'example.ORG', equal: false, subname: true },
  { a: 'example.org', b: 'a.example.org', equal: false, subname: false },
  { a: 'aexample.org', b: 'example.org', equal: false, subname: false },
  { a: 'example.org', b: '.', equal: false, subname: true },
  { a: '.', b: '.', equal: true, subname: true },
  { a: '.', b: 'org', equal: false, subname: false },
  { a: 'example.com', b: 'example.org', equal: false, subname: false },
  { a: '\\003org', b: 'org', equal: false, subname: false },
  { a: '@.org', b: '`.org', equal: false, subname: false },
]
for (const c of pairs) {
  test(`namesEqual, isSubname: ${c.a} and ${c.b}`, () => {
    assert.equal(name.namesEqual(wire(c.a), wire(c.b)), c.equal)
    assert.equal(name.isSubname(wire(c.a), wire(c.b)), c.subname)
  })
}

for (const [text, count] of [
  ['.', 0],
  ['org', 1],
  ['a.b.example.org', 4],
  ['a\\.b.org', 2],
] as const) {
  test(`countLabels: ${text} has ${count}`, () => assert.equal(name.countLabels(wire(text)), count))
}
