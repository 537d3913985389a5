import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, parseError, query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { any } from './index.ts'

const errors = [
  {
    name: 'an argument',
    text: 'any x',
    message:
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
  },
  {
    name: 'a block',
    text: 'any {\nx\n}',
    message: "Corefile:2 - Error during parsing: Unexpected token '{', expecting argument",
  },
]
for (const c of errors)
  test(`parse refuses: ${c.name}`, () => assert.equal(parseError(any, c.text), c.message))

test('ANY: one HINFO owned by the qname as sent, class IN, no AA', async () => {
  const { handle } = await chain(any, 'any')
  const reply = show(await handle(query('Example.ORG.', 'ANY', { cd: true, do: true })))
  assert.equal(reply.rcode, 'NOERROR')
  assert.equal(reply.flags, 'qr rd cd')
  assert.equal(reply.question, 'Example.ORG. IN ANY')
  assert.deepEqual(reply.answer, ['Example.ORG. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"'])
  assert.deepEqual([...reply.authority, ...reply.additional], [])
})

test('any other type goes to the next plugin', async () => {
  const { handle } = await chain(any, 'any', {
    next: request => replyTo(request, { rcode: 'NXDOMAIN' }),
  })
  assert.equal(show(await handle(query('example.org.', 'A'))).rcode, 'NXDOMAIN')
})
