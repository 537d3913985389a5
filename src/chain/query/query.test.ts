import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type QueryOptions, query } from '../../../test/support/plugin-harness.ts'
import { CacheKey } from '../../cache/key.ts'
import { FLAG_AD, FLAG_CD } from '../../wire/header.ts'
import { FastQuery } from './fast-query.ts'
import { Query } from './query.ts'

const SEED = [3, 5] as const
const newKey = (): CacheKey => new CacheKey(SEED)

const hashOf = (key: CacheKey) => [key.hashLow, key.hashHigh]
const shown = (key: CacheKey) => ({ bytes: key.bytes.slice(0, key.length), hash: hashOf(key) })

/** The key, made anew from what the query says. */
const expected = (asked: Query) =>
  shown(
    newKey().set(
      asked.qtype,
      asked.qclass,
      asked.do,
      (asked.flags & FLAG_CD) !== 0,
      asked.question.folded,
    ),
  )

const cases: { name: string; options?: QueryOptions; change?: (asked: Query) => Query }[] = [
  { name: 'a plain query' },
  { name: 'DO', options: { do: true } },
  { name: 'CD', options: { cd: true } },
  { name: 'with AD set', change: asked => asked.with({ flags: asked.flags | FLAG_AD }) },
  { name: 'with CD set', change: asked => asked.with({ flags: asked.flags | FLAG_CD }) },
  {
    name: 'with CD taken back',
    options: { cd: true },
    change: asked => asked.with({ flags: asked.flags & ~FLAG_CD }),
  },
  { name: 'over another transport', change: asked => asked.with({ transport: 'tcp' }) },
  {
    name: 'with a lower UDP size',
    options: { udpSize: 4096, do: true },
    change: asked => {
      asked.lowerUdpSize(512)
      return asked
    },
  },
]
const same = (asked: Query): Query => asked
for (const { name, options, change = same } of cases)
  test(`the key of a query: ${name}`, () => {
    const asked = query('WWW.example.org.', 'AAAA', options)
    const key = newKey()
    asked.setKey(key)
    const changed = change(asked)
    key.set(1, 1, true, true, Uint8Array.of(0))
    assert.equal(changed.hashLow(key), expected(changed).hash[0])
    key.set(1, 1, true, true, Uint8Array.of(0))
    assert.deepEqual(shown(changed.setKey(key)), expected(changed))
    assert.deepEqual(shown(changed.setKey(key)), expected(changed))
  })

test('the hash that the fast path has made is not made again', () => {
  const { bytes, question, edns, transport, client, local, listener } = query('www.example.org.')
  const read = new FastQuery(newKey())
  read.key.set(question.type, question.class, false, false, question.folded)
  const parts = { bytes, question, edns, transport, client, local, listener, receivedMs: 0 }
  const asked = new Query({ ...parts, read })
  // Another seed: a hash that is made again would be another one.
  const key = new CacheKey([7, 9])
  assert.deepEqual(hashOf(asked.setKey(key)), hashOf(read.key))
  assert.equal(asked.hashLow(key), read.key.hashLow)
})

const addresses: { name: string; text: string; bytes: string; family: 4 | 6 }[] = [
  { name: 'IPv4', text: '192.0.2.53', bytes: 'c0000235', family: 4 },
  { name: 'IPv6', text: '2001:db8::1', bytes: `20010db8${'00'.repeat(11)}01`, family: 6 },
  { name: 'IPv6 with a zone', text: 'fe80::1%eth0', bytes: `fe80${'00'.repeat(13)}01`, family: 6 },
  { name: 'what is none', text: 'elsewhere', bytes: '', family: 4 },
]
for (const { name, text, bytes, family } of addresses)
  test(`the client's address: ${name}`, () => {
    const { address } = query('www.example.org.', 'A', { client: text })
    assert.deepEqual([address.bytes.toHex(), address.family], [bytes, family])
  })
