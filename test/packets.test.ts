// Bytes that no well-behaved client sends, over plain sockets to a server process: what is
// answered, what is not, and that it goes on serving.

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { getId } from '../src/wire/header.ts'
import { query, show } from './support/messages.ts'
import { askTcp, askUdp } from './support/raw-client.ts'
import { startServer } from './support/server-process.ts'

const LIMIT = { timeout: 15_000 }

const server = await startServer(
  { after },
  port => `.:${port} {\n bind 127.0.0.1\n hosts {\n  192.0.2.1 a.test\n }\n}\n`,
)

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(/\s/g, ''))

/** a.test. A IN */
const QUESTION = '01 61 04 74657374 00 0001 0001'

/**
 * Answered, and after whatever came before it: one shard takes the datagrams of one socket in
 * order.
 */
const SENTINEL = query('a.test', 'A', { id: 0xfefe }).bytes

const silent: readonly { name: string; message: string }[] = [
  { name: 'an answer (QR=1)', message: `1234 8100 0001 0000 0000 0000 ${QUESTION}` },
  {
    name: 'an answer with rcode FORMERR, as two servers would bounce it',
    message: '1234 8001 0000 0000 0000 0000',
  },
  { name: 'an UPDATE answer', message: '1234 a800 0001 0000 0000 0000' },
  { name: 'an id alone', message: '1234' },
  { name: '11 bytes', message: '1234 0100 0001 0000 0000 00' },
]

for (const { name, message } of silent) {
  test(`UDP, no answer: ${name}`, LIMIT, async () => {
    const [first] = await askUdp(server.port, [hex(message), SENTINEL])
    assert.equal(getId(first!, 0), 0xfefe)
  })

  test(`TCP, no answer and the connection goes on: ${name}`, LIMIT, async () => {
    const [first] = await askTcp(server.port, [hex(message), SENTINEL], 1)
    assert.equal(getId(first!, 0), 0xfefe)
  })
}

test('UDP, no answer: no byte at all', LIMIT, async () => {
  const [first] = await askUdp(server.port, [hex(''), SENTINEL])
  assert.equal(getId(first!, 0), 0xfefe)
})

test(
  'TCP, an empty message ends the connection, once what came before it is answered',
  LIMIT,
  async () => {
    const [first] = await askTcp(server.port, [SENTINEL, hex(''), SENTINEL], 1)
    assert.equal(getId(first!, 0), 0xfefe)
    await assert.rejects(
      askTcp(server.port, [hex(''), SENTINEL], 1),
      /the connection was closed: 0 of 1 answers/,
    )
  },
)

const answered: readonly { name: string; message: string; answer: string }[] = [
  {
    name: 'UPDATE: NOTIMP',
    message: `1234 2800 0001 0000 0000 0000 ${QUESTION}`,
    answer: '1234 a804 0000 0000 0000 0000',
  },
  {
    name: 'STATUS: NOTIMP',
    message: '1234 1000 0000 0000 0000 0000',
    answer: '1234 9004 0000 0000 0000 0000',
  },
  {
    name: 'IQUERY: NOTIMP',
    message: '1234 0900 0000 0001 0000 0000',
    answer: '1234 8904 0000 0000 0000 0000',
  },
  {
    name: 'opcode 15: NOTIMP',
    message: `1234 7900 0001 0000 0000 0000 ${QUESTION}`,
    answer: '1234 f904 0000 0000 0000 0000',
  },
  {
    name: 'QDCOUNT 0: FORMERR',
    message: '1234 0100 0000 0000 0000 0000',
    answer: '1234 8101 0000 0000 0000 0000',
  },
  {
    name: 'QDCOUNT 2: FORMERR',
    message: `1234 0100 0002 0000 0000 0000 ${QUESTION}${QUESTION}`,
    answer: '1234 8101 0000 0000 0000 0000',
  },
  {
    name: 'ANCOUNT 2: FORMERR',
    message: `1234 0100 0001 0002 0000 0000 ${QUESTION}`,
    answer: '1234 8101 0000 0000 0000 0000',
  },
  {
    name: 'ARCOUNT 3: FORMERR',
    message: `1234 0100 0001 0000 0000 0003 ${QUESTION}`,
    answer: '1234 8101 0000 0000 0000 0000',
  },
  {
    name: 'a name cut short: FORMERR',
    message: '1234 0100 0001 0000 0000 0000 01 61 04 7465',
    answer: '1234 8101 0000 0000 0000 0000',
  },
  {
    name: 'a name without type and class: FORMERR',
    message: '1234 0100 0001 0000 0000 0000 01 61 00 00',
    answer: '1234 8101 0000 0000 0000 0000',
  },
  {
    name: 'a name that points to itself: FORMERR',
    message: '1234 0100 0001 0000 0000 0000 c00c 0001 0001',
    answer: '1234 8101 0000 0000 0000 0000',
  },
  {
    name: 'a label of a kind that does not exist: FORMERR',
    message: '1234 0100 0001 0000 0000 0000 81 61 00 0001 0001',
    answer: '1234 8101 0000 0000 0000 0000',
  },
  {
    name: 'the header alone: SERVFAIL',
    message: '1234 0100 0001 0000 0000 0000',
    answer: '1234 8102 0000 0000 0000 0000',
  },
]

for (const { name, message, answer } of answered) {
  test(`UDP, ${name}`, LIMIT, async () => {
    const [first] = await askUdp(server.port, [hex(message)])
    assert.equal(first?.toHex(), hex(answer).toHex())
  })

  test(`TCP, ${name}`, LIMIT, async () => {
    const [first, second] = await askTcp(server.port, [hex(message), SENTINEL])
    assert.equal(first?.toHex(), hex(answer).toHex())
    assert.equal(getId(second!, 0), 0xfefe)
  })
}

test('EDNS version 1: BADVERS with an OPT of version 0 and size 0', LIMIT, async () => {
  const [first] = await askUdp(server.port, [query('a.test', 'A', { id: 7, version: 1 }).bytes])
  const { id, rcode, question, answer, edns } = show(first!)
  assert.deepEqual(
    { id, rcode, question, answer, edns },
    {
      id: 7,
      // 16, which as an rcode of EDNS is BADVERS; CoreDNS's table has the other name.
      rcode: 'BADSIG',
      question: 'a.test. IN A',
      answer: [],
      edns: { udpSize: 0, do: false, version: 0, options: [] },
    },
  )
})

test('a byte more than the message says is no error', LIMIT, async () => {
  const [first] = await askUdp(server.port, [hex(`1234 0100 0001 0000 0000 0000 ${QUESTION} ff`)])
  assert.deepEqual(show(first!).answer, ['a.test. 3600 IN A 192.0.2.1'])
})

test('a name of 255 bytes is echoed, one of 256 is FORMERR', LIMIT, async () => {
  const label = (length: number): string =>
    length.toString(16).padStart(2, '0') + '61'.repeat(length)
  const message = (last: number): Uint8Array =>
    hex(
      `1234 0100 0001 0000 0000 0000 ${label(63)}${label(63)}${label(63)}${label(last)} 00 0001 0001`,
    )
  const [longest] = await askUdp(server.port, [message(61)])
  assert.equal(longest?.subarray(12, 271).toHex(), message(61).subarray(12).toHex())
  const [tooLong] = await askUdp(server.port, [message(62)])
  assert.equal(tooLong?.toHex(), '123481010000000000000000')
})

test('a message in TCP segments of one byte', LIMIT, async () => {
  const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true })
  try {
    const framed = Buffer.concat([Buffer.of(0, SENTINEL.length), SENTINEL])
    for (const byte of framed) await new Promise(resolve => socket.write(Buffer.of(byte), resolve))
    for await (const chunk of socket) {
      assert.equal(getId(Uint8Array.from(chunk as Buffer), 2), 0xfefe)
      break
    }
  } finally {
    socket.destroy()
  }
})

/** Numbers that look random and are the same in each run. */
const numbers = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

test('2000 damaged queries: each answer is one, and the server goes on', LIMIT, async () => {
  const next = numbers(1)
  const original = query('www.example.a.test', 'AAAA', {
    do: true,
    options: [{ code: 10, data: '0102030405060708' }],
  }).bytes
  const damaged = Array.from({ length: 2000 }, (_, id) => {
    const bytes = original.slice(0, next(4) === 0 ? 1 + next(original.length) : original.length)
    for (let flips = 1 + next(4); flips > 0; flips--)
      bytes[2 + next(Math.max(1, bytes.length - 2))] = next(256)
    return Uint8Array.from([id >>> 8, id & 255, ...bytes.subarray(2)])
  })
  // In portions that a socket buffer holds.
  for (let start = 0; start < damaged.length; start += 100) {
    const portion = damaged.slice(start, start + 100)
    const answers = await askTcp(
      server.port,
      [...portion, SENTINEL],
      portion.filter(isAnswered).length + 1,
    )
    assert.equal(getId(answers.at(-1)!, 0), 0xfefe)
    for (const answer of answers) {
      assert.ok(answer.length >= 12, answer.toHex())
      assert.equal(answer[2]! & 0x80, 0x80, answer.toHex())
    }
  }
  assert.equal(server.out.includes('panic'), false, server.out)
})

const isAnswered = (message: Uint8Array): boolean =>
  message.length >= 12 && (message[2]! & 0x80) === 0
