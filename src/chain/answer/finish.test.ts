import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { OPTION_COOKIE, OPTION_ECS, readEdns } from '../../wire/edns.ts'
import { FLAG_TC, getFlags, getId } from '../../wire/header.ts'
import { readLayout } from '../../wire/layout.ts'
import { Reply, SILENCE } from '../reply/reply.ts'
import { finishReply } from './finish.ts'

const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `example.org. 300 IN A 192.0.2.${n % 250}`)
const finished = (...args: Parameters<typeof finishReply>): Uint8Array =>
  finishReply(...args) ?? assert.fail('silence')
const ednsOf = (bytes: Uint8Array) => readEdns(bytes, readLayout(bytes) ?? assert.fail('malformed'))

test('finish: id and question case are those of the query, whoever the reply was made for', () => {
  const other = query('example.org', 'A', { id: 1 })
  const mine = query('eXaMpLe.OrG', 'A', { id: 4711 })
  const bytes = finished(mine, replyTo(other, { answer: addresses(1) }))
  assert.equal(getId(bytes, 0), 4711)
  assert.equal(Buffer.from(bytes.subarray(12, 25)).toString('latin1'), '\x07eXaMpLe\x03OrG\0')
  assert.deepEqual(show(new Reply(bytes)).answer.length, 1)
})

test('finish: without OPT in the query none is added', () => {
  const asked = query('example.org', 'A')
  assert.equal(ednsOf(finished(asked, replyTo(asked, { answer: addresses(1) }))), undefined)
})

test("finish: the client's OPT comes back with its size and DO, without options and other flags", () => {
  const cookie = { code: OPTION_COOKIE, data: '0102030405060708' }
  const options = [cookie, { code: OPTION_ECS, data: '00010000' }]
  const asked = query('example.org', 'A', { udpSize: 1400, do: true, options })
  const edns = ednsOf(finished(asked, replyTo(asked, { answer: addresses(1) })))
  if (edns === undefined || edns === 'malformed') assert.fail('no OPT')
  assert.deepEqual([edns.udpSize, edns.do, edns.version, edns.optionsLength], [1400, true, 0, 0])
})

for (const { name, udpSize, count, isCut } of [
  { name: '512 bytes without OPT', udpSize: undefined, count: 60, isCut: true },
  { name: 'the advertised size', udpSize: 1232, count: 90, isCut: true },
  { name: 'nothing that fits when compressed', udpSize: 1232, count: 70, isCut: false },
]) {
  test(`finish: UDP replies are cut to ${name}, with TC if records are left out`, () => {
    const asked = query('example.org', 'A', udpSize === undefined ? {} : { udpSize })
    const bytes = finished(asked, replyTo(asked, { answer: addresses(count) }))
    assert.ok(bytes.length <= (udpSize ?? 512))
    assert.equal((getFlags(bytes, 0) & FLAG_TC) !== 0, isCut)
    const layout = readLayout(bytes)
    assert.equal(layout?.answerCount === count, !isCut)
    assert.equal(layout?.optCount, udpSize === undefined ? 0 : 1)
  })
}

test('finish: over TCP the whole reply goes out', () => {
  const asked = query('example.org', 'A', { transport: 'tcp' })
  assert.equal(
    readLayout(finished(asked, replyTo(asked, { answer: addresses(200) })))?.answerCount,
    200,
  )
})

for (const { name, options, rcode, edns } of [
  { name: 'with EDNS gets it', options: { udpSize: 1232 }, rcode: 'BADCOOKIE', edns: true },
  { name: 'without EDNS gets SERVFAIL', options: {}, rcode: 'SERVFAIL', edns: false },
]) {
  test(`finish: an rcode above 15: a client ${name}`, () => {
    const asked = query('example.org', 'A', options)
    const bytes = finished(asked, replyTo(asked, { rcode: 'BADCOOKIE', opt: {} }))
    assert.equal(show(new Reply(bytes)).rcode, rcode)
    assert.equal(ednsOf(bytes) !== undefined, edns)
  })
}

test('finish: silence stays silence', () => {
  assert.equal(finishReply(query('example.org', 'A'), SILENCE), undefined)
})
