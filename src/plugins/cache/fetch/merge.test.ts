import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { a, cacheChain, settle } from '../../../../test/support/cache-chain.ts'
import {
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
  show,
} from '../../../../test/support/messages.ts'
import { ServerError } from '../../../chain/errors.ts'
import type { Query } from '../../../chain/query/query.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import type { Handler } from '../../../chain/stage/handler.ts'
import { nameFromText } from '../../../wire/name.ts'

/** A downstream whose replies come when the test says so, in the order of the questions. */
const held = (): {
  step: (asked: Query) => Promise<Reply>
  reply: (options: ReplyOptions) => void
  fail: (error: Error) => void
} => {
  const waiting: {
    asked: Query
    resolve: (reply: Reply) => void
    reject: (error: Error) => void
  }[] = []
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
    const answers = [
      chain.ask({ id: 1 }),
      other.ask({ id: 2 }),
      other.ask({ id: 3, name: 'WWW.example.org.' }),
    ]
    await settle()
    assert.equal(chain.asked.length, 1)
    downstream.reply({ answer: [a(300)] })
    for (const shown of await Promise.all(answers)) assert.deepEqual(shown.answer, [a(300)])
    assert.equal(chain.asked.length, 1)
  })
}

test('merge: each waiter gets its own AD', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const answers = [chain.ask(), chain.ask({ ad: true })]
  downstream.reply({ answer: [a(300)], ad: true })
  assert.deepEqual(
    (await Promise.all(answers)).map(shown => shown.flags),
    ['qr rd', 'qr rd ad'],
  )
})

const unstored: { name: string; reply: ReplyOptions; asked: number }[] = [
  { name: 'an error', reply: { rcode: 'REFUSED' }, asked: 1 },
  { name: 'NXDOMAIN without SOA', reply: { rcode: 'NXDOMAIN' }, asked: 1 },
  { name: 'a truncated reply', reply: { tc: true, answer: [a(300)] }, asked: 1 },
  {
    name: 'a CNAME that leads nowhere',
    reply: { answer: ['www.example.org. 60 IN CNAME other.example.org.'] },
    asked: 2,
  },
]

for (const c of unstored) {
  test(`merge: ${c.name} is not kept, but shared inside the shard`, async () => {
    const downstream = held()
    const chain = cacheChain('cache', downstream.step)
    const answers = [chain.ask(), chain.ask()]
    downstream.reply(c.reply)
    const [first, second] = await Promise.all(answers)
    assert.deepEqual(second, first)
    assert.equal(chain.asked.length, 1)
  })

  test(`merge: ${c.name} is ${c.asked === 1 ? 'told to the other shards' : 'asked for by the other shards themselves'}`, async () => {
    const downstream = held()
    const chain = cacheChain('cache', downstream.step)
    const answers = [chain.ask(), chain.shard(1).ask(), chain.shard(2).ask()]
    downstream.reply(c.reply)
    await settle()
    const shards = c.asked === 1 ? 1 : 3
    assert.equal(chain.asked.length, shards)
    for (let more = 1; more < shards; more++) downstream.reply(c.reply)
    const [first, ...others] = await Promise.all(answers)
    for (const other of others) assert.equal(other.rcode, first?.rcode)
    for (const other of others) assert.equal(other.flags, first?.flags)
  })
}

const timedOut = (): ServerError => new ServerError('UPSTREAM_TIMEOUT', 'i/o timeout')

for (const second of [0, 1]) {
  const where = second === 0 ? 'in one shard' : 'in two shards'
  test(`merge: after a failure those with time left ask once more together, and the rest fail at once, ${where}`, async () => {
    const downstream = held()
    const chain = cacheChain('cache', downstream.step)
    const other = second === 0 ? chain : chain.shard(second)
    const early = [chain.ask(), other.ask(), other.ask()]
    chain.clock.advance(2500)
    const late = [other.ask(), chain.ask(), other.ask()]
    await settle()
    chain.clock.advance(1500)
    downstream.fail(timedOut())
    for (const answer of early) await assert.rejects(answer, { code: 'UPSTREAM_TIMEOUT' })
    await settle()
    assert.equal(chain.asked.length, 2)
    downstream.reply({ answer: [a(300)] })
    for (const answer of late) assert.deepEqual((await answer).answer, [a(300)])
    assert.equal(chain.asked.length, 2)
  })
}

test('merge: who asks is waited for as long as its own time lasts, however long the chain takes', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const first = chain.ask()
  chain.clock.advance(5000)
  const others = [chain.ask(), chain.ask()]
  await settle()
  assert.equal(chain.asked.length, 2)
  downstream.reply({ answer: [a(100)] })
  await first
  const last = chain.ask({ do: true, udpSize: 1232 })
  downstream.reply({ answer: [a(300)] })
  for (const other of others) assert.deepEqual((await other).answer, [a(300)])
  downstream.reply({ answer: [a(300)] })
  await last
})

test('merge: nobody asks more than once more', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const answers = [chain.ask(), chain.ask(), chain.ask()]
  downstream.fail(timedOut())
  await assert.rejects(answers[0] as Promise<unknown>)
  await settle()
  downstream.fail(timedOut())
  for (const answer of answers) await assert.rejects(answer, { code: 'UPSTREAM_TIMEOUT' })
  assert.equal(chain.asked.length, 2)
})

test('merge: 500 waiters in two shards and an upstream that keeps silent: it is asked once', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const shards = [chain, chain.shard(1)]
  const answers = Array.from({ length: 500 }, (_, n) => shards[n % 2]!.ask({ id: n }))
  chain.clock.advance(4000)
  downstream.fail(timedOut())
  const settled = await Promise.allSettled(answers)
  assert.deepEqual([...new Set(settled.map(({ status }) => status))], ['rejected'])
  assert.equal(chain.asked.length, 1)
})

test('merge: a defect is not tried again', async () => {
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

/** Whatever makes another message for upstream. */
const apart: { name: string; query: QueryOptions & { type?: string } }[] = [
  { name: 'of another type', query: { type: 'AAAA' } },
  { name: 'without RD', query: { rd: false } },
  { name: 'with EDNS', query: { udpSize: 4096 } },
  { name: 'over TCP', query: { transport: 'tcp' } },
  { name: 'with an option', query: { options: [{ code: 65001, data: '00' }] } },
  {
    name: 'with a record in additional',
    query: { additional: ['www.example.org. 1 IN A 192.0.2.1'] },
  },
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

for (const second of [0, 1]) {
  test(`merge: a waiter fails at its own deadline, ${second === 0 ? 'in one shard' : 'in two shards'}`, async t => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const never = new Promise<Reply>(() => undefined)
    const chain = cacheChain('cache', () => never)
    void chain.ask()
    chain.clock.advance(3000)
    const late = (second === 0 ? chain : chain.shard(second)).ask()
    let isOver = false
    const failure = assert
      .rejects(late, { code: 'UPSTREAM_TIMEOUT' })
      .finally(() => (isOver = true))
    await settle()
    mock.timers.tick(4999)
    await settle()
    assert.equal(isOver, false)
    mock.timers.tick(1)
    await failure
    assert.equal(chain.asked.length, 1)
  })
}

test('merge: two sizes of EDNS are asked apart, so that a small one cuts no answer of a large one', async () => {
  const downstream = held()
  const chain = cacheChain('cache', downstream.step)
  const answers = [chain.ask(), chain.ask({ udpSize: 4096 })]
  downstream.reply({ tc: true })
  downstream.reply({ answer: [a(300)] })
  assert.deepEqual(
    (await Promise.all(answers)).map(({ flags, answer }) => [flags, answer.length]),
    [
      ['qr tc rd', 0],
      ['qr rd', 1],
    ],
  )
})

test('merge: a shard goes on without when the table of claims is full', async () => {
  const chain = cacheChain('cache', { answer: [a(300)] })
  const words = chain.control.claimWords
  for (let word = 0; word < words.length; word += 4) words[word] = 9
  assert.deepEqual((await chain.ask()).answer, [a(300)])
})

test('merge: no claim is left behind, however a question ends', async () => {
  const downstream = held()
  const chain = cacheChain(
    'cache {\nprefetch 1 1m 90%\n}',
    { answer: [a(300)] },
    'UPSTREAM_TIMEOUT',
    downstream.step,
  )
  await chain.ask()
  await assert.rejects(async () => chain.ask({ type: 'AAAA' }))
  const late = chain.ask({ type: 'MX' })
  downstream.fail(new Error('late'))
  await assert.rejects(late)
  await settle()
  const states = chain.control.claimWords.filter((_, word) => word % 4 === 0)
  assert.deepEqual([...new Set(states.map(state => state & 0xff))], [0])
})

// Two names that lead to each other, as templates and zones can make them.
for (const second of [0, 1])
  test(`merge: questions that lead to each other do not wait for each other, ${second === 0 ? 'in one shard' : 'in two shards'}`, async () => {
    const other: Record<string, string> = { 'p.test.': 'q.test.', 'q.test.': 'p.test.' }
    const chain = cacheChain('cache', async asked => {
      await null
      const name = nameFromText(other[asked.question.name] ?? '')
      const isLast = asked.depth === 3
      const further = isLast
        ? undefined
        : await shards[asked.client.port]?.handle(asked.asOwn({ name }))
      return replyTo(asked, { rcode: further === undefined ? 'REFUSED' : 'NOERROR' })
    })
    const shards: Record<number, { handle: Handler }> = { 1: chain, 2: chain.shard(second) }
    const client = (port: number) => ({ address: '192.0.2.1', port, family: 4 }) as const
    const asked = ['p.test.', 'q.test.'].map((name, index) =>
      (index === 0 ? chain : chain.shard(second)).handle(
        query(name, 'A', { receivedMs: chain.clock.ms(), client: client(index + 1) }),
      ),
    )
    for (const reply of await Promise.all(asked)) assert.equal(show(reply).rcode, 'NOERROR')
  })

test('what was left out for a bound of a query is not kept', async () => {
  const chain = cacheChain('cache', asked => {
    asked.refused()
    return replyTo(asked, { answer: [a(300)] })
  })
  await chain.ask()
  await chain.ask()
  assert.equal(chain.asked.length, 2)
})
