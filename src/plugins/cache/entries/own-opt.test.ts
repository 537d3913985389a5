import assert from 'node:assert/strict'
import { test } from 'node:test'
import { a, cacheChain } from '../../../../test/support/cache-chain.ts'
import type { OptionText, ReplyOptions } from '../../../../test/support/messages.ts'

const EDE = { code: 15, data: '000e' }
const NSID = { code: 3, data: 'ff' }

const replies: {
  name: string
  reply: ReplyOptions
  rcode: string
  options: OptionText[] | undefined
  asked: number
}[] = [
  {
    name: 'an extended rcode',
    reply: { rcode: 'BADCOOKIE', opt: {} },
    rcode: 'BADCOOKIE',
    options: [],
    asked: 2,
  },
  {
    name: 'an extended error',
    reply: { rcode: 'SERVFAIL', opt: { options: [NSID, EDE] } },
    rcode: 'SERVFAIL',
    options: [EDE],
    asked: 1,
  },
  {
    name: 'an extended error with an answer',
    reply: { answer: [a(60)], opt: { options: [EDE] } },
    rcode: 'NOERROR',
    options: [EDE],
    asked: 1,
  },
  {
    name: 'another option',
    reply: { answer: [a(60)], opt: { options: [NSID] } },
    rcode: 'NOERROR',
    options: undefined,
    asked: 1,
  },
]

for (const c of replies) {
  test(`cache: ${c.name} of the chain ${c.options === undefined ? 'ends there' : 'reaches the client, from the cache too'}`, async () => {
    const chain = cacheChain('cache', c.reply)
    for (let n = 0; n < 2; n++) {
      const shown = await chain.ask({ udpSize: 1232 })
      assert.equal(shown.rcode, c.rcode)
      assert.deepEqual(shown.edns?.options, c.options)
    }
    assert.equal(chain.asked.length, c.asked)
  })
}

test('cache: a client without EDNS gets no OPT from an entry that has one', async () => {
  const chain = cacheChain('cache', { answer: [a(60)], opt: { options: [EDE] } })
  for (let n = 0; n < 2; n++) {
    const shown = await chain.ask()
    assert.equal(shown.edns, undefined)
    assert.deepEqual(shown.answer, [a(60)])
  }
  assert.deepEqual((await chain.ask({ udpSize: 1232 })).edns?.options, [EDE])
  assert.equal(chain.asked.length, 1)
})

const odd = [
  { name: 'without RD', query: { rd: false } },
  {
    name: 'with a record in additional',
    query: { additional: ['www.example.org. 1 IN A 192.0.2.1'] },
  },
]
const nothings: { name: string; reply: ReplyOptions }[] = [
  { name: 'SERVFAIL', reply: { rcode: 'SERVFAIL' } },
  { name: 'a delegation', reply: { authority: ['example.org. 60 IN NS ns.example.org.'] } },
  { name: 'an empty answer', reply: {} },
]

for (const { name, query } of odd) {
  for (const nothing of nothings) {
    test(`cache: ${nothing.name} to a query ${name} is not kept for others`, async () => {
      const chain = cacheChain('cache', nothing.reply, { answer: [a(60)] })
      await chain.ask(query)
      assert.deepEqual((await chain.ask()).answer, [a(60)])
    })
  }

  test(`cache: the answer to a query ${name} is kept`, async () => {
    const chain = cacheChain('cache', { answer: [a(60)] })
    await chain.ask(query)
    assert.deepEqual((await chain.ask()).answer, [a(60)])
    assert.equal(chain.asked.length, 1)
  })

  test(`cache: a refresh that a query ${name} gives occasion to is asked in plain form`, async () => {
    const chain = cacheChain('cache {\nprefetch 1 1m 90%\n}', { answer: [a(60)] })
    await chain.ask()
    chain.clock.advance(30_000)
    await chain.ask(query)
    assert.equal(chain.asked.length, 2)
    assert.equal(chain.asked[1]?.flags, 0x0120)
    assert.equal(chain.asked[1]?.bytes.length, chain.asked[1]?.question.end)
    assert.equal(chain.asked[1]?.receivedMs, chain.clock.ms())
  })
}
