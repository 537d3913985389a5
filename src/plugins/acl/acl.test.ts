import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Chain,
  chain,
  counterValue,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import type { Query } from '../../chain/query/query.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import { acl } from './index.ts'

const next = (request: Query) => replyTo(request, { answer: ['example.org. 60 IN A 192.0.2.99'] })
const start = (text: string, keys = '.'): Promise<Chain> => chain(acl, text, { next, keys })

/** `pass`, `drop`, or rcode and extended error, such as `REFUSED 15`. */
const fate = async ({ handle }: Chain, request: Query): Promise<string> => {
  const reply = await handle(request)
  if (reply === SILENCE) return 'drop'
  const shown = show(reply)
  if (shown.answer.length > 0) return 'pass'
  return `${shown.rcode} ${shown.edns?.options.map(option => `${option.code}:${option.data}`).join()}`
}
const BLOCKED = 'REFUSED 15:000f'
const FILTERED = 'NOERROR 15:0011'

const cases: {
  name: string
  text: string
  client?: string
  type?: string
  qname?: string
  keys?: string
  fate: string
}[] = [
  { name: 'no policies: pass', text: 'acl {\n}', fate: 'pass' },
  {
    name: 'block by type and net',
    text: 'acl {\nblock type A net 192.0.2.0/24\n}',
    client: '192.0.2.9',
    fate: BLOCKED,
  },
  {
    name: 'another type passes',
    text: 'acl {\nblock type A net 192.0.2.0/24\n}',
    client: '192.0.2.9',
    type: 'AAAA',
    fate: 'pass',
  },
  {
    name: 'another address passes',
    text: 'acl {\nblock type A net 192.0.2.0/24\n}',
    client: '192.0.3.9',
    fate: 'pass',
  },
  {
    name: 'an earlier allow wins',
    text: 'acl {\nallow net 192.0.2.9\nblock net 192.0.2.0/24\n}',
    client: '192.0.2.9',
    fate: 'pass',
  },
  { name: 'an allow ends all rules', text: 'acl {\nallow\n}\nacl {\nblock\n}', fate: 'pass' },
  {
    name: 'no policy fits: the next rule',
    text: 'acl {\nallow type MX\n}\nacl {\nblock\n}',
    fate: BLOCKED,
  },
  { name: 'filter', text: 'acl {\nfilter type AAAA\n}', type: 'AAAA', fate: FILTERED },
  { name: 'drop', text: 'acl {\ndrop\n}', fate: 'drop' },
  { name: 'words in any case', text: 'acl {\nBlock TYPE A NET *\n}', fate: BLOCKED },
  {
    name: 'a star ends its section',
    text: 'acl {\nblock type * bogus net 192.0.2.0/24 * bogus\n}',
    client: '::1',
    type: 'MX',
    fate: BLOCKED,
  },
  {
    name: 'a star stays whatever follows',
    text: 'acl {\nblock net * net 192.0.2.1 type * type MX\n}',
    fate: BLOCKED,
  },
  { name: 'sections of a kind add up', text: 'acl {\nblock type MX type A\n}', fate: BLOCKED },
  {
    name: 'a type by number',
    text: 'acl {\nblock type TYPE65280\n}',
    type: 'TYPE65280',
    fate: BLOCKED,
  },
  { name: 'IPv6', text: 'acl {\nblock net 2001:db8::/32\n}', client: '2001:db8::5', fate: BLOCKED },
  {
    name: 'a bare IPv6 address is itself only',
    text: 'acl {\nblock net 2001:db8::1\n}',
    client: '2001:db8::2',
    fate: 'pass',
  },
  {
    name: 'a bare IPv4 address is itself only',
    text: 'acl {\nblock net 192.0.2.1\n}',
    client: '192.0.2.2',
    fate: 'pass',
  },
  { name: '::/0 covers no IPv4 client', text: 'acl {\nblock net ::/0\n}', fate: 'pass' },
  {
    name: 'a zone index of the client is ignored',
    text: 'acl {\nblock net fe80::/10\n}',
    client: 'fe80::1%eth0',
    fate: BLOCKED,
  },
  {
    name: 'an unreadable client is blocked',
    text: 'acl {\nallow\n}',
    client: 'nonsense',
    fate: BLOCKED,
  },
  {
    name: 'an unreadable client outside the zones passes',
    text: 'acl example.net {\nallow\n}',
    client: 'nonsense',
    fate: 'pass',
  },
  { name: 'only names in the zones', text: 'acl example.net {\nblock\n}', fate: 'pass' },
  { name: 'names below a zone', text: 'acl org {\nblock\n}', fate: BLOCKED },
  {
    name: 'zones by prefix',
    text: 'acl 192.0.2.0/24 {\nblock\n}',
    qname: '1.2.0.192.in-addr.arpa.',
    type: 'PTR',
    fate: BLOCKED,
  },
  {
    name: 'zones default to the block',
    text: 'acl {\nblock\n}',
    keys: 'example.net',
    fate: 'pass',
  },
]
for (const c of cases) {
  test(`acl: ${c.name}`, async () => {
    const built = await start(c.text, c.keys)
    assert.equal(
      await fate(
        built,
        query(c.qname ?? 'Example.org.', c.type ?? 'A', { client: c.client ?? '192.0.2.53' }),
      ),
      c.fate,
    )
  })
}

test('a refusal has an OPT of its own even for a client without EDNS', async () => {
  const { handle } = await start('acl {\nblock\n}')
  const shown = show(await handle(query('Example.org.', 'A', { cd: true })))
  assert.equal(shown.flags, 'qr rd cd')
  assert.equal(shown.question, 'Example.org. IN A')
  assert.deepEqual(shown.edns, {
    udpSize: 4096,
    do: true,
    version: 0,
    options: [{ code: 15, data: '000f' }],
  })
})

test('an unreadable source address is logged', async () => {
  const { handle, serve } = await start('acl {\nallow\n}')
  await handle(query('example.org.', 'A', { client: 'nonsense' }))
  assert.deepEqual(serve.logged, [
    '[ERROR] Blocking request. Unable to parse source address: nonsense',
  ])
})

test('queries are counted by server, zone and view', async () => {
  const text = 'acl example.org example.net {\nblock type A\nfilter type AAAA\ndrop type MX\n}'
  const listeners = [
    { index: 4, label: 'dns://:53' },
    { index: 7, label: 'tls://:853' },
  ]
  const built = await chain(acl, text, { next, control: { block: { listeners, view: 'inside' } } })
  const { handle, control, serve } = built
  const [udp, tls] = listeners
  if (udp === undefined || tls === undefined) return
  await handle(query('a.example.org.', 'A', { listener: tls }))
  await handle(query('example.net.', 'A', { listener: tls }))
  await handle(query('example.net.', 'A', { listener: tls }))
  await handle(query('example.net.', 'AAAA', { listener: udp }))
  await handle(query('example.org.', 'MX', { listener: udp }))
  await handle(query('example.org.', 'TXT', { listener: tls }))
  await handle(query('example.com.', 'A', { listener: tls }))
  const value = (verb: string, labels: Record<string, string>): number =>
    counterValue(control, serve.row, `coredns_acl_${verb}_requests_total`, labels)
  assert.equal(value('blocked', { server: 'tls://:853', zone: 'example.org.', view: 'inside' }), 1)
  assert.equal(value('blocked', { server: 'tls://:853', zone: 'example.net.', view: 'inside' }), 2)
  assert.equal(value('blocked', {}), 3)
  assert.equal(value('filtered', { server: 'dns://:53', zone: 'example.net.', view: 'inside' }), 1)
  assert.equal(value('filtered', {}), 1)
  assert.equal(value('dropped', { server: 'dns://:53', zone: 'example.org.', view: 'inside' }), 1)
  assert.equal(value('dropped', {}), 1)
  assert.equal(value('allowed', { server: 'tls://:853', view: 'inside' }), 2)
  assert.equal(value('allowed', {}), 2)
})
