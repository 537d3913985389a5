import assert from 'node:assert/strict'
import test from 'node:test'
import { readNameservers } from './resolv-conf.ts'

const cases = [
  {
    name: 'name servers in order',
    text: 'nameserver 192.0.2.1\nnameserver 2001:db8::1\n',
    servers: ['192.0.2.1', '2001:db8::1'],
  },
  {
    name: 'link-local addresses keep their zones',
    text: 'nameserver fe80::1%eth0',
    servers: ['fe80::1%eth0'],
  },
  {
    name: 'other keywords and comments are passed over',
    text: '# nameserver 192.0.2.9\nsearch example.org\noptions ndots:5\n; x\nnameserver 192.0.2.1',
    servers: ['192.0.2.1'],
  },
  {
    name: 'blanks, tabs and CRLF are only separators',
    text: '  nameserver\t192.0.2.1  # x\r\nnameserver 192.0.2.2\r\n',
    servers: ['192.0.2.1', '192.0.2.2'],
  },
  {
    name: 'a keyword without a value names no server',
    text: 'nameserver\nnameserver ',
    servers: [],
  },
  { name: 'an empty file names no server', text: '', servers: [] },
]
for (const { name, text, servers } of cases)
  test(name, () => assert.deepEqual(readNameservers(text), servers))
