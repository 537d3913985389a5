// Answers that do not fit as they are: both paths compress and cut them alike, and count them
// whole.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getAncount, getFlags } from '../src/wire/header.ts'
import { bothPaths } from './support/both-paths.ts'
import { histogramValue, type QueryOptions, query, replyTo } from './support/plugin-harness.ts'

const NAME = 'Headless.shop.svc.example.org.'
const address = (type: string, owner: string, n: number): string =>
  type === 'A' ? `${owner} 30 IN A 192.0.2.${n}` : `${owner} 30 IN AAAA 2001:db8::${n.toString(16)}`
const PADDING = [{ code: 12, data: '00'.repeat(300) }]
const EDNS: readonly QueryOptions[] = [
  {},
  { udpSize: 512 },
  { udpSize: 1232, do: true },
  { udpSize: 4096 },
  { udpSize: 65_535, options: PADDING },
  { udpSize: 512, options: PADDING },
  { udpSize: 600, options: [{ code: 10, data: '0102030405060708' }] },
]

for (const type of ['A', 'AAAA'])
  test(`${type} records of one name: the same bytes on both paths, however many there are and whatever fits`, async () => {
    const answered: number[] = []
    for (let count = 1; count <= 70; count += count < 30 ? 1 : 9) {
      const answer = Array.from({ length: count }, (_, n) => address(type, NAME, n + 1))
      const paths = await bothPaths(['cache'], request => replyTo(request, { answer }))
      for (const options of EDNS) {
        for (const name of [NAME, NAME.toLowerCase()]) {
          const { bytes } = query(name, type, options)
          // Now it is cached in any case: an answer from the cache differs from the one that filled
          // it.
          await paths.slow(bytes)
          const slow = new Uint8Array((await paths.slow(bytes)) ?? assert.fail())
          const fast = paths.fast(bytes)
          if (fast === undefined) continue
          assert.deepEqual(fast, slow, `${count} records, ${JSON.stringify(options).slice(0, 60)}`)
          answered.push(getAncount(fast, 0) < count ? 1 : 0)
        }
      }
    }
    assert.ok(answered.length > 200, `${answered.length} on the fast path`)
    assert.ok(answered.filter(cut => cut === 1).length > 20, 'many of them cut')
  })

test('TC is set on what is cut, and on nothing else', async () => {
  const answer = Array.from({ length: 40 }, (_, n) => address('A', NAME, n + 1))
  const paths = await bothPaths(['cache'], request => replyTo(request, { answer }))
  const flags = async (options: QueryOptions): Promise<[count: number, tc: boolean]> => {
    const { bytes } = query(NAME, 'A', options)
    await paths.slow(bytes)
    const fast = paths.fast(bytes) ?? assert.fail()
    return [getAncount(fast, 0), (getFlags(fast, 0) & 0x0200) !== 0]
  }
  assert.deepEqual(await flags({}), [29, true])
  assert.deepEqual(await flags({ udpSize: 1232 }), [40, false])
})

const LEFT: { rule: string; answer: readonly string[] }[] = [
  {
    rule: 'a CNAME in front',
    answer: [`${NAME} 30 IN CNAME other.example.org.`, ...many('other.example.org.')],
  },
  { rule: 'two owners', answer: [...many(NAME), ...many('other.example.org.')] },
  { rule: 'owners in another case', answer: many(NAME.toUpperCase()) },
]

function many(owner: string): string[] {
  return Array.from({ length: 30 }, (_, n) => address('A', owner, n + 1))
}

for (const { rule, answer } of LEFT)
  test(`left to the slow path: ${rule}`, async () => {
    const paths = await bothPaths(['cache'], request => replyTo(request, { answer }))
    const { bytes } = query(NAME)
    await paths.slow(bytes)
    assert.equal(paths.fast(bytes), undefined)
  })

test('metrics show the size of the whole answer on both paths', async () => {
  const answer = Array.from({ length: 40 }, (_, n) => address('A', NAME, n + 1))
  const paths = await bothPaths(['prometheus 127.0.0.1:0', 'cache'], request =>
    replyTo(request, { answer }),
  )
  const { bytes } = query(NAME)
  const sizes = (): number =>
    histogramValue(paths.control, paths.row, 'coredns_dns_response_size_bytes', {}).sum
  await paths.slow(bytes)
  await paths.slow(bytes)
  const slow = sizes() / 2
  assert.notEqual(paths.fast(bytes), undefined)
  paths.batchSent(0)
  assert.equal(sizes(), slow * 3)
})
