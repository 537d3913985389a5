import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fakeClock,
  fakeServe,
  options,
  query,
  type ReplyOptions,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { ServerError } from '../../chain/errors.ts'
import { type Reply, SILENCE } from '../../chain/reply/reply.ts'
import type { Handler } from '../../chain/stage/handler.ts'
import { LogSink } from '../../log/log.ts'
import { RCODE_REFUSED } from '../../wire/rcodes.ts'
import { log } from './index.ts'
import { serveTo } from './serve.ts'

const setUp = (text: string, next: Handler, clock = fakeClock()) => {
  const lines: string[] = []
  const stage = serveTo(options(log, text), fakeServe({ clock }), {
    raw: line => void lines.push(line),
    rawBytes: () => assert.fail(),
  })
  return { handle: stage.wrap(next), lines }
}

const replies = {
  success: { answer: ['example.org. 30 IN A 192.0.2.1'] },
  nodata: { authority: ['example.org. 30 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5'] },
  nxdomain: { rcode: 'NXDOMAIN' },
  servfail: { rcode: 'SERVFAIL' },
} satisfies Record<string, ReplyOptions>

const classes: { text: string; logged: (keyof typeof replies)[] }[] = [
  { text: 'log', logged: ['success', 'nodata', 'nxdomain', 'servfail'] },
  { text: 'log {\nclass success\n}', logged: ['success'] },
  { text: 'log {\nclass denial\n}', logged: ['nodata', 'nxdomain'] },
  { text: 'log {\nclass error\n}', logged: ['servfail'] },
  { text: 'log {\nclass success error\n}', logged: ['success', 'servfail'] },
]
for (const c of classes) {
  test(`classes: ${JSON.stringify(c.text)} logs ${c.logged.join(', ')}`, async () => {
    const logged: string[] = []
    for (const [name, reply] of Object.entries(replies)) {
      const { handle, lines } = setUp(c.text, request => replyTo(request, reply))
      await handle(query('example.org.'))
      if (lines.length > 0) logged.push(name)
    }
    assert.deepEqual(logged, c.logged)
  })
}

const scopes = [
  { text: 'log example.org', qname: 'A.example.org.', logged: true },
  { text: 'log example.org', qname: 'example.org.', logged: true },
  { text: 'log example.org', qname: 'badexample.org.', logged: false },
  { text: 'log example.net example.org', qname: 'example.org.', logged: true },
  { text: 'log {combined}', qname: 'example.org.', logged: false },
  { text: 'log example.org {\nclass error\n}\nlog', qname: 'a.example.org.', logged: false },
  { text: 'log example.org {\nclass error\n}\nlog', qname: 'example.net.', logged: true },
]
for (const c of scopes) {
  test(`the first rule whose scope has the name decides: ${JSON.stringify(c.text)} for ${c.qname}`, async () => {
    const { handle, lines } = setUp(c.text, request => replyTo(request))
    await handle(query(c.qname))
    assert.equal(lines.length, c.logged ? 1 : 0)
  })
}

const LINE = 'log . "{name} {rcode} {>rflags} {rsize} {duration}"'

test('a reply is passed on as it is, and logged with the time since it was received', async () => {
  const clock = fakeClock()
  const request = query('Example.org.', 'A', { receivedMs: clock.ms() })
  const reply = replyTo(request)
  const { handle, lines } = setUp(LINE, () => Promise.resolve(reply), clock)
  clock.advance(2.5)
  assert.equal(await handle(request), reply)
  assert.deepEqual(lines, ['[INFO] example.org. NOERROR qr,rd 29 0.0025s'])
})

const failures = [
  {
    name: 'a failure',
    error: new ServerError('X', 'x', RCODE_REFUSED),
    line: '[INFO] example.org. REFUSED qr,rd 29 0s',
  },
  { name: 'a defect', error: new TypeError('x'), line: '[INFO] example.org. SERVFAIL qr,rd 29 0s' },
]
for (const c of failures) {
  test(`${c.name} is logged as the error that the client gets, and passed on`, async () => {
    const clock = fakeClock()
    const next = (): Reply => {
      throw c.error
    }
    const { handle, lines } = setUp(`${LINE} {\nclass error\n}`, next, clock)
    await assert.rejects(
      async () => handle(query('example.org.', 'A', { receivedMs: clock.ms() })),
      c.error,
    )
    assert.deepEqual(lines, [c.line])
  })
}

test('silence is logged as an error without reply', async () => {
  const clock = fakeClock()
  const { handle, lines } = setUp(`${LINE} {\nclass error\n}`, () => SILENCE, clock)
  assert.equal(await handle(query('example.org.', 'A', { receivedMs: clock.ms() })), SILENCE)
  assert.deepEqual(lines, ['[INFO] example.org. - - 0 0s'])
})

test('any label makes one printable line', async () => {
  let written = ''
  const sink = new LogSink((bytes, offset, length) => {
    written += Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1')
    return length
  })
  const stage = serveTo(options(log, 'log'), fakeServe(), sink)
  const handle = stage.wrap(request => replyTo(request))
  for (let first = 0; first < 256; first += 32) {
    const label = Array.from(
      { length: 32 },
      (_, index) => `\\${String(first + index).padStart(3, '0')}`,
    ).join('')
    await handle(query(`${label}.example.org.`))
  }
  sink.flushSync()
  const lines = written.split('\n')
  assert.equal(lines.length, 9)
  for (const line of lines.slice(0, 8)) assert.match(line, /^\[INFO\] [\x20-\x7e]+$/)
})

for (const { name, options, flags } of [
  { name: 'a UDP client', options: {}, flags: 'qr,tc,rd' },
  { name: 'a UDP client with room', options: { udpSize: 4096 }, flags: 'qr,rd' },
  { name: 'a TCP client', options: { transport: 'tcp' }, flags: 'qr,rd' },
] as const) {
  test(`the flags are those that leave: a large answer for ${name}`, async () => {
    const { handle, lines } = setUp('log . "{>rflags} {rsize}"', asked =>
      replyTo(asked, {
        answer: Array.from({ length: 60 }, (_, n) => `example.org. 30 IN A 192.0.2.${n}`),
      }),
    )
    await handle(query('example.org.', 'A', options))
    assert.match(lines[0] ?? '', new RegExp(`^\\[INFO\\] ${flags} \\d+$`))
  })
}
