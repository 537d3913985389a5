// What an upstream may send that is not, or not wholly, the reply to `example.org. A`, and what a
// UDP exchange makes of it.

import assert from 'node:assert/strict'
import { RelayedQuestion } from '../../src/upstream/relayed-question.ts'
import { type Asked, answerTo, type Respond } from '../fakes/fake-upstream.ts'
import { query } from './messages.ts'

const FORGED = ['example.org. 300 IN A 203.0.113.66']

export const flipped = (bytes: Uint8Array, offset: number, mask: number): Uint8Array => {
  const forged = Uint8Array.from(bytes)
  forged[offset]! ^= mask
  return forged
}

const wrongId = (asked: Asked): Uint8Array =>
  flipped(answerTo(asked.bytes, { answer: FORGED }), 0, 1)
const wrongName = (asked: Asked): Uint8Array =>
  flipped(answerTo(asked.bytes, { answer: FORGED }), 13, 1)
const cutOff = (asked: Asked): Uint8Array =>
  answerTo(asked.bytes, { answer: FORGED }).subarray(0, -1)

/** `retries`: how often TCP is tried; `fails`: that the exchange ends when TCP fails too. */
export const DOUBTS: {
  readonly name: string
  readonly respond: Respond
  readonly retries: number
  readonly fails: boolean
}[] = [
  { name: 'silence', respond: () => undefined, retries: 0, fails: false },
  {
    name: 'a message under another id',
    respond: asked => sendAll(asked, wrongId(asked)),
    retries: 1,
    fails: false,
  },
  {
    name: 'messages of five bytes and none',
    respond: asked => sendAll(asked, wrongId(asked).subarray(0, 5), new Uint8Array(0)),
    retries: 1,
    fails: false,
  },
  {
    name: 'the reply to another question',
    respond: asked => sendAll(asked, wrongName(asked)),
    retries: 1,
    fails: false,
  },
  {
    name: 'two replies to other questions',
    respond: asked => sendAll(asked, wrongName(asked), wrongName(asked)),
    retries: 1,
    fails: false,
  },
  {
    name: 'a broken reply',
    respond: asked => sendAll(asked, cutOff(asked)),
    retries: 1,
    fails: true,
  },
]

const sendAll = (asked: Asked, ...messages: Uint8Array[]): void => {
  for (const message of messages) asked.send(message)
}

/** A question whose TCP attempt is the test's: `settle` ends it. */
export const doubtfulQuestion = () => {
  const asked = query('example.org.', 'A')
  const retry = Promise.withResolvers<Uint8Array>()
  const started = Promise.withResolvers<void>()
  let retries = 0
  const question = new RelayedQuestion(asked.bytes, asked.question, {
    ignored: () => {},
    retry: () => {
      retries++
      started.resolve()
      return retry.promise
    },
  })
  return { question, retry, started: started.promise, retries: () => retries }
}

/**
 * Plays one case over the client under test; `exchange` asks with a time-out of so many
 * milliseconds.
 */
export const playDoubt = async (
  { retries, fails }: (typeof DOUBTS)[number],
  exchange: (question: RelayedQuestion, timeoutMs: number) => Promise<Uint8Array>,
): Promise<void> => {
  const answered = doubtfulQuestion()
  const fromTcp = Uint8Array.of(1)
  const first = exchange(answered.question, retries === 0 ? 100 : 60_000)
  if (retries === 0) {
    await assert.rejects(first, { kind: 'timeout' })
  } else {
    await answered.started
    answered.retry.resolve(fromTcp)
    assert.equal(await first, fromTcp)
  }
  assert.equal(answered.retries(), retries)
  if (retries === 0) return
  const refused = doubtfulQuestion()
  const second = exchange(refused.question, fails ? 60_000 : 300)
  await refused.started
  refused.retry.reject(new Error('refused'))
  await assert.rejects(
    second,
    fails ? { kind: 'malformed', message: /^read udp .*: malformed reply$/ } : { kind: 'timeout' },
  )
}
