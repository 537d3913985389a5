import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressSpace, octets, PROCESS_FAMILIES } from './process-metrics.ts'

const NETSTAT = `TcpExt: SyncookiesSent InOctets
TcpExt: 1 2
IpExt: InNoRoutes InOctets OutOctets
IpExt: 0 123456 654321
`

const reads: { name: string; read: () => number | undefined; value: number | undefined }[] = [
  { name: 'received bytes', read: () => octets(NETSTAT, 'InOctets'), value: 123456 },
  { name: 'sent bytes', read: () => octets(NETSTAT, 'OutOctets'), value: 654321 },
  { name: 'a number that is not there', read: () => octets(NETSTAT, 'Nothing'), value: undefined },
  { name: 'no netstat', read: () => octets('', 'InOctets'), value: undefined },
  {
    name: 'a limit',
    read: () =>
      addressSpace('Limit  Soft  Hard\nMax address space   8589934592   unlimited   bytes\n'),
    value: 8589934592,
  },
  {
    name: 'no limit, as Go prints it',
    read: () => addressSpace('Max address space         unlimited  unlimited  bytes\n'),
    value: 1.8446744073709552e19,
  },
  { name: 'no limits file', read: () => addressSpace(''), value: undefined },
]
for (const { name, read, value } of reads)
  test(`process metrics: ${name}`, () => assert.equal(read(), value))

test('process metrics: all are known on Linux', { skip: process.platform !== 'linux' }, () => {
  for (const { name, read } of PROCESS_FAMILIES) assert.equal(typeof read(), 'number', name)
})
