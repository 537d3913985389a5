// Stages that see the messages which leave, as tsig and dnstap do: through the whole way of a query
// in a shard, with stages made for the purpose.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answer } from '../src/chain/answer/answer.ts'
import { flagsToLeave } from '../src/chain/answer/finish.ts'
import { ServerError } from '../src/chain/errors.ts'
import type { Peer, Query, Transport } from '../src/chain/query/query.ts'
import { SILENCE } from '../src/chain/reply/reply.ts'
import { FAST_ANSWERED } from '../src/chain/stage/fast-step.ts'
import type { Stage } from '../src/chain/stage/handler.ts'
import { compose, type NamedStage } from '../src/shard/answer/chain.ts'
import { FLAG_TC, getAncount, getFlags, getQdcount } from '../src/wire/header.ts'
import { fakeClock, fakeLogger, query, show } from './support/plugin-harness.ts'
import { noFault, shardWith } from './support/stage-shard.ts'

const CLIENT: Peer = { address: '192.0.2.53', port: 40_000, family: 4 }
const LOCAL: Peer = { address: '192.0.2.1', port: 53, family: 4 }

const PASSES: Stage['wrap'] = next => query => next(query)

/** Answers with so many TXT records of 50 bytes. */
const answering = (records = 1): Stage => ({
  wrap: () => query => {
    const rdata = new Uint8Array(50).fill(65).with(0, 49)
    const txt = { owner: query.question.wire, type: 16, ttlSeconds: 60, rdata }
    return answer(query, { answers: Array.from({ length: records }, () => txt) })
  },
})

/** Appends so many bytes of the value, behind what there is. */
const appending = (value: number, count: number, reserves = count): Stage => ({
  wrap: PASSES,
  reserves,
  leaving: (_query, bytes) =>
    new Uint8Array(Buffer.concat([bytes, new Uint8Array(count).fill(value)])),
})

const world = (stages: readonly Stage[]) => {
  const logged: string[] = []
  let panics = 0
  const named: NamedStage[] = stages.map((stage, index) => ({ name: `stage${index}`, stage }))
  const composed = compose(named, noFault)
  const { dispatcher, at } = shardWith(composed, {
    clock: fakeClock(),
    log: fakeLogger(logged),
    seed: [1, 2],
    zones: ['.'],
    countPanic: () => void panics++,
  })
  const ask = (asked: Query, transport: Transport = 'udp'): Promise<Uint8Array | undefined> =>
    new Promise(resolve =>
      dispatcher.receive(at, asked.bytes.slice(), transport, CLIENT, LOCAL, resolve),
    )
  return { composed, ask, logged, panics: () => panics }
}

const asked = (options = {}) => query('example.org.', 'TXT', { udpSize: 1232, ...options })
const sent = async (reply: Promise<Uint8Array | undefined>): Promise<Uint8Array> =>
  (await reply) ?? assert.fail('silence')

test('stages see a message from the innermost outwards, and what one appends the next one sees', async () => {
  const { ask } = world([appending(1, 2), appending(2, 3), answering()])
  const plain = await sent(world([answering()]).ask(asked()))
  const bytes = await sent(ask(asked()))
  assert.deepEqual([...bytes], [...plain, 2, 2, 2, 1, 1])
})

test('what a stage sees is what leaves: id, OPT and question are the client’s', async () => {
  const seen: Uint8Array[] = []
  const looks: Stage = {
    wrap: PASSES,
    leaving(_query, bytes) {
      seen.push(bytes.slice())
      return bytes
    },
  }
  const bytes = await sent(world([looks, answering()]).ask(asked({ id: 77 })))
  assert.deepEqual(seen, [bytes])
  assert.equal(show(bytes).id, 77)
  assert.equal(show(bytes).edns?.udpSize, 1232)
})

test('it sees answers that stages in front of it gave, and the answers to failures', async () => {
  const seen: string[] = []
  const looks: Stage = {
    wrap: PASSES,
    leaving(_query, bytes) {
      seen.push(show(bytes).rcode)
      return bytes
    },
  }
  const fails: Stage = {
    wrap: () => () => {
      throw new ServerError('REFUSES', 'no', 5)
    },
  }
  await world([answering(), looks]).ask(asked())
  await world([looks, fails]).ask(asked())
  assert.deepEqual(seen, ['NOERROR', 'REFUSED'])
})

const sizes: readonly {
  rule: string
  transport?: Transport
  udpSize?: number
  records: number
  reserves: readonly number[]
  isCut: boolean
}[] = [
  { rule: 'a reply that fits with them is whole', records: 4, reserves: [100], isCut: false },
  { rule: 'a reply that would fit without them is cut', records: 18, reserves: [100], isCut: true },
  { rule: 'those of several stages add up', records: 12, reserves: [200, 300], isCut: true },
  { rule: 'over TCP too', transport: 'tcp', records: 1050, reserves: [500], isCut: true },
  { rule: 'over TCP there is room', transport: 'tcp', records: 500, reserves: [500], isCut: false },
  { rule: 'as many as the client takes', udpSize: 512, records: 1, reserves: [460], isCut: true },
]
for (const { rule, transport = 'udp', udpSize = 1232, records, reserves, isCut } of sizes) {
  test(`reserved bytes: ${rule}`, async () => {
    const stages = reserves.map(bytes => appending(9, bytes))
    const bytes = await sent(
      world([...stages, answering(records)]).ask(asked({ udpSize }), transport),
    )
    const signed = reserves.reduce((sum, each) => sum + each)
    if (transport === 'udp') assert.ok(bytes.length <= udpSize, `${bytes.length} bytes`)
    assert.ok(bytes.subarray(-signed).every(byte => byte === 9))
    assert.equal((getFlags(bytes, 0) & FLAG_TC) !== 0, isCut)
    assert.equal(getQdcount(bytes, 0), 1)
    assert.equal(getAncount(bytes, 0) < records, isCut)
  })
}

test('what log lines say of TC counts the reserved bytes', () => {
  const one = asked()
  const reply = answering(18).wrap(() => SILENCE)(one)
  assert.ok(!(reply instanceof Promise))
  assert.equal(flagsToLeave(one, reply) & FLAG_TC, 0)
  one.reservedBytes = 100
  assert.equal(flagsToLeave(one, reply) & FLAG_TC, FLAG_TC)
})

const faults: readonly { rule: string; stage: Stage; rcode: string; panics: number }[] = [
  {
    rule: 'an exception is a panic',
    stage: {
      wrap: PASSES,
      leaving: () => {
        throw new TypeError('broken')
      },
    },
    rcode: 'SERVFAIL',
    panics: 1,
  },
  {
    rule: 'a failure of operation has its own rcode',
    stage: {
      wrap: PASSES,
      leaving: () => {
        throw new ServerError('NO_KEY', 'no key', 5)
      },
    },
    rcode: 'REFUSED',
    panics: 0,
  },
  {
    rule: 'more than the client takes is a panic',
    stage: appending(1, 1300, 0),
    rcode: 'SERVFAIL',
    panics: 1,
  },
]
for (const { rule, stage, rcode, panics } of faults) {
  test(`a stage that fails when a message leaves: ${rule}, and no stage sees the answer`, async () => {
    let seen = 0
    const outer: Stage = {
      wrap: PASSES,
      leaving(_query, bytes) {
        seen++
        return bytes
      },
    }
    const inner = world([stage, answering()])
    const reply = await sent(inner.ask(asked()))
    assert.equal(show(reply).rcode, rcode)
    assert.deepEqual(show(reply).answer, [])
    assert.equal(inner.panics(), panics)
    const failing = { ...stage, leaving: () => assert.fail('inside') }
    await world([outer, failing, answering()]).ask(asked())
    assert.equal(seen, 0)
  })
}

test('nothing is shown of silence, of what no block serves, or of malformed messages', async () => {
  let seen = 0
  const looks: Stage = {
    wrap: () => () => SILENCE,
    leaving(_query, bytes) {
      seen++
      return bytes
    },
  }
  const { ask } = world([looks])
  assert.equal(await ask(asked()), undefined)
  await ask(asked({ opcode: 6 }))
  await ask(asked({ version: 3 }))
  assert.equal(seen, 0)
})

for (const reserves of [-1, 1.5, 1025, Number.NaN]) {
  test(`a plugin that reserves ${reserves} bytes fails when the chain is made, by its name`, () =>
    assert.throws(
      () => compose([{ name: 'greedy', stage: appending(1, 1, reserves) }], noFault),
      new RangeError(`plugin/greedy: reserves ${reserves} bytes: must be 0 to 1024`),
    ))
}

const quick: Stage = { wrap: PASSES, fast: { ask: () => FAST_ANSWERED } }
const watching = (concerns?: Stage['concerns']): Stage => ({
  wrap: PASSES,
  concerns,
  leaving: (_query, bytes) => bytes,
  fast: { ask: () => FAST_ANSWERED },
})
const forTxt = watching(({ qtype }) => qtype === 16)
const chains: readonly { rule: string; stages: Stage[]; txt: boolean; a: boolean }[] = [
  { rule: 'without such a stage', stages: [quick], txt: true, a: true },
  { rule: 'in front', stages: [forTxt, quick], txt: false, a: true },
  { rule: 'behind what answers', stages: [quick, forTxt], txt: false, a: true },
  { rule: 'behind the end', stages: [quick, { wrap: PASSES }, forTxt], txt: false, a: true },
  { rule: 'for every question', stages: [quick, watching()], txt: false, a: false },
]
for (const { rule, stages, txt, a } of chains) {
  test(`the fast path and a stage that sees messages leave: ${rule}`, () => {
    const { fast } = world(stages).composed
    const answers = (qtype: number): boolean =>
      fast.answer({ qtype, askedBits: 0, concernedBits: 0 } as Parameters<typeof fast.answer>[0])
    assert.deepEqual([answers(16), answers(1)], [txt, a])
    assert.equal(fast.isUseful, a)
  })
}
