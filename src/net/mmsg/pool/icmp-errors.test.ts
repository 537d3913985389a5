// What the reports of a socket's error queue mean, and that all of them are taken.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeLibc, type QueuedError } from '../../../../test/fakes/fake-libc.ts'
import { C } from '../abi.ts'
import { IcmpErrors } from './icmp-errors.ts'

const QUOTED = Uint8Array.of(0x12, 0x34, 1, 0)
const ECONNREFUSED = 111
const EHOSTUNREACH = 113
const ORIGIN_LOCAL = 1
const v4 = { errno: ECONNREFUSED, origin: C.SO_EE_ORIGIN_ICMP, type: 3, code: 3, quoted: QUOTED }
const v6 = { errno: ECONNREFUSED, origin: C.SO_EE_ORIGIN_ICMP6, type: 1, code: 4, quoted: QUOTED }

const read = (errors: readonly QueuedError[]) => {
  const fake = new FakeLibc()
  fake.errors = [...errors]
  const refused: [number, string][] = []
  const hadSome = new IcmpErrors(fake.libc).read(7, (id, code) => void refused.push([id, code]))
  return { hadSome, refused, left: fake.errors.length }
}

const REPORTS: readonly {
  says: string
  error: QueuedError
  refused: readonly [number, string][]
}[] = [
  { says: 'port unreachable', error: v4, refused: [[0x1234, 'ECONNREFUSED']] },
  { says: 'port unreachable, IPv6', error: v6, refused: [[0x1234, 'ECONNREFUSED']] },
  {
    says: 'host prohibited',
    error: { ...v4, code: 10, errno: EHOSTUNREACH },
    refused: [[0x1234, 'EHOSTUNREACH']],
  },
  {
    says: 'port unreachable, quoting no payload',
    error: { ...v4, quoted: new Uint8Array(0) },
    refused: [[-1, 'ECONNREFUSED']],
  },
  {
    says: 'host unreachable, which may pass',
    error: { ...v4, code: 1, errno: EHOSTUNREACH },
    refused: [],
  },
  {
    says: 'address unreachable, IPv6, which may pass',
    error: { ...v6, code: 3, errno: EHOSTUNREACH },
    refused: [],
  },
  { says: 'time exceeded', error: { ...v4, type: 11, code: 0, errno: EHOSTUNREACH }, refused: [] },
  {
    says: 'too large for the interface',
    error: { ...v4, origin: ORIGIN_LOCAL, type: 0, code: 0, errno: 90 },
    refused: [],
  },
]
for (const { says, error, refused } of REPORTS)
  test(`${says}: ${refused.length === 0 ? 'nobody is told' : 'the message has been refused'}`, () => {
    assert.deepEqual(read([error]), { hadSome: true, refused, left: 0 })
  })

test('an empty queue says so', () => {
  assert.deepEqual(read([]), { hadSome: false, refused: [], left: 0 })
})

test('more than one call takes are all taken, in their order', () => {
  const ids = Array.from({ length: 100 }, (_, id) => id)
  const { refused, left } = read(ids.map(id => ({ ...v4, quoted: Uint8Array.of(0, id) })))
  assert.deepEqual(
    refused.map(([id]) => id),
    ids,
  )
  assert.equal(left, 0)
})
