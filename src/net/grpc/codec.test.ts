import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReply, NO_BYTES } from '../http/exchange.ts'
import { GRPC } from './codec.ts'
import { readCall, writeCall } from './wire.ts'

const HEAD = {
  method: 'POST',
  target: '/coredns.dns.DnsService/Query',
  contentType: 'application/grpc',
}

const heads: { name: string; head: Partial<typeof HEAD>; status: number; grpc?: string }[] = [
  { name: 'GET', head: { method: 'GET' }, status: 405 },
  { name: 'another type', head: { contentType: 'application/json' }, status: 415 },
  { name: 'a type that begins alike', head: { contentType: 'application/grpc-web' }, status: 415 },
  {
    name: 'another method',
    head: { target: '/coredns.dns.DnsService/X' },
    status: 200,
    grpc: '12',
  },
  { name: 'another service', head: { target: '/x/Query' }, status: 200, grpc: '12' },
]
for (const c of heads)
  test(`begin: ${c.name}`, () => {
    const reply = GRPC.begin({ ...HEAD, ...c.head })
    assert.ok(isReply(reply))
    assert.deepEqual([reply.status, reply.headers['grpc-status']], [c.status, c.grpc])
  })
for (const contentType of ['application/grpc', 'application/grpc+proto', 'Application/GRPC; x=y'])
  test(`begin: ${contentType}`, () =>
    assert.deepEqual(GRPC.begin({ ...HEAD, contentType }), { hasBody: true }))

/** Body in hex, and the message in it, or the status of the call. */
const bodies: { name: string; body: string; message?: string; status?: string }[] = [
  { name: 'a message', body: '0000000005 0a03010203', message: '010203' },
  { name: 'no field', body: '0000000000', message: '' },
  { name: 'the last of two fields', body: '0000000006 0a0101 0a0102', message: '02' },
  { name: 'a field of another number', body: '0000000009 1202aabb 0a03010203', message: '010203' },
  { name: 'a number', body: '0000000006 108001 0a0105', message: '05' },
  { name: 'a fixed one', body: '0000000008 1d00000000 0a0105', message: '05' },
  { name: 'a long fixed one', body: '000000000c 190000000000000000 0a0105', message: '05' },
  { name: 'compressed', body: '0100000005 0a03010203', status: '12' },
  { name: 'nothing', body: '', status: '13' },
  { name: 'a prefix that is cut', body: '00000000', status: '13' },
  { name: 'a message that is cut', body: '0000000006 0a03010203', status: '13' },
  { name: 'two messages', body: '0000000000 0000000000', status: '3' },
  { name: 'a length beyond the limit', body: '0000010004 0a', status: '8' },
  { name: 'a field that is cut', body: '0000000003 0a0501', status: '13' },
  { name: 'a key of eleven bytes', body: '000000000b ffffffffffffffffffff01', status: '13' },
  { name: 'a length that does not end', body: '0000000002 0aff', status: '13' },
  { name: 'field 1 as a number', body: '0000000002 0801', status: '13' },
  { name: 'a group', body: '0000000002 1314', status: '13' },
  { name: 'field 0', body: '0000000002 0200', status: '13' },
  { name: 'a fixed one that is cut', body: '0000000003 1d0000', status: '13' },
]
for (const c of bodies)
  test(`body: ${c.name}`, () => {
    const body = new Uint8Array(Buffer.from(c.body.replaceAll(' ', ''), 'hex'))
    const message = GRPC.message(HEAD, body)
    if (isReply(message)) assert.equal(message.headers['grpc-status'], c.status)
    else assert.equal(Buffer.from(message).toString('hex'), c.message)
  })

for (const length of [0, 1, 127, 128, 512, 16_383, 16_384, 65_535])
  test(`a message of ${length} bytes goes there and back`, () => {
    const message = new Uint8Array(length).fill(7)
    assert.deepEqual(readCall(writeCall(message)), message)
  })

test('an answer', () => {
  const { status, headers, body, trailers } = GRPC.answer(Uint8Array.of(1, 2), undefined, NO_BYTES)
  assert.deepEqual([status, headers], [200, { 'content-type': 'application/grpc' }])
  assert.deepEqual(readCall(body), Uint8Array.of(1, 2))
  assert.deepEqual(trailers, { 'grpc-status': '0', 'grpc-message': '' })
})
test('without an answer the query comes back', () => {
  const { body, trailers } = GRPC.answer(undefined, undefined, Uint8Array.of(9))
  assert.deepEqual([readCall(body), trailers?.['grpc-status']], [Uint8Array.of(9), '0'])
})
test('a message that is no query', () => {
  const { headers, trailers } = GRPC.answer(undefined, 'rejected', Uint8Array.of(9))
  assert.deepEqual(
    [headers['grpc-status'], headers['grpc-message'], trailers],
    ['2', 'dns request rejected', undefined],
  )
})
