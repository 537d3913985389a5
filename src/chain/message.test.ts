import assert from 'node:assert/strict'
import test from 'node:test'
import { decodeMessage, encodeMessage } from './message.ts'

test('encodeMessage, decodeMessage: a message as an object and back', () => {
  const bytes = encodeMessage({
    type: 'response',
    id: 7,
    flags: 0x0100,
    questions: [{ name: 'example.org', type: 'A', class: 'IN' }],
    answers: [{ name: 'example.org', type: 'A', ttl: 60, data: '192.0.2.1' }],
  })
  assert.equal(
    bytes.toHex(),
    '000781000001000100000000076578616d706c65036f72670000010001076578616d706c65036f726700000100010000003c0004c0000201',
  )
  const packet = decodeMessage(bytes)
  assert.equal(packet?.id, 7)
  assert.deepEqual(packet.questions, [{ name: 'example.org', type: 'A', class: 'IN' }])
  assert.deepEqual(packet.answers, [
    { name: 'example.org', type: 'A', class: 'IN', ttl: 60, flush: false, data: '192.0.2.1' },
  ])
})

test('decodeMessage: reads a view that does not start its buffer, shared or not', () => {
  const bytes = encodeMessage({ id: 9, questions: [{ name: 'a', type: 'A' }] })
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 8), 5, bytes.length)
  shared.set(bytes)
  assert.equal(decodeMessage(shared)?.id, 9)
})

for (const c of [
  { name: 'no bytes', hex: '' },
  { name: 'half a header', hex: '0001' },
  { name: 'a question that is missing', hex: '000100000001000000000000' },
  { name: 'a pointer to itself', hex: '000100000001000000000000c00c00010001' },
]) {
  test(`decodeMessage: ${c.name} is no message`, () =>
    assert.equal(decodeMessage(Uint8Array.fromHex(c.hex)), undefined))
}

test('encodeMessage: throws for an object that is no message', () => {
  assert.throws(
    () => encodeMessage({ questions: [{ name: 7 as unknown as string, type: 'A' }] }),
    TypeError,
  )
})
