import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chain,
  parseError,
  query,
  type ReplyOptions,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { unwritten } from '../../chain/answer/answer.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import { minimal } from './index.ts'

const A = 'www.example.org. 60 IN A 192.0.2.1'
const SOA = 'example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 60'
const NS = 'example.org. 60 IN NS ns.example.org.'
const GLUE = 'ns.example.org. 60 IN A 192.0.2.53'
const EDE = { options: [{ code: 15, data: '0003' }] }

const cases: { rule: string; reply: ReplyOptions; type?: string; isCut: boolean }[] = [
  {
    rule: 'an answer',
    reply: { aa: true, answer: [A], authority: [NS], additional: [GLUE] },
    isCut: true,
  },
  { rule: 'an answer with an OPT record', reply: { answer: [A], opt: EDE }, isCut: true },
  { rule: 'nothing but additional records', reply: { additional: [GLUE] }, isCut: true },
  { rule: 'no such type', reply: { authority: [SOA], opt: EDE }, isCut: false },
  { rule: 'no such name', reply: { rcode: 'NXDOMAIN', authority: [SOA] }, isCut: false },
  {
    rule: 'an alias of no such name',
    reply: { rcode: 'NXDOMAIN', answer: [A], authority: [SOA] },
    isCut: false,
  },
  { rule: 'a referral', reply: { authority: [NS], additional: [GLUE] }, isCut: false },
  {
    rule: 'an error',
    reply: { rcode: 'SERVFAIL', additional: [GLUE], opt: EDE },
    isCut: false,
  },
  {
    rule: 'a transfer',
    type: 'AXFR',
    reply: { answer: [SOA, A], authority: [NS] },
    isCut: false,
  },
]
for (const { rule, reply, type = 'A', isCut } of cases)
  test(`minimal ${isCut ? 'cuts' : 'leaves'} ${rule}`, async () => {
    const { handle } = await chain(minimal, 'minimal', { next: asked => replyTo(asked, reply) })
    const asked = query('www.example.org.', type)
    const given = show(replyTo(asked, reply))
    const nothing = { authority: [], additional: [], edns: undefined }
    assert.deepEqual(show(await handle(asked)), isCut ? { ...given, ...nothing } : given)
  })

test('minimal leaves silence, and what nobody has written', async () => {
  const asked = query('www.example.org.')
  for (const reply of [SILENCE, unwritten(asked, 0)]) {
    const { handle } = await chain(minimal, 'minimal', { next: () => reply })
    assert.equal(await handle(asked), reply)
  }
})

test('minimal has no options', () =>
  assert.equal(
    parseError(minimal, 'minimal x'),
    "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
  ))
