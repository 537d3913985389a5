import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf } from '../../../../../test/fakes/cluster.ts'
import { dashedAddress, endpointLabel } from './endpoint-label.ts'
import { Faults } from './json-parts.ts'

for (const [address, label] of [
  ['192.0.2.1', '192-0-2-1'],
  ['::ffff:192.0.2.1', '192-0-2-1'],
  ['2001:db8::1', '2001-db8--1'],
  ['2001:DB8:0:0:1:0:0:1', '2001-db8--1-0-0-1'],
  ['2001:db8::', '2001-db8--0'],
  ['::1', '--1'],
  ['::', '--0'],
] as const) {
  test(`dashedAddress: ${address} is ${label}`, () =>
    assert.equal(dashedAddress(addressOf(address)), label))
}

const long = 'x'.repeat(64)
const cases = [
  { name: 'the host name', hostname: 'Web-0', pod: 'web-abc', label: 'web-0', reason: '' },
  { name: 'the name of the pod', hostname: '', pod: 'web-abc', label: 'web-abc', reason: '' },
  { name: 'the address', hostname: '', pod: '', label: '192-0-2-1', reason: '' },
  {
    name: '63 bytes are enough',
    hostname: long.slice(1),
    pod: '',
    label: long.slice(1),
    reason: '',
  },
  {
    name: 'a long name of a pod counts as none',
    hostname: '',
    pod: long,
    label: '192-0-2-1',
    reason: '',
  },
  {
    name: 'a long host name is told',
    hostname: long,
    pod: '',
    label: '192-0-2-1',
    reason: `host name '${long.slice(0, 60)}...' is longer than 63 bytes`,
  },
  {
    name: 'bytes count, not characters',
    hostname: 'ö'.repeat(32),
    pod: '',
    label: '192-0-2-1',
    reason: `host name '${'ö'.repeat(32)}' is longer than 63 bytes`,
  },
]
for (const { name, hostname, pod, label, reason } of cases) {
  test(`endpointLabel: ${name}`, () => {
    const faults = new Faults()
    assert.deepEqual(
      [endpointLabel(hostname, pod, addressOf('192.0.2.1'), faults), faults.reason],
      [label, reason],
    )
  })
}
