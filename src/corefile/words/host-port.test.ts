import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePort, splitHostPort } from './host-port.ts'

const cases = [
  { text: ':8080', expected: { host: '', port: '8080' } },
  { text: 'localhost:9153', expected: { host: 'localhost', port: '9153' } },
  { text: '192.0.2.1:80', expected: { host: '192.0.2.1', port: '80' } },
  { text: '[2001:db8::1]:80', expected: { host: '2001:db8::1', port: '80' } },
  { text: 'host:', expected: { host: 'host', port: '' } },
  { text: 'bla', expected: { error: 'address bla: missing port in address' } },
  { text: '', expected: { error: 'address : missing port in address' } },
  {
    text: '2001:db8::1:80',
    expected: { error: 'address 2001:db8::1:80: too many colons in address' },
  },
  { text: '[2001:db8::1', expected: { error: "address [2001:db8::1: missing ']' in address" } },
  { text: '[2001:db8::1]', expected: { error: 'address [2001:db8::1]: missing port in address' } },
  { text: '[::1]80:80', expected: { error: 'address [::1]80:80: missing port in address' } },
  { text: '[::1]:80:80', expected: { error: 'address [::1]:80:80: too many colons in address' } },
  { text: 'a[b:80', expected: { error: "address a[b:80: unexpected '[' in address" } },
  { text: 'a]b:80', expected: { error: "address a]b:80: unexpected ']' in address" } },
]
for (const c of cases) {
  test(`splitHostPort: ${c.text || '(empty)'}`, () => {
    assert.deepEqual(splitHostPort(c.text), c.expected)
  })
}

const ports = [
  { text: '0', port: 0 },
  { text: '65535', port: 65535 },
  { text: '08', port: 8 },
  ...['65536', '99999', '-1', '+80', 'http', ''].map(text => ({ text, port: undefined })),
]
for (const c of ports)
  test(`parsePort: ${c.text || '(empty)'}`, () => assert.equal(parsePort(c.text), c.port))
