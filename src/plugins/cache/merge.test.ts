import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { a, cacheChain, NXDOMAIN, settle } from '../../../test/support/cache-chain.ts'
import { type QueryOptions, query, type ReplyOptions, replyTo, show } from '../../../test/support/messages.ts'
import type { Query } from '../../core/query.ts'
import type { Reply } from '../../core/reply.ts'

/** A downstream whose replies come when the test says so, in the order of the questions. */
const held = (): {
  step: (asked: Query) => Promise<Reply>
  reply: (options: ReplyOptions) => void
  fail: (error: Error) => void
} => {
  const waiting: { asked: Query; resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = []
  return {
    step: asked => new Promise((resolve, reject) => waiting.push({ asked, resolve, reject })),
    reply: options => {
      const first = waiting.shift()
      if (first !== undefined) first.resolve(replyTo(first.asked, options))
    },
    fail: error => waiting.shift()?.reject(error),
  }
}

// Two shards of one thread do in a fixed order what threads would leave to chance.
for (const second of [0, 1]) {
  test(`merge: equal questions in flight are asked once, ${second === 0 ? 'in one shard' : 'in two shards'}`, async () => {
    const downstream = held()
    const chain = cacheChain('cache', downstream.step)
    const other = second === 0 ? chain : chain.shard(second)
    const answers = [chain.ask({ id: 1 }), other.ask({ id: 2 }), other.ask({ id: 3, name: 'WWW.example.org.' })]
    await settle()
    assert.equal(chain.asked.length, 1)
    downstream.reply({ answer: [a(300)] })
    for (const shown of await Promise.all(answers)) assert.deepEqual(shown.answer, [a(300)])
    assert.equal(chain.asked.length, 1)
  })
}

test('merge: each waiter gets its own RD and AD', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const answers = [chain.ask(), chain.ask({ rd: false, ad: true })]
  downstream.reply({ answer: [a(300)], ad: true })
  assert.deepEqual(
    (await Promise.all(answers)).map(shown => shown.flags),
    ['qr rd', 'qr ad'],
  )
})

test('merge: a reply that is not kept is shared inside the shard', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const answers = [chain.ask(), chain.ask()]
  downstream.reply({ rcode: 'REFUSED' })
  assert.deepEqual(
    (await Promise.all(answers)).map(shown => shown.rcode),
    ['REFUSED', 'REFUSED'],
  )
  assert.equal(chain.asked.length, 1)
})

test('merge: another shard asks for itself when it finds nothing in the store', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const answers = [chain.ask(), chain.shard(1).ask()]
  downstream.reply({ rcode: 'REFUSED' })
  assert.equal((await answers[0])?.rcode, 'REFUSED')
  await settle()
  assert.equal(chain.asked.length, 2)
  downstream.reply(NXDOMAIN)
  assert.equal((await answers[1])?.rcode, 'NXDOMAIN')
})

test('merge: a failure is shared inside the shard, and the next question asks anew', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const answers = [chain.ask(), chain.ask()]
  downstream.fail(new Error('no upstream'))
  for (const answer of answers) await assert.rejects(answer, { message: 'no upstream' })
  const again = chain.ask()
  assert.equal(chain.asked.length, 2)
  downstream.reply({ answer: [a(300)] })
  assert.deepEqual((await again).answer, [a(300)])
})

test('merge: a truncated reply over UDP is no answer for who waits over TCP', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const udp = chain.ask()
  const tcp = [chain.ask({ transport: 'tcp' }), chain.ask({ transport: 'tcp' })]
  downstream.reply({ answer: [a(300)], tc: true })
  assert.equal((await udp).flags, 'qr tc rd')
  await settle()
  assert.equal(chain.asked.length, 2)
  assert.equal(chain.asked[1]?.transport, 'tcp')
  downstream.reply({ answer: [a(300)] })
  for (const shown of await Promise.all(tcp)) assert.equal(shown.flags, 'qr rd')
})

const apart: { name: string; query: QueryOptions & { type?: string } }[] = [
  { name: 'of another type', query: { type: 'AAAA' } },
  { name: 'with DO', query: { do: true } },
  { name: 'with CD', query: { cd: true } },
  { name: 'of another class', query: { class: 3 } },
  { name: 'with a client subnet', query: { options: [{ code: 8, data: '00011800c00002' }] } },
]

for (const c of apart) {
  test(`merge: a question ${c.name} is asked by itself`, async () => {
    const downstream = held()
    const chain = cacheChain('cache', downstream.step)
    const answers = [chain.ask(), chain.ask(c.query)]
    assert.equal(chain.asked.length, 2)
    downstream.reply({ answer: [a(300)] })
    downstream.reply({ answer: [a(300)] })
    await Promise.all(answers)
  })
}

test('merge: a question that leads back to itself does not wait for itself', async () => {
  for (const isSync of [true, false]) {
    let depth = 0
    const chain = cacheChain('cache', asked => {
      if (depth++ > 0) return replyTo(asked, { answer: [a(300)] })
      const inner = (): Reply | Promise<Reply> => chain.handle(asked.with({}))
      return isSync ? inner() : settle().then(inner)
    })
    assert.deepEqual(show(await chain.handle(query('www.example.org.'))).answer, [a(300)])
    assert.equal(chain.asked.length, 2)
  }
})

test('merge: nobody waits longer than 5 seconds for another', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const answers = [chain.ask(), chain.ask()]
  mock.timers.tick(4999)
  await settle()
  assert.equal(chain.asked.length, 1)
  mock.timers.tick(1)
  await settle()
  assert.equal(chain.asked.length, 2)
  downstream.reply({ answer: [a(300)] })
  downstream.reply({ answer: [a(300)] })
  await Promise.all(answers)
})

test('merge: a shard goes on without when the table of claims is full', async () => {
  const chain = cacheChain('cache', { answer: [a(300)] })
  const words = chain.control.claimWords
  for (let word = 0; word < words.length; word += 4) words[word] = 9
  assert.deepEqual((await chain.ask()).answer, [a(300)])
})

test('merge: no claim is left behind, however a question ends', async () => {
  const downstream = held()
  const chain = cacheChain('cache {\nprefetch 1 1m 90%\n}', { answer: [a(300)] }, 'UPSTREAM_TIMEOUT', downstream.step)
  await chain.ask()
  await assert.rejects(async () => chain.ask({ type: 'AAAA' }))
  const late = chain.ask({ type: 'MX' })
  downstream.fail(new Error('late'))
  await assert.rejects(late)
  await settle()
  const states = chain.control.claimWords.filter((_, word) => word % 4 === 0)
  assert.deepEqual([...new Set(states.map(state => state & 0xff))], [0])
})
