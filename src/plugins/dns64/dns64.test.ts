import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chain,
  counterValue,
  directive,
  options,
  parseError,
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { unwritten } from '../../chain/answer/answer.ts'
import { ServerError } from '../../chain/errors.ts'
import type { Query } from '../../chain/query/query.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import { RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA } from '../../wire/rrtypes.ts'
import { dns64 } from './index.ts'
import type { Dns64Options } from './options.ts'

const block = (...lines: string[]): string => `dns64 {\n${lines.join('\n')}\n}`
const padded = (hex: string): string => hex.padEnd(32, '0')
const WELL_KNOWN = { hex: padded('0064ff9b'), bits: 96 }
const OWN = { hex: padded('20010db800640000'), bits: 64 }

const parsed: [text: string, expected: Partial<Dns64Options>, warnings?: number][] = [
  ['dns64', {}],
  ['dns64 2001:db8:64::1/64', { prefix: OWN }],
  [block('prefix 2001:db8:64::/64'), { prefix: OWN }],
  [block('translate_all', 'allow_ipv4'), { isForAll: true, hasIpv4: true }],
  ['dns64 2001:db8:64::/64 {\nallow_ipv4\n}', { prefix: OWN }, 1],
  ['dns64 64:ff9b::/96 {\nprefix 2001:db8:64::/64\n}', { prefix: OWN }],
  [`${block('allow_ipv4')}\ndns64 2001:db8:64::/64`, { prefix: OWN, hasIpv4: true }],
]
for (const [text, expected, warnings = 0] of parsed)
  test(`dns64: ${text.replaceAll('\n', ' ')}`, () => {
    const none = { prefix: WELL_KNOWN, isForAll: false, hasIpv4: false }
    assert.deepEqual(options(dns64, text), { ...none, ...expected })
    const given = directive(text)
    dns64.options?.parse(given)
    assert.equal(given.warnings.length, warnings)
  })

const at = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const errors: [text: string, message: string][] = [
  [
    'dns64 64:ff9b::/96 64:ff9b::/96',
    at(2, "Wrong argument count or unexpected line ending after '64:ff9b::/96'"),
  ],
  ['dns64 64:ff9b::', 'invalid CIDR address: 64:ff9b::'],
  ['dns64 2001:db8::/33', at(2, 'invalid prefix length "2001:db8::/33"')],
  ['dns64 2001:db8::/104', at(2, 'invalid prefix length "2001:db8::/104"')],
  ['dns64 2001:db8::/24', at(2, 'invalid prefix length "2001:d00::/24"')],
  ['dns64 192.0.2.0/24', at(2, 'invalid netmask 32 IPv6 address: "192.0.2.0/24"')],
  [block('prefix'), at(3, "Wrong argument count or unexpected line ending after 'prefix'")],
  [block('prefix x'), 'invalid CIDR address: x'],
  [block('nope'), at(3, "unknown property 'nope'")],
  [block('allow_ipv4 x'), at(3, "unknown property 'x'")],
]
for (const [text, message] of errors)
  test(`dns64 refuses: ${text.replaceAll('\n', ' ')}`, () =>
    assert.equal(parseError(dns64, text), message))

const NAME = 'www.example.org.'
const IPV6: QueryOptions = { client: '2001:db8::7' }
const A = `${NAME} 900 IN A 192.0.2.33`
const AAAA = `${NAME} 60 IN AAAA 2001:db8::33`
const soa = (ttl: number): string =>
  `example.org. ${ttl} IN SOA ns.example.org. admin.example.org. 1 2 3 4 5`
const made = (ttl: number): string => `${NAME} ${ttl} IN AAAA 64:ff9b::c000:221`

interface Setup {
  readonly text?: string
  /** To the query for AAAA, and to that for A. */
  readonly aaaa: ReplyOptions | (() => never)
  readonly a?: ReplyOptions
  readonly asked?: Query
}

const ask = async ({ text = 'dns64', aaaa, a, asked = query(NAME, 'AAAA', IPV6) }: Setup) => {
  const resolved: string[] = []
  const { handle, control, serve } = await chain(dns64, text, {
    next: request => replyTo(request, typeof aaaa === 'function' ? aaaa() : aaaa),
    serve: {
      resolve: async (request, name, type) => {
        assert.equal(type, TYPE_A)
        resolved.push(name)
        return a === undefined ? SILENCE : replyTo(request.with({ type: TYPE_A }), a)
      },
    },
  })
  const reply = await handle(asked)
  const count = counterValue(control, serve.row, 'coredns_dns64_requests_translated_total')
  assert.equal(count, a === undefined ? 0 : 1)
  return { reply, resolved }
}

const translated: (Setup & { rule: string; answer: string[] })[] = [
  {
    rule: 'the TTL of the SOA record',
    aaaa: { aa: true, ra: true, authority: [soa(300)] },
    a: { aa: true, ra: true, answer: [A] },
    answer: [made(300)],
  },
  {
    rule: 'the TTL of the A record',
    aaaa: { authority: [soa(3600)] },
    a: { answer: [A] },
    answer: [made(900)],
  },
  { rule: 'no SOA record', aaaa: {}, a: { answer: [A] }, answer: [made(600)] },
  { rule: 'SERVFAIL', aaaa: { rcode: 'SERVFAIL' }, a: { answer: [A] }, answer: [made(600)] },
  { rule: 'REFUSED', aaaa: { rcode: 'REFUSED' }, a: { answer: [A] }, answer: [made(600)] },
  {
    rule: 'an alias',
    aaaa: { answer: [`w.example.org. 5 IN CNAME ${NAME}`] },
    a: { answer: [`w.example.org. 5 IN CNAME ${NAME}`, A] },
    answer: [`w.example.org. 5 IN CNAME ${NAME}`, made(600)],
  },
  {
    rule: 'AAAA where they are not wanted',
    text: block('translate_all'),
    aaaa: { answer: [AAAA] },
    a: { answer: [A] },
    answer: [made(600)],
  },
  {
    rule: 'IPv4 where it is allowed',
    text: block('allow_ipv4'),
    asked: query(NAME, 'AAAA'),
    aaaa: {},
    a: { answer: [A] },
    answer: [made(600)],
  },
  { rule: 'no A record', aaaa: {}, a: { rcode: 'SERVFAIL' }, answer: [] },
]
for (const { rule, answer, ...setup } of translated)
  test(`dns64 translates: ${rule}`, async () => {
    const { reply, resolved } = await ask(setup)
    const shown = show(reply)
    assert.deepEqual(shown.answer, answer)
    assert.deepEqual(resolved, [NAME])
    assert.equal(shown.rcode, 'NOERROR')
    assert.equal(shown.flags, 'qr rd')
    assert.equal(shown.question, `${NAME} IN AAAA`)
  })

test('dns64 keeps what stands in the reply besides: TC, authority, additional, OPT', async () => {
  const authority = ['example.org. 60 IN NS ns.example.org.']
  const additional = ['ns.example.org. 60 IN A 192.0.2.53']
  const opt = { do: true, options: [{ code: 15, data: '0003' }] }
  const asked = query(NAME, 'AAAA', { ...IPV6, do: true, cd: true })
  const { reply } = await ask({
    asked,
    aaaa: {},
    a: { tc: true, answer: [A], authority, additional, opt },
  })
  const shown = show(reply)
  assert.deepEqual(
    [shown.flags, shown.answer, shown.authority, shown.additional, shown.edns?.options],
    ['qr tc rd cd', [made(600)], authority, additional, opt.options],
  )
})

const passed: (Setup & { rule: string })[] = [
  { rule: 'an answer with AAAA', aaaa: { aa: true, answer: [AAAA] } },
  { rule: 'NXDOMAIN', aaaa: { rcode: 'NXDOMAIN', authority: [soa(60)] } },
  { rule: 'NXDOMAIN without SOA', aaaa: { rcode: 'NXDOMAIN' } },
  {
    rule: 'NXDOMAIN though all is to be translated',
    text: block('translate_all'),
    aaaa: { rcode: 'NXDOMAIN' },
  },
  { rule: 'a client by IPv4', asked: query(NAME, 'AAAA'), aaaa: {} },
  { rule: 'another type', asked: query(NAME, 'A', IPV6), aaaa: {} },
  { rule: 'another class', asked: query(NAME, 'AAAA', { ...IPV6, class: 3 }), aaaa: {} },
]
for (const { rule, ...setup } of passed)
  test(`dns64 passes: ${rule}`, async () => {
    const { asked = query(NAME, 'AAAA', IPV6), aaaa } = setup
    const { reply, resolved } = await ask(setup)
    assert.deepEqual(show(reply), show(replyTo(asked, aaaa as ReplyOptions)))
    assert.deepEqual(resolved, [])
  })

test('dns64 passes failures, silence, what nobody has written, and what has no A at all', async () => {
  const asked = query(NAME, 'AAAA', IPV6)
  const late = async () => Promise.reject(new ServerError('X', 'late'))
  const { handle } = await chain(dns64, 'dns64', { next: late })
  await assert.rejects(async () => handle(asked), /late/)
  for (const reply of [SILENCE, unwritten(asked, RCODE_SERVFAIL)]) {
    const { handle: pass } = await chain(dns64, 'dns64', { next: () => reply })
    assert.equal(await pass(asked), reply)
  }
  const { reply } = await ask({ aaaa: { authority: [soa(60)] } })
  assert.deepEqual(show(reply).authority, [soa(60)])
})

const embedded: [prefix: string, address: string][] = [
  ['2001:db8::/32', '2001:db8:c000:221::'],
  ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
  ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
  ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
  ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100:0'],
  ['2001:db8:122:344::/72', '2001:db8:122:344:c0:2:2100:0'],
  ['2001:db8:1:2:3::/80', '2001:db8:1:2:3:c000:221:0'],
  ['2001:db8:1:2:3::/88', '2001:db8:1:2:3:c0:2:2100'],
  ['2001:db8:122:344::/96', '2001:db8:122:344::c000:221'],
]
for (const [prefix, address] of embedded)
  test(`dns64 puts ${prefix} in front of an address`, async () => {
    const { reply } = await ask({ text: `dns64 ${prefix}`, aaaa: {}, a: { answer: [A] } })
    assert.deepEqual(
      show(reply).answer.map(record => record.split(' ').at(-1)),
      [address],
    )
    assert.equal(reply.layout.type(0), TYPE_AAAA)
  })
