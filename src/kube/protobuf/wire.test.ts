import assert from 'node:assert/strict'
import test from 'node:test'
import { run } from '../../../test/fakes/kube-api/protobuf.ts'
import { DamagedProtobuf, numberTag, runTag, sharedTextOf, WireReader } from './wire.ts'

/** `FIELD=NUMBER`, `FIELD:TEXT`, or `tag TAG`. */
const fieldsOf = (bytes: Buffer): string[] => {
  const reader = new WireReader().over(bytes, 0, bytes.length)
  const found: string[] = []
  while (reader.next()) {
    const field = reader.tag >>> 3
    if (reader.tag === numberTag(field)) found.push(`${field}=${reader.number}`)
    else if (reader.tag === runTag(field)) found.push(`${field}:${reader.text}`)
    else found.push(`tag ${reader.tag}`)
  }
  return found
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

for (const { name, bytes, gives } of [
  { name: 'nothing', bytes: '', gives: [] },
  { name: 'a number of one byte', bytes: '08 7f', gives: ['1=127'] },
  { name: 'a number of several', bytes: '08 80 01', gives: ['1=128'] },
  { name: 'a number with bytes that say nothing', bytes: '08 81 80 00', gives: ['1=1'] },
  { name: 'minus one', bytes: '08 ff ff ff ff ff ff ff ff ff 01', gives: ['1=-1'] },
  { name: 'the largest int32', bytes: '08 ff ff ff ff 07', gives: ['1=2147483647'] },
  { name: 'what does not fit is cut to 32 bits', bytes: '08 81 80 80 80 10', gives: ['1=1'] },
  { name: 'a text', bytes: '12 02 68 69', gives: ['2:hi'] },
  { name: 'an empty text', bytes: '12 00', gives: ['2:'] },
  { name: 'letters outside ASCII', bytes: '12 03 c3 bc 78', gives: ['2:üx'] },
  { name: 'bytes that are no UTF-8', bytes: '12 02 ff 78', gives: ['2:\ufffdx'] },
  {
    name: 'four and eight bytes, and what follows',
    bytes: '0d 01020304 09 0102030405060708 08 01',
    gives: ['tag 13', 'tag 9', '1=1'],
  },
  { name: 'a field with a large number', bytes: 'f8 ff ff ff 0f 01', gives: ['536870911=1'] },
])
  test(`fields: ${name}`, () => assert.deepEqual(fieldsOf(hex(bytes)), gives))

for (const { name, bytes } of [
  { name: 'a tag that is cut', bytes: '80' },
  { name: 'a number that is cut', bytes: '08 80' },
  { name: 'a number that is not there', bytes: '08' },
  { name: 'a number of eleven bytes', bytes: '08 80 80 80 80 80 80 80 80 80 80 00' },
  { name: 'a length that is cut', bytes: '12 80' },
  { name: 'a length of one too many', bytes: '12 03 68 69' },
  { name: 'a length of 2 GiB', bytes: '12 ff ff ff ff 07' },
  { name: 'a length of 4 GiB', bytes: '12 80 80 80 80 10 68' },
  { name: 'a length below zero', bytes: '12 ff ff ff ff ff ff ff ff ff 01' },
  { name: 'four bytes that are three', bytes: '0d 010203' },
  { name: 'eight bytes that are seven', bytes: '09 01020304050607' },
  { name: 'the beginning of a group', bytes: '0b 0c' },
  { name: 'the end of a group', bytes: '0c' },
  { name: 'type 6', bytes: '0e 00' },
  { name: 'type 7', bytes: '0f 00' },
  { name: 'field 0', bytes: '00 00' },
  { name: 'a tag beyond 32 bits', bytes: '88 80 80 80 10 00' },
])
  test(`damaged: ${name}`, () => {
    assert.throws(() => fieldsOf(hex(bytes)), DamagedProtobuf)
  })

test('a message within a message is read where it stands', () => {
  const inner = run(3, Buffer.from('in'))
  const bytes = Buffer.concat([run(1, run(2, inner)), run(4, Buffer.from('behind'))])
  const [outer, middle, reader] = [new WireReader(), new WireReader(), new WireReader()]
  outer.over(bytes, 0, bytes.length)
  assert.equal(outer.next() && middle.into(outer).next() && reader.into(middle).next(), true)
  assert.deepEqual([reader.tag, reader.text, reader.next()], [runTag(3), 'in', false])
  assert.deepEqual([middle.next(), outer.next(), outer.text], [false, true, 'behind'])
})

test('a message that says it is longer than the one around it', () => {
  const bytes = Buffer.concat([run(1, hex('12 05 68 69')), Buffer.from('more')])
  const outer = new WireReader().over(bytes, 0, bytes.length)
  outer.next()
  const inner = new WireReader().into(outer)
  assert.throws(() => inner.next(), DamagedProtobuf)
})

test('messages nested a hundred thousand deep are runs of bytes', () => {
  let bytes: Buffer = Buffer.from('x')
  for (let depth = 0; depth < 1000; depth++) bytes = run(1, bytes)
  const deep = Buffer.concat([run(1, bytes), ...Array.from({ length: 99_000 }, () => hex('0a 00'))])
  assert.equal(fieldsOf(deep).length, 99_001)
})

test('texts that repeat are one string, whatever falls on its place', () => {
  for (let round = 0; round < 2; round++)
    for (let k = 0; k < 5000; k++) {
      const text = k % 3 === 0 ? `naïve-${k}` : `namespace-${k}`
      const bytes = Buffer.from(`..${text}..`)
      assert.equal(sharedTextOf(bytes, 2, bytes.length - 2), text)
    }
  assert.equal(sharedTextOf(Buffer.from('x'.repeat(300)), 0, 300), 'x'.repeat(300))
})
