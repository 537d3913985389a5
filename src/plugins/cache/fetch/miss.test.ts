import assert from 'node:assert/strict'
import { test } from 'node:test'
import { a, cacheChain, SOA } from '../../../../test/support/cache-chain.ts'
import {
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
  show,
} from '../../../../test/support/messages.ts'
import { Reply, SILENCE } from '../../../chain/reply/reply.ts'
import { FLAG_AD } from '../../../wire/header.ts'
import { MessageWriter } from '../../../wire/writer.ts'

const flags: { name: string; query?: QueryOptions; reply: ReplyOptions; expected: string }[] = [
  {
    name: 'AA and RA are as downstream left them',
    reply: { answer: [a(300)], ra: true },
    expected: 'qr rd ra',
  },
  { name: 'AA stays', reply: { answer: [a(300)], aa: true }, expected: 'qr aa rd' },
  {
    name: 'AD is cleared for who did not ask',
    reply: { answer: [a(300)], ad: true },
    expected: 'qr rd',
  },
  {
    name: 'AD stays for AD',
    query: { ad: true },
    reply: { answer: [a(300)], ad: true },
    expected: 'qr rd ad',
  },
  {
    name: 'AD stays for DO',
    query: { do: true },
    reply: { answer: [a(300)], ad: true },
    expected: 'qr rd ad',
  },
  { name: 'TC is passed on', reply: { answer: [a(300)], tc: true }, expected: 'qr tc rd' },
]

for (const c of flags) {
  test(`cache miss: ${c.name}`, async () => {
    assert.equal((await cacheChain('cache', c.reply).ask(c.query)).flags, c.expected)
  })
}

test("cache miss: downstream always sees AD, and the client's own message stays as it was", async () => {
  const chain = cacheChain('cache', { answer: [a(300)] })
  const request = query('www.example.org.')
  await chain.handle(request)
  assert.equal((chain.asked[0]?.flags ?? 0) & FLAG_AD, FLAG_AD)
  assert.equal(request.flags & FLAG_AD, 0)
})

test('cache miss: every record gets the one TTL, and OPT goes', async () => {
  const reply = {
    answer: [a(7200)],
    authority: ['example.org. 90 IN NS ns.example.org.'],
    opt: { do: true },
  }
  const shown = await cacheChain('cache', reply).ask({ do: true })
  assert.deepEqual(shown.answer, [a(90)])
  assert.deepEqual(shown.authority, ['example.org. 90 IN NS ns.example.org.'])
  assert.equal(shown.edns, undefined)
})

const rewritten: { name: string; text: string; reply: ReplyOptions; expected: string[] }[] = [
  {
    name: 'a TTL of 0 becomes the minimum',
    text: 'cache',
    reply: { answer: [a(0)] },
    expected: [a(5)],
  },
  { name: 'the maximum holds', text: 'cache 30', reply: { answer: [a(300)] }, expected: [a(30)] },
  {
    name: 'what is not stored for its rcode gets 5 seconds',
    text: 'cache',
    reply: { rcode: 'REFUSED', answer: [a(300)] },
    expected: [a(5)],
  },
  {
    name: 'zones under disable too',
    text: 'cache 30 {\ndisable success\ndisable denial\n}',
    reply: { answer: [a(300)] },
    expected: [a(30)],
  },
]

for (const c of rewritten) {
  test(`cache miss: ${c.name}`, async () =>
    assert.deepEqual((await cacheChain(c.text, c.reply).ask()).answer, c.expected))
}

test('cache miss: an OPT record before others is cut out, and names that pointed behind it stay whole', async () => {
  const chain = cacheChain('cache', request => {
    const writer = new MessageWriter()
    writer.compress = true
    writer.header(request.id, 0x8100)
    writer.question(request.question.wire, 1, 1)
    const source = replyTo(request, {
      answer: [a(60)],
      additional: ['ns1.example.net. 60 IN A 192.0.2.8', 'ns2.example.net. 60 IN A 192.0.2.9'],
    })
    writer.copyRecord(0, source.bytes, source.layout, 0)
    writer.copyRecord(2, source.bytes, source.layout, 1)
    writer.opt({ udpSize: 1232 })
    writer.copyRecord(2, source.bytes, source.layout, 2)
    return new Reply(writer.finish())
  })
  for (const shown of [await chain.ask(), await chain.ask()]) {
    assert.deepEqual(shown.additional, [
      'ns1.example.net. 60 IN A 192.0.2.8',
      'ns2.example.net. 60 IN A 192.0.2.9',
    ])
    assert.deepEqual(shown.answer, [a(60)])
    assert.equal(shown.edns, undefined)
  }
  assert.equal(chain.asked.length, 1)
})

const untouched: { name: string; text: string; query: QueryOptions & { name?: string } }[] = [
  { name: 'names outside of the zones', text: 'cache example.net', query: {} },
  { name: 'NOTIFY', text: 'cache', query: { opcode: 4 } },
  { name: 'UPDATE', text: 'cache', query: { opcode: 5 } },
]

for (const c of untouched) {
  test(`cache: ${c.name} pass untouched and uncounted`, async () => {
    const chain = cacheChain(c.text, { answer: [a(7200)] })
    await chain.ask(c.query)
    assert.deepEqual((await chain.ask(c.query)).answer, [a(7200)])
    assert.equal(chain.asked.length, 2)
    assert.equal(chain.count('requests_total'), 0)
    assert.equal((chain.asked[0]?.flags ?? 0) & FLAG_AD, 0)
  })
}

test('cache: silence stays silence and is not kept', async () => {
  const chain = cacheChain('cache', () => SILENCE)
  assert.equal(await chain.handle(query('www.example.org.')), SILENCE)
  assert.equal(await chain.handle(query('www.example.org.')), SILENCE)
  assert.equal(chain.asked.length, 2)
})

test('cache: a failure downstream rises, and is not kept', async () => {
  const chain = cacheChain(
    'cache',
    'UPSTREAM_TIMEOUT',
    async () => Promise.reject(new Error('late')),
    { answer: [a(300)] },
  )
  await assert.rejects(async () => chain.ask(), { code: 'UPSTREAM_TIMEOUT' })
  await assert.rejects(chain.ask(), { message: 'late' })
  assert.deepEqual((await chain.ask()).answer, [a(300)])
})

test('cache: the reply to another question goes to the client, is counted, and is not kept', async () => {
  const wrong = replyTo(query('other.example.org.'), {
    answer: ['other.example.org. 300 IN A 192.0.2.1'],
  })
  const chain = cacheChain('cache', () => wrong, { answer: [a(300)] })
  assert.equal((await chain.ask()).question, 'other.example.org. IN A')
  assert.equal(chain.count('drops_total'), 1)
  assert.deepEqual((await chain.ask()).answer, [a(300)])
})

test('cache: what downstream gave is not changed', async () => {
  const reply = replyTo(query('www.example.org.'), {
    answer: [a(7200)],
    authority: [SOA],
    ad: true,
  })
  const before = reply.bytes.slice()
  await cacheChain('cache', () => reply).ask()
  assert.deepEqual(reply.bytes, before)
})

test('cache: a sync answer is given synchronously, hit or miss', () => {
  const chain = cacheChain('cache', { answer: [a(300)] })
  for (let n = 0; n < 2; n++) {
    const reply = chain.handle(query('www.example.org.'))
    assert.ok(reply instanceof Reply)
    assert.deepEqual(show(reply).answer, [a(300)])
  }
})
