import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, type ReplyOptions, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { rewriting, SOA } from '../../../test/support/rewrite-chain.ts'
import { errorReply } from '../../chain/answer/answer.ts'
import { ServerError } from '../../chain/errors.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import { RCODE_REFUSED } from '../../wire/rcodes.ts'

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
