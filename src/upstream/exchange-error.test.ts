import assert from 'node:assert/strict'
import test from 'node:test'
import { ioError, timeoutError } from './exchange-error.ts'

const cases = [
  { code: 'ECONNREFUSED', kind: 'io', text: 'connection refused' },
  { code: 'EHOSTUNREACH', kind: 'io', text: 'no route to host' },
  { code: 'ENETUNREACH', kind: 'io', text: 'network is unreachable' },
  { code: 'EMSGSIZE', kind: 'io', text: 'message too long' },
  { code: 'ECONNRESET', kind: 'closed', text: 'connection reset by peer' },
  { code: 'EPIPE', kind: 'closed', text: 'broken pipe' },
  { code: 'EMFILE', kind: 'local', text: 'too many open files' },
  { code: 'ENFILE', kind: 'local', text: 'too many open files in system' },
  { code: 'ENOBUFS', kind: 'local', text: 'no buffer space available' },
]
for (const { code, kind, text } of cases) {
  test(`${code} reads as in Go and is of kind ${kind}`, () => {
    const error = ioError('dial udp 192.0.2.1:53: connect', Object.assign(new Error('x'), { code }))
    assert.equal(error.message, `dial udp 192.0.2.1:53: connect: ${text}`)
    assert.equal(error.kind, kind)
  })
}

test('a cause without a known code keeps its own words', () => {
  assert.equal(
    ioError('dial tcp 192.0.2.1:853: tls handshake', new Error('certificate has expired')).message,
    'dial tcp 192.0.2.1:853: tls handshake: certificate has expired',
  )
  assert.equal(ioError('read', 'odd').message, 'read: odd')
})

test('a time-out reads as in Go', () => {
  const error = timeoutError('read udp 127.0.0.1:40000->192.0.2.1:53')
  assert.equal(error.message, 'read udp 127.0.0.1:40000->192.0.2.1:53: i/o timeout')
  assert.equal(error.kind, 'timeout')
})
