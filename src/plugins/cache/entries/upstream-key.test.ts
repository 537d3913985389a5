import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type QueryOptions, query } from '../../../../test/support/messages.ts'
import { isOrdinary, isSameUpstream, relayedBytes, UpstreamKey } from './upstream-key.ts'

const SEED = [1, 2] as const
const keyOf = (name: string, type: string, options: QueryOptions): string => {
  const { low, high } = new UpstreamKey(SEED).set(relayedBytes(query(name, type, options)))
  return `${low}:${high}`
}

const EXTRA = { additional: ['www.example.org. 1 IN A 192.0.2.1'] }
const cases: {
  name: string
  qname?: string
  type?: string
  options?: QueryOptions
  same: boolean
  ordinary: boolean
}[] = [
  { name: 'the same', same: true, ordinary: true },
  { name: 'another id', options: { id: 7 }, same: true, ordinary: true },
  { name: 'another letter case', qname: 'WWW.Example.ORG.', same: true, ordinary: true },
  { name: 'AD', options: { ad: true }, same: true, ordinary: true },
  {
    name: 'another name of the same length',
    qname: 'wwx.example.org.',
    same: false,
    ordinary: true,
  },
  { name: 'another name', qname: 'example.org.', same: false, ordinary: true },
  // 1 (A) and 33 (SRV) differ by the bit that letter case has.
  { name: 'another type', type: 'SRV', same: false, ordinary: true },
  { name: 'another class', options: { class: 3 }, same: false, ordinary: true },
  { name: 'no RD', options: { rd: false }, same: false, ordinary: false },
  { name: 'CD', options: { cd: true }, same: false, ordinary: true },
  { name: 'another opcode', options: { opcode: 4 }, same: false, ordinary: true },
  { name: 'EDNS', options: { udpSize: 1232 }, same: false, ordinary: true },
  { name: 'DO', options: { do: true }, same: false, ordinary: true },
  {
    name: 'an option',
    options: { options: [{ code: 65001, data: '00' }] },
    same: false,
    ordinary: false,
  },
  {
    name: 'a cookie',
    options: { options: [{ code: 10, data: '0011223344556677' }] },
    same: false,
    ordinary: true,
  },
  {
    name: 'a short cookie',
    options: { options: [{ code: 10, data: '0011' }] },
    same: false,
    ordinary: false,
  },
  { name: 'a record in additional', options: EXTRA, same: false, ordinary: false },
  { name: 'a record and EDNS', options: { ...EXTRA, udpSize: 1232 }, same: false, ordinary: false },
  { name: 'TCP', options: { transport: 'tcp' }, same: false, ordinary: true },
]

for (const {
  name,
  qname = 'www.example.org.',
  type = 'A',
  options = {},
  same,
  ordinary,
} of cases) {
  test(`upstream key: ${name} is ${same ? 'the same' : 'another'} upstream query`, () => {
    const plain = relayedBytes(query('www.example.org.'))
    const other = relayedBytes(query(qname, type, options))
    assert.equal(isSameUpstream(plain, other), same)
    assert.equal(isSameUpstream(other, plain), same)
    assert.equal(keyOf('www.example.org.', 'A', {}) === keyOf(qname, type, options), same)
  })

  test(`upstream key: a failure to answer a query with ${name} ${ordinary ? 'counts' : 'does not count'} for all`, () => {
    assert.equal(isOrdinary(query(qname, type, options)), ordinary)
  })
}

test('upstream key: queries that differ behind the hashed bytes are told apart', () => {
  const long = (last: string): QueryOptions => ({
    options: [{ code: 12, data: `${'00'.repeat(1500)}${last}` }],
  })
  assert.equal(keyOf('a.', 'A', long('00')), keyOf('a.', 'A', long('01')))
  assert.equal(
    isSameUpstream(
      relayedBytes(query('a.', 'A', long('00'))),
      relayedBytes(query('a.', 'A', long('01'))),
    ),
    false,
  )
})
