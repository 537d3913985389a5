import assert from 'node:assert/strict'
import test from 'node:test'
import { bytesOf, wire } from '../../test/fakes/raw-message.ts'
import { makeQuestion, readQuestion } from './question.ts'

const HEADER = '00'.repeat(12)

test('readQuestion: reads name, type and class, and where it ends', () => {
  const bytes = bytesOf(HEADER, wire('Www.eXample.org'), '001c', '0003', 'ffff')
  const question = readQuestion(bytes)
  assert.ok(question)
  assert.equal(question.name, 'www.example.org.')
  assert.deepEqual([question.type, question.class, question.end], [28, 3, bytes.length - 2])
  assert.deepEqual(question.wire, wire('Www.eXample.org'))
  assert.deepEqual(question.folded, wire('www.example.org'))
  assert.notEqual(question.wire.buffer, bytes.buffer)
  assert.notEqual(question.folded.buffer, bytes.buffer)
})

test('readQuestion: reads at another offset', () => {
  assert.equal(readQuestion(bytesOf('ffffff', wire('a'), '00010001'), 3)?.name, 'a.')
})

const LABEL_63 = `3f${'61'.repeat(63)}`
const refused: readonly { name: string; bytes: Uint8Array }[] = [
  { name: 'nothing behind the header', bytes: bytesOf(HEADER) },
  { name: 'a message cut in the name', bytes: bytesOf(HEADER, '0361') },
  { name: 'a message cut behind the name', bytes: bytesOf(HEADER, '016100') },
  { name: 'a message cut in the class', bytes: bytesOf(HEADER, '016100', '000100') },
  { name: 'a pointer', bytes: bytesOf(HEADER, 'c00c', '00010001') },
  {
    name: 'labels and a pointer into the header',
    bytes: bytesOf('00'.repeat(12), '0161c000', '00010001'),
  },
  { name: 'a label of 64', bytes: bytesOf(HEADER, `40${'61'.repeat(64)}`, '00', '00010001') },
  {
    name: 'a name of 256',
    bytes: bytesOf(HEADER, LABEL_63, LABEL_63, LABEL_63, `3e${'61'.repeat(62)}`, '00', '00010001'),
  },
]
for (const c of refused)
  test(`readQuestion: refuses ${c.name}`, () => assert.equal(readQuestion(c.bytes), undefined))

test('readQuestion: accepts a name of 255', () => {
  const question = readQuestion(
    bytesOf(HEADER, LABEL_63, LABEL_63, LABEL_63, `3d${'61'.repeat(61)}`, '00', '00010001'),
  )
  assert.equal(question?.wire.length, 255)
})

test('readQuestion: NUL and bytes from 0x80 are kept, and escaped in text', () => {
  assert.equal(readQuestion(bytesOf(HEADER, '030041ff', '00', '00010001'))?.name, '\\000a\\255.')
})

test('makeQuestion: is the question that a message with it gives', () => {
  const made = makeQuestion(wire('A.org'), 1, 1)
  const read = readQuestion(bytesOf(HEADER, wire('A.org'), '00010001'))
  assert.ok(read)
  assert.deepEqual(
    [made.name, made.wire, made.folded, made.end],
    [read.name, read.wire, read.folded, read.end],
  )
})
