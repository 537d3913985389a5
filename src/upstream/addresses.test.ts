import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { fakeUpstream, type Respond } from '../../test/fakes/fake-upstream.ts'
import { readQuestion } from '../wire/question.ts'
import { TYPE_A } from '../wire/rrtypes.ts'
import { lookupHost, readNameservers } from './addresses.ts'

async function resolver(t: TestContext, respond: Respond): Promise<string> {
  const upstream = await fakeUpstream(respond)
  t.after(() => upstream.close())
  return upstream.endpoint.name
}

const addresses: Respond = asked => {
  const isV4 = readQuestion(asked.bytes)?.type === TYPE_A
  asked.reply({
    answer: isV4
      ? ['dns.example.net. 60 IN A 192.0.2.7', 'dns.example.net. 60 IN A 192.0.2.8']
      : ['dns.example.net. 60 IN AAAA 2001:db8::7'],
  })
}

test('a name gives its IPv4 addresses, then its IPv6 addresses', async t => {
  const found = await lookupHost('dns.example.net', [await resolver(t, addresses)])
  assert.deepEqual(
    [found.slice(0, 2).toSorted(), found.slice(2)],
    [['192.0.2.7', '192.0.2.8'], ['2001:db8::7']],
  )
})

test('a name with IPv4 addresses only is enough', async t => {
  const server = await resolver(t, asked =>
    readQuestion(asked.bytes)?.type === TYPE_A ? addresses(asked) : asked.reply(),
  )
  assert.deepEqual((await lookupHost('dns.example.net', [server])).toSorted(), [
    '192.0.2.7',
    '192.0.2.8',
  ])
})

test('resolvers are asked in order until one knows the name', async t => {
  const servers = [
    await resolver(t, asked => asked.reply({ rcode: 'SERVFAIL' })),
    await resolver(t, addresses),
  ]
  assert.equal((await lookupHost('dns.example.net', servers)).length, 3)
})

test('a name that nobody knows is an error', async t => {
  const server = await resolver(t, asked => asked.reply({ rcode: 'NXDOMAIN' }))
  await assert.rejects(lookupHost('dns.example.net', [server]), /ENOTFOUND/)
})

test('without resolvers the system is asked', async () => {
  assert.ok(
    (await lookupHost('localhost', [])).some(
      address => address === '127.0.0.1' || address === '::1',
    ),
  )
})

const RESOLV_CONFS = [
  {
    name: 'name servers in order',
    text: 'nameserver 192.0.2.1\nnameserver 2001:db8::1\n',
    servers: ['192.0.2.1', '2001:db8::1'],
  },
  {
    name: 'link-local addresses keep their zones',
    text: 'nameserver fe80::1%eth0',
    servers: ['fe80::1%eth0'],
  },
  {
    name: 'other keywords and comments are passed over',
    text: '# nameserver 192.0.2.9\nsearch example.org\noptions ndots:5\n; x\nnameserver 192.0.2.1',
    servers: ['192.0.2.1'],
  },
  {
    name: 'blanks, tabs and CRLF are only separators',
    text: '  nameserver\t192.0.2.1  # x\r\nnameserver 192.0.2.2\r\n',
    servers: ['192.0.2.1', '192.0.2.2'],
  },
  {
    name: 'a keyword without a value names no server',
    text: 'nameserver\nnameserver ',
    servers: [],
  },
  { name: 'an empty file names no server', text: '', servers: [] },
]
for (const { name, text, servers } of RESOLV_CONFS)
  test(`resolv.conf: ${name}`, () => assert.deepEqual(readNameservers(text), servers))
