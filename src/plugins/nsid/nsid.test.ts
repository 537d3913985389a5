import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { options, parseError, query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { unwritten } from '../../chain/answer/answer.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import { inFront } from '../../chain/stage/handler.ts'
import { nsid } from './index.ts'
import { serve } from './serve.ts'

const ASKS = { code: 3, data: '' }
const EDE = { code: 15, data: '0003' }

const hex = (text: string): string => Buffer.from(text).toString('hex')

const cases: { rule: string; text: string; asked: object; reply: object; edns: unknown }[] = [
  {
    rule: 'the client asks, and the reply has no OPT: DO is set',
    text: 'nsid ns1',
    asked: { options: [ASKS] },
    reply: {},
    edns: [true, [{ code: 3, data: hex('ns1') }]],
  },
  {
    rule: 'words are joined',
    text: 'nsid "Use The" Force',
    asked: { options: [ASKS] },
    reply: {},
    edns: [true, [{ code: 3, data: hex('Use The Force') }]],
  },
  {
    rule: 'options of the reply stay, and its DO',
    text: 'nsid ns1',
    asked: { options: [ASKS] },
    reply: { opt: { options: [EDE] } },
    edns: [false, [EDE, { code: 3, data: hex('ns1') }]],
  },
  {
    rule: 'without words the name of the machine',
    text: 'nsid',
    asked: { options: [ASKS] },
    reply: {},
    edns: [true, [{ code: 3, data: hex(hostname()) }]],
  },
  {
    rule: 'what an upstream calls itself goes',
    text: 'nsid ns1',
    asked: { options: [ASKS] },
    reply: { opt: { options: [{ code: 3, data: '' }, EDE, { code: 3, data: '61' }] } },
    edns: [false, [EDE, { code: 3, data: hex('ns1') }]],
  },
  { rule: 'nobody asks', text: 'nsid ns1', asked: { udpSize: 1232 }, reply: {}, edns: undefined },
  { rule: 'without EDNS', text: 'nsid ns1', asked: {}, reply: {}, edns: undefined },
]

for (const { rule, text, asked, reply, edns } of cases)
  test(`nsid: ${rule}`, async () => {
    const handle = inFront(serve(options(nsid, text)), request => replyTo(request, reply))
    const shown = show(await handle(query('a.test.', 'A', asked))).edns
    assert.deepEqual(shown && [shown.do, shown.options], edns)
  })

test('nsid leaves silence', async () => {
  const handle = inFront(serve(options(nsid, 'nsid ns1')), () => SILENCE)
  assert.equal(await handle(query('a.test.', 'A', { options: [ASKS] })), SILENCE)
})

test('nsid: twice', () => {
  assert.equal(
    parseError(nsid, 'nsid a\nnsid b'),
    'this plugin can only be used once per Server Block',
  )
})

test('nsid: what a plugin hands back to the server is left as it is', async () => {
  const handle = inFront(serve(options(nsid, 'nsid ns1')), request => unwritten(request, 2))
  const reply = await handle(query('a.test.', 'A', { options: [ASKS] }))
  assert.deepEqual([show(reply).rcode, show(reply).edns], ['SERVFAIL', undefined])
})
