import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bothPaths } from '../../../test/support/both-paths.ts'
import {
  chain,
  counterValue,
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { errorReply } from '../../chain/answer.ts'
import { ServerError } from '../../chain/errors.ts'
import type { Handler } from '../../chain/handler.ts'
import type { Query } from '../../chain/query.ts'
import { type Reply, SILENCE } from '../../chain/reply.ts'
import { forEachOption } from '../../wire/edns.ts'
import { nameToText } from '../../wire/name.ts'
import { RCODE_REFUSED } from '../../wire/rcodes.ts'
import { classToText, typeToText } from '../../wire/rrtypes.ts'
import { rewrite } from './index.ts'

const questionOf = ({ question }: Query): string =>
  `${nameToText(question.wire)} ${classToText(question.class)} ${typeToText(question.type)}`

/** `size=1232 do=0 3:ff`, and `none` without EDNS. */
const ednsOf = ({ bytes, edns }: Query): string => {
  if (edns === undefined) return 'none'
  const options: string[] = []
  forEachOption(bytes, edns, (code, data) => options.push(` ${code}:${data.toHex()}`))
  return `size=${edns.udpSize} do=${Number(edns.do)}${options.join('')}`
}

/** The directive in a block of its own, what it asked of the plugin behind it, and its counter. */
const rewriting = async (
  text: string,
  next: (asked: Query) => Reply | Promise<Reply>,
  resolve: (query: Query, name: string, type: number) => Promise<Reply> = async () => SILENCE,
) => {
  const seen: Query[] = []
  const own: Handler = asked => {
    seen.push(asked)
    return next(asked)
  }
  const { handle, control, serve } = await chain(rewrite, text, { next: own, serve: { resolve } })
  const failures = (): number =>
    counterValue(control, serve.row, 'shardns_rewrite_failures_total', { server: 'dns://:53' })
  return { handle, seen, failures }
}

const questions: { rule: string; text: string; name: string; type?: string; asked: string }[] = [
  {
    rule: 'exact',
    text: 'rewrite name a.test b.net',
    name: 'A.Test.',
    asked: 'b.net. IN A',
  },
  {
    rule: 'what no rule is for keeps its letters',
    text: 'rewrite name a.test b.net',
    name: 'X.A.Test.',
    asked: 'X.A.Test. IN A',
  },
  {
    rule: 'prefix takes the place of the first label',
    text: 'rewrite name prefix web two',
    name: 'web.web.test.',
    asked: 'two.web.test. IN A',
  },
  {
    rule: 'suffix needs no border of labels',
    text: 'rewrite name suffix nodot.test inner.test',
    name: 'xnodot.test.',
    asked: 'xinner.test. IN A',
  },
  {
    rule: 'a suffix that becomes the root',
    text: 'rewrite name suffix root.test .',
    name: 'root.test.',
    asked: '. IN A',
  },
  {
    rule: 'every substring',
    text: 'rewrite name substring prod stage',
    name: 'a.prod.prod.test.',
    asked: 'a.stage.stage.test. IN A',
  },
  {
    rule: 'a dollar sign in a new name is one',
    text: 'rewrite name substring prod $&',
    name: 'a.prod.test.',
    asked: 'a.$&.test. IN A',
  },
  {
    rule: 'regex: the rest of the name is lost',
    text: 'rewrite name regex db-([0-9]+)[.] node{1}.lan',
    name: 'x.DB-7.test.',
    asked: 'node7.lan. IN A',
  },
  {
    rule: 'regex: all that matched, twice, and groups that took no part',
    text: 'rewrite name regex ^(a)?(b) {0}.x{1}{0}',
    name: 'b.test.',
    asked: 'b.xb. IN A',
  },
  {
    rule: 'regex: what a group took is not looked at again',
    text: String.raw`rewrite name regex ^(.*)\.(b)\.test\.$ {1}.{2}.net`,
    name: '{2}.b.test.',
    asked: '{2}.b.net. IN A',
  },
  {
    rule: 'names are compared with their escapes',
    text: String.raw`rewrite name "a\ b.test" c.net`,
    name: String.raw`a\ b.test.`,
    asked: 'c.net. IN A',
  },
  {
    rule: 'a rule in stop mode is the last that is looked at',
    text: 'rewrite name a.test b.test\nrewrite name b.test c.test',
    name: 'a.test.',
    asked: 'b.test. IN A',
  },
  {
    rule: 'a rule in continue mode is not',
    text: 'rewrite continue name a.test b.test\nrewrite name b.test c.test',
    name: 'a.test.',
    asked: 'c.test. IN A',
  },
  {
    rule: 'rules that do not apply do not stop',
    text: 'rewrite name x.test b.test\nrewrite name a.test c.test',
    name: 'a.test.',
    asked: 'c.test. IN A',
  },
  {
    rule: 'type',
    text: 'rewrite type ANY HINFO',
    name: 'A.test.',
    type: 'ANY',
    asked: 'A.test. IN HINFO',
  },
  { rule: 'class', text: 'rewrite class IN CH', name: 'a.test.', asked: 'a.test. CH A' },
  {
    rule: 'cname in stop mode ends the rules for all questions',
    text: 'rewrite cname x.test y.test\nrewrite name a.test b.test',
    name: 'a.test.',
    asked: 'a.test. IN A',
  },
]
for (const { rule, text, name, type, asked } of questions)
  test(`rewrite asks: ${rule}`, async () => {
    const { handle, seen } = await rewriting(text, request => replyTo(request))
    const shown = show(await handle(query(name, type)))
    assert.deepEqual(seen.map(questionOf), [asked])
    assert.equal(shown.question, `${name} IN ${type ?? 'A'}`)
  })

test('rewrite asks the very query where no rule changes it', async () => {
  const { handle, seen } = await rewriting('rewrite ttl a.test 5', request => replyTo(request))
  const asked = query('a.test.')
  await handle(asked)
  assert.equal(seen[0], asked)
})

const SOA = 'in.net. 300 IN SOA ns.in.net. admin.in.net. 7 3600 600 86400 60'

const answers: { rule: string; text: string; name?: string; reply: ReplyOptions; shown: object }[] =
  [
    {
      rule: 'owners stay with suffix',
      text: 'name suffix .test .in.net',
      reply: { answer: ['a.in.net. 5 IN A 192.0.2.1'] },
      shown: { answer: ['a.in.net. 5 IN A 192.0.2.1'] },
    },
    {
      rule: 'exact is always mapped back: the name and those below it, owners and values',
      text: 'name a.test in.net',
      reply: {
        answer: ['in.net. 5 IN CNAME x.in.net.', 'x.in.net. 5 IN MX 10 mail.xin.net.'],
        authority: [SOA],
      },
      shown: {
        answer: ['a.test. 5 IN CNAME x.a.test.', 'x.a.test. 5 IN MX 10 mail.xin.net.'],
        authority: ['a.test. 300 IN SOA ns.a.test. admin.in.net. 7 3600 600 86400 60'],
      },
    },
    {
      rule: 'suffix and auto: every name with the suffix, in all kinds of values',
      text: 'name suffix .test .in.net answer auto',
      reply: {
        answer: [
          'a.in.net. 5 IN CNAME b.in.net.',
          'a.in.net. 5 IN DNAME b.in.net.',
          'a.in.net. 5 IN MX 10 b.in.net.',
          'a.in.net. 5 IN NAPTR 10 20 "s" "SIP+D2U" "" b.in.net.',
          'a.in.net. 5 IN NS b.in.net.',
          'a.in.net. 5 IN PTR b.in.net.',
          'a.in.net. 5 IN SRV 10 5 80 b.in.net.',
          'a.in.net. 5 IN TXT "b.in.net."',
        ],
        authority: [SOA],
        additional: ['b.in.net. 5 IN A 192.0.2.1'],
      },
      shown: {
        answer: [
          'a.test. 5 IN CNAME b.test.',
          'a.test. 5 IN DNAME b.test.',
          'a.test. 5 IN MX 10 b.test.',
          'a.test. 5 IN NAPTR 10 20 "s" "SIP+D2U" "" b.test.',
          'a.test. 5 IN NS b.test.',
          'a.test. 5 IN PTR b.test.',
          'a.test. 5 IN SRV 10 5 80 b.test.',
          'a.test. 5 IN TXT "b.in.net."',
        ],
        authority: ['in.net. 300 IN SOA ns.test. admin.in.net. 7 3600 600 86400 60'],
        additional: ['b.test. 5 IN A 192.0.2.1'],
      },
    },
    {
      rule: 'regex and auto: only the one name that was asked for',
      text: String.raw`name regex ^(.*)\.test\.$ {1}.in.net answer auto`,
      reply: { answer: ['a.in.net. 5 IN CNAME b.in.net.', 'b.in.net. 5 IN A 192.0.2.1'] },
      shown: { answer: ['a.test. 5 IN CNAME b.in.net.', 'b.in.net. 5 IN A 192.0.2.1'] },
    },
    {
      rule: 'auto maps back in whatever letters names come',
      text: 'name suffix .test .in.net answer auto',
      reply: { answer: ['A.IN.net. 5 IN CNAME B.In.Net.'] },
      shown: { answer: ['A.test. 5 IN CNAME B.test.'] },
    },
    {
      rule: 'the names that come back are in lower case, the question is not',
      text: 'name a.test in.net',
      name: 'A.Test.',
      reply: { answer: ['in.net. 5 IN A 192.0.2.1'] },
      shown: { question: 'A.Test. IN A', answer: ['a.test. 5 IN A 192.0.2.1'] },
    },
    {
      rule: 'answer name and answer value: the whole name becomes the new one',
      text: String.raw`name suffix .test .in.net answer name ^a\. renamed.test value (.*)\.in t-{1}.test`,
      reply: { answer: ['a.in.net. 5 IN CNAME b.in.net.', 'b.in.net. 5 IN MX 10 c.in.net.'] },
      shown: { answer: ['renamed.test. 5 IN CNAME t-b.test.', 'b.in.net. 5 IN MX 10 t-c.test.'] },
    },
    {
      rule: 'types and classes: records are as they came',
      text: 'type A MX',
      reply: { answer: ['a.test. 5 IN MX 10 b.test.'], aa: true, ra: true },
      shown: {
        question: 'a.test. IN A',
        answer: ['a.test. 5 IN MX 10 b.test.'],
        flags: 'qr aa rd ra',
      },
    },
    {
      rule: 'TTLs of all sections, not of OPT',
      text: 'ttl suffix .test 10-20',
      reply: {
        answer: ['a.test. 5 IN A 192.0.2.1', 'a.test. 15 IN A 192.0.2.2'],
        authority: [SOA],
        additional: ['ns.test. 25 IN A 192.0.2.3'],
        opt: { do: true },
      },
      shown: {
        answer: ['a.test. 10 IN A 192.0.2.1', 'a.test. 15 IN A 192.0.2.2'],
        authority: [SOA.replace('300', '20')],
        additional: ['ns.test. 20 IN A 192.0.2.3'],
        edns: { udpSize: 1232, do: true, version: 0, options: [] },
      },
    },
    {
      rule: 'of several ttl rules the first has the last word',
      text: 'continue ttl a.test 7\nrewrite continue ttl a.test 8-',
      reply: { answer: ['a.test. 5 IN A 192.0.2.1'] },
      shown: { answer: ['a.test. 7 IN A 192.0.2.1'] },
    },
    {
      rule: 'rules for the reply match the name as it is at that point',
      text: 'continue name a.test b.test\nrewrite continue ttl a.test 7\nrewrite ttl b.test 9',
      reply: { answer: ['b.test. 5 IN A 192.0.2.1'] },
      shown: { answer: ['a.test. 9 IN A 192.0.2.1'] },
    },
    {
      rule: 'an rcode, the records stay',
      text: 'rcode a.test NOERROR NXDOMAIN',
      reply: { answer: ['a.test. 5 IN A 192.0.2.1'] },
      shown: { rcode: 'NXDOMAIN', answer: ['a.test. 5 IN A 192.0.2.1'] },
    },
    {
      rule: 'another rcode',
      text: 'rcode a.test NXDOMAIN NOERROR',
      reply: { rcode: 'SERVFAIL' },
      shown: { rcode: 'SERVFAIL' },
    },
    {
      rule: 'each rcode rule once, the last first',
      text: 'continue rcode a.test 3 0\nrewrite continue rcode a.test 0 5',
      reply: { rcode: 'NXDOMAIN', authority: [SOA, SOA] },
      shown: { rcode: 'NOERROR' },
    },
    {
      rule: 'an rcode that needs OPT',
      text: 'rcode a.test 0 23',
      reply: { opt: {} },
      shown: { rcode: 'BADCOOKIE' },
    },
  ]
for (const { rule, text, name = 'a.test.', reply, shown } of answers)
  test(`rewrite answers: ${rule}`, async () => {
    for (const isLate of [false, true]) {
      const { handle } = await rewriting(`rewrite ${text}`, async request =>
        replyTo(request, reply),
      )
      const at = await rewriting(`rewrite ${text}`, request => replyTo(request, reply))
      const got = show(await (isLate ? handle : at.handle)(query(name)))
      const parts = Object.keys(shown) as (keyof typeof got)[]
      assert.deepEqual(Object.fromEntries(parts.map(part => [part, got[part]])), shown)
    }
  })

test('rewrite: what comes later and at once is changed alike, and silence is silence', async () => {
  const { handle } = await rewriting('rewrite name a.test b.test', () => SILENCE)
  assert.equal(await handle(query('a.test.')), SILENCE)
})

test('rewrite: the options of an OPT record that refuses survive another rcode', async () => {
  const ede = { code: 15, data: '000f' }
  const { handle } = await rewriting('rewrite rcode regex .* REFUSED NXDOMAIN', request =>
    replyTo(request, { rcode: 'REFUSED', opt: { udpSize: 4096, do: true, options: [ede] } }),
  )
  const { rcode, edns } = show(await handle(query('a.test.')))
  assert.deepEqual([rcode, edns?.options], ['NXDOMAIN', [ede]])
})

test('rewrite: a handed-back rcode is given another one, and stays handed back', async () => {
  const { handle } = await rewriting('rewrite rcode regex .* REFUSED NXDOMAIN', request =>
    errorReply(request, RCODE_REFUSED),
  )
  assert.equal(show(await handle(query('a.test.'))).rcode, 'NXDOMAIN')
})

for (const isLate of [false, true])
  test(`rewrite: a failure ${isLate ? 'later' : 'at once'} ends in another rcode, and is the same failure`, async () => {
    const fails = (): never => {
      throw new ServerError('TEST', 'downstream fails')
    }
    const { handle, failures } = await rewriting(
      'rewrite continue name a.test b.test\nrewrite rcode b.test SERVFAIL NXDOMAIN',
      isLate ? async () => fails() : fails,
    )
    const expected = { code: 'TEST', message: 'downstream fails', rcode: 3 }
    await assert.rejects(async () => handle(query('a.test.')), expected)
    assert.equal(failures(), 0)
  })

const LONG = 'x'.repeat(60)
const invalid: {
  rule: string
  text: string
  name: string
  reply?: ReplyOptions
  message: string
}[] = [
  {
    rule: 'an empty label',
    text: String.raw`name regex ^e()\.test\.$ {1}..net`,
    name: 'e.test.',
    message: 'invalid name after rewrite: ..net.',
  },
  {
    rule: 'two dots at the end',
    text: 'name suffix a.test .',
    name: 'x.a.test.',
    message: 'invalid name after rewrite: x..',
  },
  {
    rule: 'a label over 63 bytes',
    text: `name prefix x ${LONG}xxxx`,
    name: 'x.test.',
    message: `invalid name after rewrite: ${LONG}xxxx.test.`,
  },
  {
    rule: 'a name over 255 bytes',
    text: `name suffix test ${`${LONG}.`.repeat(4)}`,
    name: `${LONG}.test.`,
    message: `invalid name after rewrite: ${`${LONG}.`.repeat(5)}`,
  },
  {
    rule: 'a name that grows without end is cut',
    text: `name regex (.*) ${'{1}'.repeat(3000)}`,
    name: `${LONG}.test.`,
    message: `invalid name after rewrite: ${`${LONG}.test.`.repeat(16)}`,
  },
  {
    rule: 'an owner in the reply',
    text: 'name suffix .test .net answer name (.*) {1}.x',
    name: 'a.test.',
    reply: { answer: ['a.net. 5 IN A 192.0.2.1'] },
    message: 'invalid name in the reply after rewrite: a.net..x.',
  },
  {
    rule: 'a value in the reply',
    text: 'name suffix .test .net answer value (.*) {1}',
    name: 'a.test.',
    reply: { answer: ['a.net. 5 IN CNAME b.net.'] },
    message: 'invalid name in the reply after rewrite: b.net..',
  },
  {
    rule: 'the target of an alias',
    text: 'cname suffix net. .',
    name: 'a.test.',
    reply: { answer: ['a.net. 5 IN CNAME b.net.'] },
    message: 'invalid target of an alias after rewrite: b..',
  },
  {
    rule: 'options',
    text: Array.from(
      { length: 5 },
      (_, n) => `continue edns0 local set ${n} ${'x'.repeat(4096)}`,
    ).join('\nrewrite '),
    name: 'a.test.',
    message: 'too many EDNS options after rewrite: 5, 20500 bytes',
  },
]
for (const { rule, text, name, reply, message } of invalid)
  test(`rewrite: what cannot be sent is SERVFAIL and counted: ${rule}`, async () => {
    for (const isLate of [false, true]) {
      const next = (request: Query): Reply => replyTo(request, reply)
      const { handle, failures } = await rewriting(
        `rewrite ${text}`,
        isLate ? async request => next(request) : next,
      )
      await assert.rejects(async () => handle(query(name)), { code: 'REWRITE', rcode: 2, message })
      assert.equal(failures(), 1)
    }
  })

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
  const { handle, seen } = await rewriting(
    'rewrite continue name a.test b.test\nrewrite continue edns0 local set 1 {qname}\nrewrite edns0 local set 2 {some/label}',
    request => replyTo(request),
  )
  const asked = query('a.test.', 'A', { udpSize: 1400 })
  asked.metadata = {
    get: label => (label === 'some/label' ? 'v' : undefined),
    set: () => undefined,
  }
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

const ALIASES: ReplyOptions = {
  rcode: 'NXDOMAIN',
  aa: true,
  answer: [
    'a.test. 5 IN A 192.0.2.9',
    'a.test. 5 IN CNAME b.test.',
    'b.test. 6 IN CNAME Old.test.',
  ],
  authority: [SOA],
  opt: { udpSize: 1400 },
}
const FOUND: ReplyOptions = { answer: ['new.test. 7 IN A 192.0.2.1'], tc: true }
const aliases: {
  rule: string
  text: string
  target?: string
  found?: ReplyOptions
  answer: string[]
}[] = [
  {
    rule: 'aliases down to it, what was found behind them',
    text: 'cname old.test new.test',
    target: 'new.test.',
    found: FOUND,
    answer: [
      'a.test. 5 IN CNAME b.test.',
      'b.test. 6 IN CNAME new.test.',
      'new.test. 7 IN A 192.0.2.1',
    ],
  },
  {
    rule: 'the first that matches decides',
    text: 'cname suffix .test. .net.',
    target: 'b.net.',
    found: {},
    answer: ['a.test. 5 IN CNAME b.net.'],
  },
  {
    rule: 'regex',
    text: String.raw`cname regex ^O(.*)\. n{1}.`,
    target: 'nld.test.',
    found: {},
    answer: ['a.test. 5 IN CNAME b.test.', 'b.test. 6 IN CNAME nld.test.'],
  },
  { rule: 'none matches', text: 'cname x.test y.test', answer: ALIASES.answer as string[] },
  {
    rule: 'no reply',
    text: 'cname prefix old new',
    target: 'new.test.',
    answer: ALIASES.answer as string[],
  },
  {
    rule: 'rules in front of it go on with what was found',
    text: 'continue ttl a.test 60\nrewrite continue cname old.test new.test',
    target: 'new.test.',
    found: FOUND,
    answer: [
      'a.test. 60 IN CNAME b.test.',
      'b.test. 60 IN CNAME new.test.',
      'new.test. 60 IN A 192.0.2.1',
    ],
  },
]
for (const { rule, text, target, found, answer } of aliases)
  test(`rewrite cname: ${rule}`, async () => {
    const looked: string[] = []
    const { handle } = await rewriting(
      `rewrite ${text}`,
      request => replyTo(request, ALIASES),
      async (asked, name, type) => {
        looked.push(`${name} ${type}`)
        return found === undefined ? SILENCE : replyTo(asked, found)
      },
    )
    const shown = show(await handle(query('a.test.', 'A', { udpSize: 1400 })))
    assert.deepEqual(looked, target === undefined ? [] : [`${target} 1`])
    assert.deepEqual(shown.answer, answer)
    assert.deepEqual(
      [shown.rcode, shown.authority.length, shown.edns?.udpSize],
      ['NXDOMAIN', 1, 1400],
    )
    assert.equal(shown.flags, found?.tc ? 'qr aa tc rd' : 'qr aa rd')
  })

/** Rules, and directives behind them in one block; how often the last of the chain was asked. */
const block = async (...directives: string[]) => {
  let asked = 0
  const paths = await bothPaths(directives, request => {
    asked++
    return replyTo(request, { answer: [`${request.question.name} 300 IN A 192.0.2.1`] })
  })
  const ask = async (name: string) => show((await paths.asked(query(name).bytes)) ?? SILENCE)
  return { ask, paths, asked: () => asked }
}

test('rewrite: a cache behind it keeps what was asked for, whoever asked', async () => {
  const { ask, asked, paths } = await block(
    'rewrite name suffix .front.test .in.test answer auto',
    'cache 60 in.test',
  )
  const answers = await Promise.all(['a.front.test.', 'A.Front.test.', 'a.in.test.'].map(ask))
  assert.deepEqual(
    answers.map(({ question, answer }) => [question, answer]),
    [
      ['a.front.test. IN A', ['a.front.test. 60 IN A 192.0.2.1']],
      ['A.Front.test. IN A', ['a.front.test. 60 IN A 192.0.2.1']],
      ['a.in.test. IN A', ['a.in.test. 60 IN A 192.0.2.1']],
    ],
  )
  assert.equal(asked(), 1)
  assert.notEqual(paths.fast(query('a.in.test.').bytes), undefined)
  assert.equal(paths.fast(query('a.front.test.').bytes), undefined)
})

test('rewrite: a cache for the names in front keeps nothing of those that are moved out', async () => {
  const { ask, asked } = await block(
    'rewrite name suffix .front.test .in.test answer auto',
    'cache 60 front.test',
  )
  await ask('a.front.test.')
  assert.deepEqual((await ask('a.front.test.')).answer, ['a.front.test. 300 IN A 192.0.2.1'])
  assert.equal(asked(), 2)
})

test('rewrite: acl behind it judges the name that is asked for', async () => {
  const { ask } = await block(
    'rewrite name suffix .front.test .in.test answer auto\nrewrite name guarded.test open.test',
    'acl in.test guarded.test {\nblock\n}',
  )
  const rcodes = []
  for (const name of ['a.front.test.', 'a.in.test.', 'guarded.test.', 'x.guarded.test.'])
    rcodes.push((await ask(name)).rcode)
  assert.deepEqual(rcodes, ['REFUSED', 'REFUSED', 'NOERROR', 'REFUSED'])
})

test('rewrite: every message of a transfer comes back under the names that were asked for', async () => {
  const message = (request: Query, n: number): Reply =>
    replyTo(request, { answer: [`n${n}.in.test. 5 IN A 192.0.2.${n}`] })
  const { handle } = await rewriting(
    'rewrite continue cname in.test x.test\nrewrite name suffix front.test in.test answer auto',
    request => {
      let n = 0
      const next = async () => (++n < 3 ? message(request, n) : undefined)
      return message(request, 0).followedBy({ next, end: () => undefined })
    },
  )
  const first = await handle(query('front.test.', 'AXFR', { transport: 'tcp' }))
  const answer: (readonly string[])[] = []
  for (let reply: Reply | undefined = first; reply; reply = await first.following?.next())
    answer.push([show(reply).question, ...show(reply).answer])
  assert.deepEqual(
    answer,
    [0, 1, 2].map(n => ['front.test. IN AXFR', `n${n}.front.test. 5 IN A 192.0.2.${n}`]),
  )
})
