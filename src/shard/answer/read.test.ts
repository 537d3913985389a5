import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded } from '../../../test/fakes/raw-message.ts'
import { type QueryOptions, query } from '../../../test/support/plugin-harness.ts'
import { CacheKey } from '../../cache/key.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import { areOptionsSound, readEdns } from '../../wire/edns.ts'
import { FLAG_CD, getFlags } from '../../wire/header.ts'
import { readLayout } from '../../wire/layout.ts'
import { readQuestion } from '../../wire/question.ts'
import { judgeHeader } from './header-reply.ts'
import { readQuery } from './read.ts'

const AT = 64
const SEED = [3, 5] as const
const memory = new Uint8Array(8192)
const read = new FastQuery(new CacheKey(SEED))
read.bytes = memory
read.words = new Int32Array(memory.buffer)
read.at = AT

/** In the middle of memory that goes on as messages do. */
const readAt = (bytes: Uint8Array): boolean => {
  memory.fill(1)
  memory.set(bytes, AT)
  read.length = bytes.length
  return readQuery(read)
}

/** What the whole layout of the message says; undefined for what is answered with an error. */
const readWhole = (bytes: Uint8Array) => {
  if (judgeHeader(bytes) !== 'take') return undefined
  const layout = readLayout(bytes)
  const question = layout && readQuestion(bytes)
  const edns = layout && readEdns(bytes, layout)
  if (question === undefined || edns === 'malformed') return undefined
  return edns !== undefined && !areOptionsSound(bytes, edns) ? undefined : { question, edns }
}

/** Compares both readers; whether the query is of the usual kind. */
const compare = (bytes: Uint8Array): boolean => {
  if (!readAt(bytes)) return false
  const whole = readWhole(bytes)
  assert.ok(whole !== undefined, bytes.toHex())
  const { question, edns } = whole
  assert.deepEqual(
    [read.qtype, read.qclass, read.questionEnd, read.flags],
    [question.type, question.class, question.end, getFlags(bytes, 0)],
  )
  assert.deepEqual(read.name.bytes.slice(0, read.name.length), question.folded)
  assert.deepEqual(
    [read.hasEdns, read.udpSize, read.do, read.hasEdns ? read.questionEnd : undefined],
    [edns !== undefined, edns?.udpSize ?? 0, edns?.do ?? false, edns?.offset],
  )
  const isCd = (read.flags & FLAG_CD) !== 0
  const key = new CacheKey(SEED).set(question.type, 1, read.do, isCd, question.folded)
  assert.deepEqual([read.key.hashLow, read.key.hashHigh], [key.hashLow, key.hashHigh])
  return true
}

const usual: { name: string; qname?: string; options?: QueryOptions; isUsual: boolean }[] = [
  { name: 'a plain query', isUsual: true },
  { name: 'the root', qname: '.', isUsual: true },
  { name: 'mixed case', qname: 'WwW.Example.ORG.', isUsual: true },
  { name: 'the longest name', qname: `${'a.'.repeat(126)}b.`, isUsual: true },
  { name: 'EDNS', options: { udpSize: 1232 }, isUsual: true },
  { name: 'DO and CD', options: { udpSize: 1232, do: true, cd: true }, isUsual: true },
  {
    name: 'a cookie',
    options: { options: [{ code: 10, data: '0102030405060708' }] },
    isUsual: true,
  },
  {
    name: 'a client subnet',
    options: { options: [{ code: 8, data: '00011800c00002' }] },
    isUsual: false,
  },
  { name: 'EDNS of another version', options: { udpSize: 1232, version: 1 }, isUsual: false },
  { name: 'another opcode', options: { opcode: 4 }, isUsual: false },
  { name: 'another class', options: { class: 3 }, isUsual: false },
]
for (const { name, qname = 'www.example.org.', options = {}, isUsual } of usual)
  test(`reading: ${name}`, () => assert.equal(compare(query(qname, 'A', options).bytes), isUsual))

const SHAPES: readonly QueryOptions[] = [
  {},
  { udpSize: 1232, do: true },
  { udpSize: 512, cd: true, options: [{ code: 10, data: '0102030405060708' }] },
  { udpSize: 1400, options: [{ code: 8, data: '00011800c00002' }] },
  {
    udpSize: 600,
    options: [
      { code: 12, data: '00'.repeat(40) },
      { code: 3, data: '' },
    ],
  },
]

test('reading: whatever is of the usual kind says the same as its whole layout', () => {
  const draw = seeded(11)
  let count = 0
  for (let n = 0; n < 100_000; n++) {
    const labels = Array.from({ length: draw(5) }, () => 'aBcDeFgHiJ'.slice(draw(9)))
    const whole = query(`${labels.join('.')}.`, 'AAAA', SHAPES[draw(SHAPES.length)]).bytes
    const bytes = draw(4) === 0 ? Uint8Array.of(...whole, draw(256), draw(256)) : whole.slice()
    for (let changes = draw(3); changes > 0; changes--)
      bytes[2 + draw(bytes.length - 2)] = draw(256)
    if (compare(bytes.subarray(0, draw(6) === 0 ? draw(bytes.length + 1) : bytes.length))) count++
  }
  assert.ok(count > 20_000, `${count} were read`)
})
