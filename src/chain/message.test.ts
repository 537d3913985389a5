import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { query, replyTo } from '../../test/support/plugin-harness.ts'
import { ServerError } from './errors.ts'
import { decodeMessage } from './message.ts'
import { Reply, SILENCE } from './reply/reply.ts'

const asked = query('wWw.Example.org.', 'A', { id: 7, do: true, udpSize: 1232 })

test('query.message: what was asked, as an object', () => {
  const { id, type, opcode, flag_rd, questions, answers, additionals } = asked.message
  assert.deepEqual(
    { id, type, opcode, flag_rd, questions, answers },
    {
      id: 7,
      type: 'query',
      opcode: 'QUERY',
      flag_rd: true,
      questions: [{ name: 'wWw.Example.org', type: 'A', class: 'IN' }],
      answers: [],
    },
  )
  const [opt] = additionals
  assert.ok(opt?.type === 'OPT')
  assert.deepEqual([opt.udpPayloadSize, opt.flag_do], [1232, true])
})

test('query.qname, query.qtypeText: as asked, with the dot at the end', () => {
  assert.equal(asked.qname, 'wWw.Example.org.')
  assert.equal(asked.qtypeText, 'A')
  assert.equal(query('.', 'TYPE65280').qname, '.')
  assert.equal(query('.', 'TYPE65280').qtypeText, 'TYPE65280')
})

test('query.message: that of a query with another question is another', () => {
  const { questions } = asked.with({ type: 28 }).message
  assert.deepEqual(questions, [{ name: 'wWw.Example.org', type: 'AAAA', class: 'IN' }])
  assert.equal(asked.message.questions[0]?.type, 'A')
})

const answered = replyTo(asked, {
  rcode: 'NXDOMAIN',
  aa: true,
  answer: ['www.example.org. 60 IN MX 10 mail.example.org.', 'a.example.org. 5 IN TXT "b" "c"'],
  authority: ['example.org. 60 IN HTTPS 1 . alpn=h2'],
})

test('reply.message: records, flags and rcode', () => {
  const { type, rcode, flag_aa, answers, authorities } = answered.message
  assert.deepEqual([type, rcode, flag_aa], ['response', 'NXDOMAIN', true])
  const [mx, txt] = answers
  assert.ok(mx?.type === 'MX' && txt?.type === 'TXT')
  assert.deepEqual({ ...mx.data }, { preference: 10, exchange: 'mail.example.org' })
  assert.equal(`${txt.data}`, 'b,c')
  assert.equal(authorities[0]?.type, 'HTTPS', 'a type that dns-packet does not know has its name')
})

test('message: read once, and frozen all the way down', () => {
  const { message } = answered
  assert.equal(answered.message, message)
  const held: unknown[] = [message]
  for (const value of held) {
    assert.ok(Object.isFrozen(value))
    for (const each of Object.values(value as object))
      if (typeof each === 'object' && !(each instanceof Uint8Array)) held.push(each)
  }
  assert.ok(held.length > 8)
})

test('message: whoever writes into its bytes changes no reply', () => {
  const reply = replyTo(asked, { answer: ['a. 5 IN TXT "b"'] })
  const before = reply.bytes.toHex()
  const [txt] = reply.message.answers
  assert.ok(txt?.type === 'TXT' && Array.isArray(txt.data))
  txt.data[0].fill(0)
  assert.equal(reply.bytes.toHex(), before)
})

test('reply.message: silence has no records', () => {
  const { answers, rcode, type } = SILENCE.message
  assert.deepEqual({ answers, rcode, type }, { answers: [], rcode: 'NOERROR', type: 'response' })
})

test('message: bytes in shared memory are read as well', () => {
  const { bytes } = answered
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 8), 5, bytes.length)
  shared.set(bytes)
  assert.deepEqual(decodeMessage(shared), answered.message)
})

for (const c of [
  { name: 'half a header', hex: '0001' },
  { name: 'a question that is missing', hex: '000100000001000000000000' },
  { name: 'a pointer to itself', hex: '000100000001000000000000c00c00010001' },
]) {
  test(`message: ${c.name} is a failure of the query, and no defect of a plugin`, () =>
    assert.throws(
      () => new Reply(Uint8Array.fromHex(c.hex)).message,
      (error: unknown) =>
        error instanceof ServerError &&
        error.code === 'UNREADABLE_MESSAGE' &&
        /^dns-packet cannot read a message of \d+ bytes: /.test(error.message),
    ))
}

test('dns-packet is loaded when the first message is asked for', () => {
  const program = `
    import { createRequire } from 'node:module'
    const { Reply } = await import('./src/chain/reply/reply.ts')
    const isThere = () => Object.keys(createRequire(import.meta.url).cache).some(path => path.includes('dns-packet'))
    const before = isThere()
    new Reply(new Uint8Array(12)).message
    console.log(before, isThere())`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
  })
  assert.equal(stdout, 'false true\n')
})
