import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chain,
  counterValue,
  options,
  parseError,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { local } from './index.ts'

const OFF = 'local {\nlocalhost_prefix off\n}'

const settings: { text: string; hasPrefix: boolean }[] = [
  { text: 'local', hasPrefix: true },
  { text: 'local {\nlocalhost_prefix on\n}', hasPrefix: true },
  { text: OFF, hasPrefix: false },
  { text: `${OFF}\nlocal`, hasPrefix: false },
]
for (const { text, hasPrefix } of settings)
  test(`local: ${text.replaceAll('\n', ' ')}`, () =>
    assert.deepEqual(options(local, text), { hasPrefix }))

const place = 'Corefile:3 - Error during parsing: '
const errors = [
  {
    text: 'local x',
    message:
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
  },
  { text: 'local {\nnope on\n}', message: `${place}unknown property 'nope'` },
  {
    text: 'local {\nlocalhost_prefix maybe\n}',
    message: `${place}localhost_prefix expects 'on' or 'off', got "maybe"`,
  },
  ...['localhost_prefix', 'localhost_prefix on off'].map(line => ({
    text: `local {\n${line}\n}`,
    message: `${place}Wrong argument count or unexpected line ending after '${line.split(' ').at(-1)}'`,
  })),
]
for (const { text, message } of errors)
  test(`local refuses: ${text.replaceAll('\n', ' ')}`, () =>
    assert.equal(parseError(local, text), message))

const SOA = 'SOA localhost. root.localhost. 1 0 0 0 604800'

interface Case {
  readonly name: string
  readonly type: string
  readonly answer?: string
  readonly soa?: string
  readonly rcode?: string
}

const cases: Case[] = [
  { name: 'Localhost.', type: 'A', answer: 'A 127.0.0.1' },
  { name: 'localhost.', type: 'AAAA', answer: 'AAAA ::1' },
  { name: 'localhost.', type: 'SOA', answer: SOA },
  { name: 'localhost.', type: 'NS', answer: 'NS localhost.' },
  { name: 'LOCALHOST.', type: 'MX', soa: 'LOCALHOST.' },
  { name: 'A.localhost.', type: 'A', answer: 'A 127.0.0.1' },
  { name: 'x.a.localhost.', type: 'AAAA', answer: 'AAAA ::1' },
  { name: 'X.localhost.', type: 'NS', soa: 'X.localhost.' },
  { name: 'localhost.Example.org.', type: 'A', answer: 'A 127.0.0.1' },
  { name: 'localhost.example.', type: 'TXT', soa: 'localhost.example.' },
  { name: '127.in-addr.arpa.', type: 'SOA', answer: SOA },
  { name: '0.In-Addr.arpa.', type: 'NS', answer: 'NS localhost.' },
  { name: '255.in-addr.arpa.', type: 'A', soa: '255.in-addr.arpa.' },
  { name: '1.0.0.127.in-addr.arpa.', type: 'PTR', answer: 'PTR localhost.' },
  { name: '1.0.0.127.In-addr.arpa.', type: 'A', soa: '127.In-addr.arpa.' },
  { name: '2.0.0.127.in-addr.ARPA.', type: 'PTR', rcode: 'NXDOMAIN', soa: '127.in-addr.ARPA.' },
]
for (const { name, type, answer, soa, rcode = 'NOERROR' } of cases)
  test(`local answers ${name} ${type}`, async () => {
    const { handle } = await chain(local, 'local')
    const reply = show(await handle(query(name, type)))
    assert.equal(reply.rcode, rcode)
    assert.equal(reply.flags, 'qr rd')
    assert.deepEqual(reply.answer, answer === undefined ? [] : [`${name} 604800 IN ${answer}`])
    assert.deepEqual(reply.authority, soa === undefined ? [] : [`${soa} 604800 IN ${SOA}`])
  })

const passed = [
  { text: 'local', name: 'mylocalhost.' },
  { text: 'local', name: 'example.org.' },
  { text: 'local', name: '1.in-addr.arpa.' },
  { text: 'local', name: '.' },
  { text: OFF, name: 'localhost.example.org.' },
]
for (const { text, name } of passed)
  test(`local passes on ${name}: ${text.replaceAll('\n', ' ')}`, async () => {
    const { handle } = await chain(local, text, {
      next: request => replyTo(request, { rcode: 'REFUSED' }),
    })
    assert.equal(show(await handle(query(name))).rcode, 'REFUSED')
  })

test('local counts names below localhost and names that begin with it', async () => {
  const { handle, control, serve } = await chain(local, 'local')
  for (const name of ['localhost.', 'a.localhost.', 'localhost.org.', '127.in-addr.arpa.'])
    await handle(query(name))
  assert.equal(counterValue(control, serve.row, 'coredns_local_localhost_requests_total'), 2)
})
