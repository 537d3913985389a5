import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type QueryOptions, query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { rewriting } from '../../../test/support/rewrite-chain.ts'
import type { Query } from '../../chain/query/query.ts'
import { forEachOption } from '../../wire/edns.ts'

/** `size=1232 do=0 3:ff`, and `none` without EDNS. */
const ednsOf = ({ bytes, edns }: Query): string => {
  if (edns === undefined) return 'none'
  const options: string[] = []
  forEachOption(bytes, edns, (code, data) => options.push(` ${code}:${data.toHex()}`))
  return `size=${edns.udpSize} do=${Number(edns.do)}${options.join('')}`
}

const V6 = { address: '2001:db8:ff:ff:ff::1', port: 40001, family: 6 } as const
const options: { rule: string; text: string; asked?: QueryOptions; name?: string; edns: string }[] =
  [
    { rule: 'set adds', text: 'local set 65001 ab', edns: 'size=4096 do=0 65001:6162' },
    {
      rule: 'set takes the place of the first',
      text: 'local set 65001 0xff',
      asked: {
        do: true,
        options: [
          { code: 65001, data: 'aa' },
          { code: 65001, data: 'bb' },
        ],
      },
      edns: 'size=1232 do=1 65001:ff 65001:bb',
    },
    {
      rule: 'replace of none: OPT is added',
      text: 'local replace 65001 ab',
      edns: 'size=4096 do=0',
    },
    {
      rule: 'replace',
      text: 'local replace 65001 0xff',
      asked: {
        options: [
          { code: 65002, data: 'aa' },
          { code: 65001, data: 'bb' },
        ],
      },
      edns: 'size=1232 do=0 65002:aa 65001:ff',
    },
    {
      rule: 'append beside',
      text: 'local append 65001 0xff',
      asked: { options: [{ code: 65001, data: 'aa' }] },
      edns: 'size=1232 do=0 65001:aa 65001:ff',
    },
    {
      rule: 'append of a variable: not beside',
      text: 'local append 65001 {qtype}',
      asked: { options: [{ code: 65001, data: 'aa' }] },
      edns: 'size=1232 do=0 65001:aa',
    },
    {
      rule: 'unset',
      text: 'local unset 65001',
      asked: {
        options: [
          { code: 65001, data: 'aa' },
          { code: 3, data: '' },
          { code: 65001, data: '' },
        ],
      },
      edns: 'size=1232 do=0 3:',
    },
    { rule: 'unset without OPT adds one', text: 'local unset 65001', edns: 'size=4096 do=0' },
    {
      rule: 'nsid is empty',
      text: 'nsid set',
      asked: { options: [{ code: 3, data: '6162' }] },
      edns: 'size=1232 do=0 3:',
    },
    {
      rule: 'qname as received',
      text: 'local set 1 {qname}',
      name: 'A.test.',
      edns: `size=4096 do=0 1:${Buffer.from('A.test.').toString('hex')}`,
    },
    { rule: 'qtype', text: 'local set 1 {qtype}', edns: 'size=4096 do=0 1:0001' },
    { rule: 'client_ip', text: 'local set 1 {client_ip}', edns: 'size=4096 do=0 1:c0000235' },
    {
      rule: 'client_ip, IPv6',
      text: 'local set 1 {client_ip}',
      asked: { client: V6 },
      edns: 'size=4096 do=0 1:20010db800ff00ff00ff000000000001',
    },
    { rule: 'client_port', text: 'local set 1 {client_port}', edns: 'size=4096 do=0 1:9c40' },
    { rule: 'server_ip', text: 'local set 1 {server_ip}', edns: 'size=4096 do=0 1:c0000201' },
    { rule: 'server_port', text: 'local set 1 {server_port}', edns: 'size=4096 do=0 1:0035' },
    {
      rule: 'protocol',
      text: 'local set 1 {protocol}',
      asked: { transport: 'tls' },
      edns: `size=4096 do=0 1:${Buffer.from('tcp').toString('hex')}`,
    },
    {
      rule: 'metadata that nobody has: no option, no OPT',
      text: 'local set 1 {a/b}',
      edns: 'none',
    },
    { rule: 'subnet', text: 'subnet set 20 56', edns: 'size=4096 do=0 8:00011400c00000' },
    {
      rule: 'subnet of all bits',
      text: 'subnet append 32 128',
      edns: 'size=4096 do=0 8:00012000c0000235',
    },
    { rule: 'subnet of none', text: 'subnet set 0 0', edns: 'size=4096 do=0 8:00010000' },
    {
      rule: 'subnet, IPv6: the client\u2019s real address, whatever it says',
      text: 'subnet set 24 33',
      asked: { client: V6, options: [{ code: 8, data: '00011800c00002' }] },
      edns: 'size=1232 do=0 8:0002210020010db800',
    },
    {
      rule: 'subnet append: what the client says stays',
      text: 'subnet append 24 33',
      asked: { options: [{ code: 8, data: '00011800c00002' }] },
      edns: 'size=1232 do=0 8:00011800c00002',
    },
  ]
for (const { rule, text, asked, name = 'a.test.', edns } of options)
  test(`rewrite edns0: ${rule}`, async () => {
    const { handle, seen } = await rewriting(`rewrite edns0 ${text}`, request => replyTo(request))
    const reply = show(await handle(query(name, 'A', asked)))
    assert.deepEqual(seen.map(ednsOf), [edns])
    // A client without EDNS gets an OPT record if it was asked with one.
    const isAdded = edns.startsWith('size=4096')
    assert.deepEqual(
      reply.edns,
      isAdded ? { udpSize: 4096, do: false, version: 0, options: [] } : undefined,
    )
  })

test('rewrite edns0: a label of metadata, and names after earlier rules', async () => {
  const { handle, collect, seen } = await rewriting(
    'rewrite continue name a.test b.test\nrewrite continue edns0 local set 1 {qname}\nrewrite edns0 local set 2 {some/label}',
    request => replyTo(request),
  )
  const asked = query('a.test.', 'A', { udpSize: 1400 })
  collect(asked, { 'some/label': 'v' })
  await handle(asked)
  assert.deepEqual(seen.map(ednsOf), [
    `size=1400 do=0 1:${Buffer.from('b.test.').toString('hex')} 2:76`,
  ])
})

const reverted: {
  rule: string
  sent: string[]
  echoed: string[]
  text: string
  shown: string[]
}[] = [
  { rule: 'the client sent none', text: 'set', sent: [], echoed: ['ff'], shown: [] },
  { rule: 'the client sent one', text: 'set', sent: ['aa'], echoed: ['ff'], shown: ['aa'] },
  { rule: 'beside', text: 'append', sent: ['aa'], echoed: ['aa', 'ff'], shown: ['aa'] },
  { rule: 'none comes back', text: 'set', sent: ['aa'], echoed: [], shown: [] },
]
for (const { rule, text, sent, echoed, shown } of reverted)
  test(`rewrite edns0 revert: ${rule}`, async () => {
    const own = (datas: readonly string[]) => datas.map(data => ({ code: 65001, data }))
    const other = { code: 15, data: '0003' }
    const { handle } = await rewriting(`rewrite edns0 local ${text} 65001 0xff revert`, request =>
      replyTo(request, { opt: { options: [...own(echoed), other] } }),
    )
    const { edns } = show(await handle(query('a.test.', 'A', { options: own(sent) })))
    assert.deepEqual(new Set(edns?.options), new Set([other, ...own(shown)]))
  })

test('rewrite edns0 revert: a reply without OPT', async () => {
  const { handle } = await rewriting('rewrite edns0 nsid set revert', request => replyTo(request))
  assert.equal(show(await handle(query('a.test.', 'A', { do: true }))).edns, undefined)
})
