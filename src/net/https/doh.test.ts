import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo } from '../../../test/support/messages.ts'
import { isReply, NO_BYTES } from '../http/exchange.ts'
import { DOH } from './doh.ts'

const MESSAGE = query('www.example.org.', 'A').bytes
const TEXT = Buffer.from(MESSAGE).toString('base64url')
/** Longest text whose message may be decoded. */
const LONGEST = 'A'.repeat(87_382)

type Outcome = '200' | '400' | '404'

const outcomeOf = (method: string, target: string, body: Uint8Array = NO_BYTES): Outcome => {
  const head = { method, target, contentType: '' }
  const begun = DOH.begin(head)
  if (isReply(begun)) return String(begun.status) as Outcome
  const message = DOH.message(head, body)
  if (isReply(message)) return String(message.status) as Outcome
  return '200'
}

const targets: { name: string; method?: string; target: string; outcome: Outcome }[] = [
  { name: 'GET with a message', target: `/dns-query?dns=${TEXT}`, outcome: '200' },
  { name: 'other parameters', target: `/dns-query?dns=${TEXT}&x=1&dnss=2`, outcome: '200' },
  { name: 'an escaped character', target: '/dns-query?dns=AA%2DA', outcome: '200' },
  { name: 'an escaped name', target: `/dns-query?d%6es=${TEXT}`, outcome: '200' },
  { name: 'an escaped path', target: `/dns%2Dquery?dns=${TEXT}`, outcome: '200' },
  { name: 'a whole URL', target: `http://d.example/dns-query?dns=${TEXT}`, outcome: '200' },
  { name: 'a whole URL without path', target: `http://d.example?dns=${TEXT}`, outcome: '404' },
  { name: 'the longest text', target: `/dns-query?dns=${LONGEST}`, outcome: '200' },
  { name: 'one character more', target: `/dns-query?dns=${LONGEST}A`, outcome: '400' },
  { name: 'no parameter', target: '/dns-query', outcome: '400' },
  { name: 'another parameter', target: '/dns-query?foo=bar', outcome: '400' },
  { name: 'two messages', target: `/dns-query?dns=${TEXT}&dns=${TEXT}`, outcome: '400' },
  { name: 'one without value beside', target: `/dns-query?dns&dns=${TEXT}`, outcome: '400' },
  { name: 'what is no base64url', target: '/dns-query?dns=!!!', outcome: '400' },
  { name: 'padding', target: '/dns-query?dns=AAA=', outcome: '400' },
  { name: 'escaped padding', target: '/dns-query?dns=AAA%3D', outcome: '400' },
  { name: 'ordinary base64', target: '/dns-query?dns=AA+/', outcome: '400' },
  { name: 'a length that no bytes have', target: '/dns-query?dns=AAAAA', outcome: '400' },
  { name: 'a malformed escape', target: '/dns-query?dns=%zz', outcome: '400' },
  { name: 'a semicolon', target: `/dns-query?dns=${TEXT};x`, outcome: '400' },
  { name: 'another path', target: `/other?dns=${TEXT}`, outcome: '404' },
  { name: 'a longer path', target: `/dns-query/?dns=${TEXT}`, outcome: '404' },
  { name: 'the root', target: '/', outcome: '404' },
  { name: 'no target', target: '', outcome: '404' },
  { name: 'a malformed path', target: '/%zz', outcome: '404' },
  { name: 'PUT', method: 'PUT', target: '/dns-query', outcome: '400' },
  { name: 'HEAD', method: 'HEAD', target: `/dns-query?dns=${TEXT}`, outcome: '400' },
  { name: 'another path before another method', method: 'PUT', target: '/x', outcome: '404' },
]
for (const c of targets)
  test(`${c.outcome}: ${c.name}`, () =>
    assert.equal(outcomeOf(c.method ?? 'GET', c.target), c.outcome))

test('the message of GET is what the text says', () => {
  const head = { method: 'GET', target: `/dns-query?dns=${TEXT}`, contentType: '' }
  assert.deepEqual(DOH.message(head, NO_BYTES), new Uint8Array(MESSAGE))
})

test('the message of POST is its body, whatever its type', () => {
  const head = { method: 'POST', target: '/dns-query', contentType: 'text/html' }
  assert.deepEqual(DOH.begin(head), { hasBody: true })
  assert.equal(DOH.message(head, MESSAGE), MESSAGE)
})

const shown = (answer: Uint8Array | undefined, why?: 'rejected') => {
  const { status, headers, body } = DOH.answer(answer, why, NO_BYTES)
  return { status, ...headers, text: status === 200 ? '' : Buffer.from(body).toString() }
}
const TEXTS = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
}

test('an answer comes with its type, and with how long it may be kept', () => {
  const asked = query('www.example.org.', 'A')
  const { bytes } = replyTo(asked, { answer: ['www.example.org. 60 IN A 192.0.2.1'] })
  assert.deepEqual(shown(bytes), {
    status: 200,
    'content-type': 'application/dns-message',
    'cache-control': 'max-age=60',
    text: '',
  })
})
test('without an answer: 500', () =>
  assert.deepEqual(shown(undefined), { status: 500, ...TEXTS, text: 'No response\n' }))
test('a message that is no query: 400', () =>
  assert.deepEqual(shown(undefined, 'rejected'), {
    status: 400,
    ...TEXTS,
    text: 'invalid request\n',
  }))
test('another path: an empty line', () => {
  const reply = DOH.begin({ method: 'GET', target: '/', contentType: '' })
  assert.ok(isReply(reply))
  assert.equal(Buffer.from(reply.body).toString(), '\n')
})
