import assert from 'node:assert/strict'
import { test } from 'node:test'
import { a, cacheChain, NXDOMAIN, SOA } from '../../../../test/support/cache-chain.ts'
import type { QueryOptions, ReplyOptions } from '../../../../test/support/messages.ts'

const upstream: ReplyOptions = { answer: [a(300)], ra: true, ad: true, opt: { do: true } }

const flags: { name: string; query?: QueryOptions; reply?: ReplyOptions; expected: string }[] = [
  { name: "AA is set, RA is the entry's, RD the query's", expected: 'qr aa rd ra' },
  { name: 'no RD if the query has none', query: { rd: false }, expected: 'qr aa ra' },
  { name: 'no RA if upstream had none', reply: { answer: [a(300)] }, expected: 'qr aa rd' },
  { name: 'AD for those who set AD', query: { ad: true }, expected: 'qr aa rd ra ad' },
  { name: 'AD for those who set DO', query: { do: true }, expected: 'qr aa rd ra ad' },
  {
    name: 'no AD if upstream had none',
    query: { ad: true },
    reply: { answer: [a(300)] },
    expected: 'qr aa rd',
  },
  { name: 'CD as in the query', query: { cd: true }, expected: 'qr aa rd ra cd' },
]

for (const c of flags) {
  test(`cache hit: ${c.name}`, async () => {
    const chain = cacheChain('cache', c.reply ?? upstream)
    await chain.ask(c.query)
    assert.equal((await chain.ask(c.query)).flags, c.expected)
    assert.equal(chain.asked.length, 1)
  })
}

test('cache hit: TTLs are the time left, in all sections', async () => {
  const chain = cacheChain('cache', {
    answer: [a(300)],
    authority: ['example.org. 200 IN NS ns.example.org.'],
    additional: ['ns.example.org. 250 IN A 192.0.2.9'],
  })
  await chain.ask()
  chain.clock.advance(30_000)
  const shown = await chain.ask()
  assert.deepEqual(shown.answer, [a(170)])
  assert.deepEqual(shown.authority, ['example.org. 170 IN NS ns.example.org.'])
  assert.deepEqual(shown.additional, ['ns.example.org. 170 IN A 192.0.2.9'])
})

test('cache hit: an entry answers until its last second and not longer', async () => {
  const chain = cacheChain('cache', { answer: [a(30)] })
  await chain.ask()
  chain.clock.advance(29_000)
  assert.deepEqual((await chain.ask()).answer, [a(1)])
  chain.clock.advance(1000)
  assert.deepEqual((await chain.ask()).answer, [a(30)])
  assert.equal(chain.asked.length, 2)
})

test('cache hit: a clock that was looked at before the entry was stored raises no TTL', async () => {
  const chain = cacheChain('cache', { answer: [a(30)] })
  chain.clock.advance(1000)
  await chain.ask()
  chain.clock.advance(-1000)
  assert.deepEqual((await chain.shard(1).ask()).answer, [a(30)])
  assert.equal(chain.asked.length, 1)
})

test('cache hit: keepttl gives the clamped TTL all along', async () => {
  const chain = cacheChain('cache 20 {\nkeepttl\n}', { answer: [a(300)] })
  await chain.ask()
  chain.clock.advance(15_000)
  assert.deepEqual((await chain.ask()).answer, [a(20)])
  chain.clock.advance(5000)
  await chain.ask()
  assert.equal(chain.asked.length, 2)
})

test('cache hit: OPT is not stored, owner names keep their case', async () => {
  const chain = cacheChain('cache', {
    answer: [
      'alias.example.org. 300 IN CNAME WWW.example.org.',
      'WWW.example.org. 300 IN A 192.0.2.1',
    ],
    opt: {},
  })
  await chain.ask({ name: 'alias.example.org.' })
  const shown = await chain.ask({ name: 'ALIAS.example.org.', udpSize: 4096 })
  assert.equal(chain.asked.length, 1)
  assert.equal(shown.edns, undefined)
  assert.equal(shown.answer[1], 'WWW.example.org. 300 IN A 192.0.2.1')
})

test('cache hit: the rcode of a denial is kept', async () => {
  const chain = cacheChain('cache', NXDOMAIN)
  await chain.ask()
  const shown = await chain.ask()
  assert.equal(shown.rcode, 'NXDOMAIN')
  assert.deepEqual(shown.authority, [SOA])
  assert.equal(chain.asked.length, 1)
})

const keys: {
  name: string
  first?: QueryOptions
  second: QueryOptions & { name?: string; type?: string }
  isHit: boolean
}[] = [
  {
    name: 'letter case of the name does not count',
    second: { name: 'WWW.EXAMPLE.org.' },
    isHit: true,
  },
  {
    name: 'AD, transport and client do not count',
    second: { ad: true, transport: 'tcp', client: '2001:db8::9' },
    isHit: true,
  },
  {
    name: 'a client subnet does not count',
    second: { options: [{ code: 8, data: '00011800c00002' }] },
    isHit: true,
  },
  { name: 'OPT without DO does not count', second: { udpSize: 4096 }, isHit: true },
  { name: 'DO counts', second: { do: true }, isHit: false },
  { name: 'CD counts', second: { cd: true }, isHit: false },
  { name: 'the type counts', second: { type: 'AAAA' }, isHit: false },
  { name: 'the class counts', second: { class: 3 }, isHit: false },
  { name: 'the name counts', second: { name: 'ww.example.org.' }, isHit: false },
]

for (const c of keys) {
  test(`cache key: ${c.name}`, async () => {
    const chain = cacheChain('cache', { answer: [a(300)] })
    await chain.ask()
    await chain.ask(c.second)
    assert.equal(chain.asked.length, c.isHit ? 1 : 2)
  })
}

test('cache hit: a denial goes before a success, SERVFAIL behind it', async () => {
  const chain = cacheChain('cache', { answer: [a(300)] }, 'UPSTREAM_TIMEOUT')
  await chain.ask()
  assert.deepEqual((await chain.ask()).answer, [a(300)])
  const other = cacheChain('cache', { rcode: 'SERVFAIL' }, { answer: [a(300)] })
  await other.ask()
  assert.equal((await other.ask()).rcode, 'SERVFAIL')
  other.clock.advance(5000)
  assert.equal((await other.ask()).rcode, 'NOERROR')
  assert.equal(other.asked.length, 2)
})

test('cache: all shards hit what one has stored', async () => {
  const chain = cacheChain('cache', { answer: [a(300)] })
  await chain.ask()
  const other = chain.shard(1)
  assert.deepEqual((await other.ask()).answer, [a(300)])
  assert.equal(other.count('hits_total', { type: 'success' }), 1)
  assert.equal(chain.asked.length, 1)
})
