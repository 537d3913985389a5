import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, parseError, query, show } from '../../../test/support/plugin-harness.ts'
import { whoami } from './index.ts'

const errors = [
  {
    name: 'an argument',
    text: 'whoami y',
    message:
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'y'",
  },
  {
    name: 'a block',
    text: 'whoami {\nx\n}',
    message: "Corefile:2 - Error during parsing: Unexpected token '{', expecting argument",
  },
]
for (const c of errors)
  test(`parse refuses: ${c.name}`, () => assert.equal(parseError(whoami, c.text), c.message))

const LONG = `${'x'.repeat(49)}.`.repeat(5)

const cases = [
  {
    name: 'A and SRV over UDP, owner as sent',
    request: query('Example.org.', 'TXT', {
      client: { address: '192.0.2.7', port: 5353, family: 4 },
    }),
    additional: ['Example.org. 0 IN A 192.0.2.7', '_udp.Example.org. 0 IN SRV 0 0 5353 .'],
  },
  {
    name: 'AAAA and SRV over TCP',
    request: query('example.org.', 'A', {
      transport: 'tcp',
      client: { address: '2001:db8::7', port: 65535, family: 6 },
    }),
    additional: ['example.org. 0 IN AAAA 2001:db8::7', '_tcp.example.org. 0 IN SRV 0 0 65535 .'],
  },
  {
    name: 'the root',
    request: query('.', 'NS', { client: '192.0.2.7' }),
    additional: ['. 0 IN A 192.0.2.7', '_udp. 0 IN SRV 0 0 40000 .'],
  },
  {
    name: 'the class is that of the question',
    request: query('version.bind.', 'TXT', { class: 3, client: '192.0.2.7' }),
    additional: ['version.bind. 0 CH A 192.0.2.7', '_udp.version.bind. 0 CH SRV 0 0 40000 .'],
  },
  {
    name: 'no SRV where its name would be too long',
    request: query(LONG, 'A', { client: '192.0.2.7' }),
    additional: [`${LONG} 0 IN A 192.0.2.7`],
  },
]
for (const c of cases) {
  test(`whoami: ${c.name}`, async () => {
    const { handle } = await chain(whoami, 'whoami')
    const reply = show(await handle(c.request))
    assert.equal(reply.rcode, 'NOERROR')
    assert.equal(reply.flags, 'qr aa rd')
    assert.deepEqual(reply.additional, c.additional)
    assert.deepEqual([...reply.answer, ...reply.authority], [])
  })
}
