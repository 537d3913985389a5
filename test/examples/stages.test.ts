import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import type { Handler, HandlingStage, Query, ServeScope } from '../../src/index.ts'
import { ZoneIndex } from '../../src/wire.ts'
import { definedPlugin } from '../support/defined-plugin.ts'
import {
  type Chain,
  chain,
  query,
  type ReplyOptions,
  recordFromText,
  replyTo,
  show,
} from '../support/plugin-harness.ts'
import {
  adding,
  choosing,
  counting,
  cutting,
  lowering,
  moving,
  signing,
  telling,
  transferring,
} from './stages.ts'

/** The stage as a plugin's, in front of this. */
const inChain = (make: (scope: ServeScope) => HandlingStage, next: Handler): Promise<Chain> =>
  chain(definedPlugin('example', { serve: (_, scope) => make(scope) }), 'example', { next })

const saying =
  (reply: ReplyOptions): Handler =>
  asked =>
    replyTo(asked, reply)

const A = 'www.example.org. 300 IN A 192.0.2.1'
const NS = 'example.org. 300 IN NS ns.example.org.'

test('telling: the addresses of an answer are in the log', async () => {
  const { handle, serve } = await inChain(telling, saying({ answer: [A, `${A}0`] }))
  await handle(query('www.example.org.'))
  assert.deepEqual(serve.logged, ['[INFO] www.example.org. is at 192.0.2.1, 192.0.2.10'])
})

test('cutting: answers stay, with another TTL, and so does OPT', async () => {
  const reply = { answer: [A], authority: [NS], opt: { udpSize: 1400 } }
  const { handle } = await inChain(() => cutting, saying(reply))
  const shown = show(await handle(query('www.example.org.')))
  assert.deepEqual(shown.answer, ['www.example.org. 60 IN A 192.0.2.1'])
  assert.deepEqual([shown.authority, shown.edns?.udpSize], [[], 1400])
})

test('adding: an option for clients that have EDNS', async () => {
  const { handle } = await inChain(() => adding, saying({}))
  assert.equal(show(await handle(query('www.example.org.'))).edns, undefined)
  const { edns } = show(await handle(query('www.example.org.', 'A', { do: true })))
  assert.deepEqual(edns?.options, [{ code: 65001, data: '01' }])
})

const SOA = 'example.org. 300 IN SOA ns.example.org. host.example.org. 1 3600 600 86400 300'
const zone = {
  index: ZoneIndex.fromText(['example.org']),
  soa: recordFromText(SOA),
  records: Array.from({ length: 150 }, (_, n) =>
    recordFromText(`n.example.org. 300 IN AAAA ::${n}`),
  ),
  clients: ['192.0.2.53'],
}

const transfers: { rule: string; asked: Query; counts: number[] }[] = [
  {
    rule: 'over a connection',
    asked: query('example.org.', 'AXFR', { transport: 'tcp' }),
    counts: [1, 100, 50, 1],
  },
  { rule: 'refused over UDP', asked: query('example.org.', 'AXFR'), counts: [0] },
  {
    rule: 'refused to others',
    asked: query('example.org.', 'AXFR', { transport: 'tcp', client: '192.0.2.54' }),
    counts: [0],
  },
]
for (const { rule, asked, counts } of transfers)
  test(`transferring: ${rule}`, async () => {
    const { sent } = await inChain(() => transferring(zone), saying({}))
    const messages = (await sent(asked)).map(show)
    assert.deepEqual(
      messages.map(({ answer }) => answer.length),
      counts,
    )
  })

test('signing: a record behind all others', async () => {
  const { sent } = await inChain(
    () => signing(createSecretKey(Buffer.from('key'))),
    saying({ answer: [A] }),
  )
  const [signed] = (await sent(query('www.example.org.'))).map(show)
  assert.deepEqual(signed?.answer, [A])
  assert.match(signed?.additional.join() ?? '', /^\. 0 IN TYPE65280 \\# 32 [0-9a-f]{64}$/i)
})

test('moving: asked under another name, answered under the first', async () => {
  const { handle } = await inChain(
    () => moving,
    asked => replyTo(asked, { answer: [`${asked.question.name} 60 IN A 192.0.2.1`] }),
  )
  const { question, answer } = show(await handle(query('www.OLD.example.')))
  assert.deepEqual(
    [question, answer],
    ['www.OLD.example. IN A', ['www.old.example. 60 IN A 192.0.2.1']],
  )
})

test('counting: labels of metadata', async () => {
  const { handle, collect } = await inChain(counting, saying({ answer: [A] }))
  const asked = query('www.example.org.')
  const metadata = collect(asked)
  await handle(asked)
  assert.deepEqual(
    metadata.labels().map(label => [label, metadata.get(label)]),
    [
      ['example/labels', '3'],
      ['example/answers', '1'],
    ],
  )
})

test('choosing: clients of one network', () =>
  assert.deepEqual(
    ['10.1.2.3', '192.0.2.1'].map(client => choosing.accepts?.(query('.', 'A', { client }))),
    [true, false],
  ))

test('lowering: a UDP size', async () => {
  const seen: number[] = []
  const { handle } = await inChain(
    () => lowering({ sizeBytes: 1232 }),
    asked => {
      seen.push(asked.udpSize)
      return replyTo(asked)
    },
  )
  for (const udpSize of [512, 4096]) await handle(query('.', 'A', { udpSize }))
  assert.deepEqual(seen, [512, 1232])
})
