import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Chain,
  chain,
  counterValue,
  type QueryOptions,
  query,
  replyTo,
  type Shown,
  show,
} from '../../../test/support/plugin-harness.ts'
import { ServerError } from '../../chain/errors.ts'
import { Metadata } from '../../chain/metadata.ts'
import type { Query } from '../../chain/query.ts'
import { template } from './index.ts'

const next = (request: Query) => replyTo(request, { answer: ['next. 1 IN A 192.0.2.99'] })
const start = (text: string, keys = 'example.org'): Promise<Chain> =>
  chain(template, text, { next, keys })

/** A rule for type A and the server block's zones. */
const rule = (...lines: string[]): string => `template IN A {\n${lines.join('\n')}\n}`

const ask = async (
  text: string,
  name = 'www.example.org.',
  type = 'A',
  options: QueryOptions = {},
): Promise<Shown> => show(await (await start(text)).handle(query(name, type, options)))

/** `next`, or the rcode. */
const fate = ({ rcode, answer }: Shown): string => (answer[0]?.startsWith('next.') ? 'next' : rcode)

const fates: {
  rule: string
  text: string
  name?: string
  type?: string
  class?: number
  fate: string
}[] = [
  { rule: 'what matches is answered', text: rule('match ^www[.]'), fate: 'NOERROR' },
  { rule: 'without match all names match', text: rule(), fate: 'NOERROR' },
  {
    rule: 'a name in upper case matches as in lower case',
    text: rule('match ^www'),
    name: 'WWW.Example.ORG.',
    fate: 'NOERROR',
  },
  { rule: 'no match is SERVFAIL', text: rule('match ^x'), fate: 'SERVFAIL' },
  { rule: 'no match falls through', text: rule('match ^x', 'fallthrough'), fate: 'next' },
  {
    rule: 'no match falls through in its zones',
    text: rule('match ^x', 'fallthrough www.example.org'),
    fate: 'next',
  },
  {
    rule: 'and not elsewhere',
    text: rule('match ^x', 'fallthrough a.example.org'),
    fate: 'SERVFAIL',
  },
  {
    rule: 'the second expression matches',
    text: rule('match ^x ^w', 'rcode NXDOMAIN'),
    fate: 'NXDOMAIN',
  },
  { rule: 'another type passes', text: rule('match ^x'), type: 'AAAA', fate: 'next' },
  { rule: 'type ANY is every type', text: rule('rcode NXDOMAIN'), type: 'ANY', fate: 'NXDOMAIN' },
  {
    rule: 'a rule for ANY is for every type',
    text: 'template IN ANY {\nrcode NXDOMAIN\n}',
    type: 'TYPE65280',
    fate: 'NXDOMAIN',
  },
  { rule: 'another class passes', text: rule('rcode NXDOMAIN'), class: 3, fate: 'next' },
  { rule: 'class ANY is every class', text: rule('rcode NXDOMAIN'), class: 255, fate: 'NXDOMAIN' },
  {
    rule: 'a rule for class ANY is for every class',
    text: 'template ANY A {\nrcode NXDOMAIN\n}',
    class: 3,
    fate: 'NXDOMAIN',
  },
  { rule: 'another zone passes', text: 'template IN A a.example.org', fate: 'next' },
  { rule: 'names outside of the block pass', text: rule(), name: 'example.net.', fate: 'next' },
  {
    rule: 'the next rule for the type is tried',
    text: `${rule('match ^x', 'fallthrough')}\ntemplate IN A {\nrcode NXDOMAIN\n}`,
    fate: 'NXDOMAIN',
  },
  {
    rule: 'a rule without fallthrough ends it',
    text: `${rule('match ^x')}\ntemplate IN A {\nrcode NXDOMAIN\n}`,
    fate: 'SERVFAIL',
  },
  {
    rule: 'a rule for another zone does not',
    text: 'template IN A a.example.org {\nmatch ^x\n}\ntemplate IN A {\nrcode NXDOMAIN\n}',
    fate: 'NXDOMAIN',
  },
  {
    rule: 'expr is true',
    text: rule("expr name() == 'www.example.org.'", 'rcode NXDOMAIN'),
    fate: 'NXDOMAIN',
  },
  { rule: 'expr is false', text: rule('expr do()'), fate: 'SERVFAIL' },
  {
    rule: 'expr is false, and the name falls through',
    text: rule('expr do()', 'fallthrough'),
    fate: 'next',
  },
  {
    rule: 'all of them must be true',
    text: rule('expr true', 'expr do()', 'fallthrough'),
    fate: 'next',
  },
  { rule: 'what is no boolean is not true', text: rule('expr 1', 'fallthrough'), fate: 'next' },
  {
    rule: 'an expr sees variables behind it',
    text: rule('expr n == 5', 'var n 5', 'rcode NXDOMAIN'),
    fate: 'NXDOMAIN',
  },
  {
    rule: 'a variable sees those in front of it',
    text: rule('var a 2', 'var b a * a', 'expr b == 4', 'rcode NXDOMAIN'),
    fate: 'NXDOMAIN',
  },
  {
    rule: 'groups, by name and by number',
    text: rule(
      'match ^(?P<h>w+)[.]',
      "expr group('h') + string(group(1)) + group(0) + group('nope') == 'wwwwwwwww.'",
      'rcode NXDOMAIN',
    ),
    fate: 'NXDOMAIN',
  },
  { rule: 'rcode SERVFAIL', text: rule('rcode SERVFAIL'), fate: 'SERVFAIL' },
  ...['REFUSED', 'NOTIMP', 'FORMERR', 'YXDOMAIN', 'NOTAUTH'].map(rcode => ({
    rule: `rcode ${rcode}`,
    text: rule(`rcode ${rcode}`),
    fate: rcode,
  })),
]
for (const c of fates)
  test(`template: ${c.rule}`, async () => {
    const shown = await ask(c.text, c.name, c.type, c.class === undefined ? {} : { class: c.class })
    assert.equal(fate(shown), c.fate)
  })

const answers: {
  rule: string
  lines: string[]
  name?: string
  options?: QueryOptions
  answer: string[]
}[] = [
  {
    rule: 'fields',
    lines: [
      'match ^(?P<host>w+)[.](example)',
      'answer "{{ .Name }} 60 IN TXT {{ .Zone }} {{ .Class }} {{ .Type }} {{ .Remote }} {{ .Match }} {{ .Group.host }} {{ index .Group `2` }} \\"{{ .Regex }}\\""',
    ],
    answer: [
      'www.example.org. 60 IN TXT "example.org." "IN" "A" "192.0.2.53" "[www.example" "www" "example]" "www" "example" "^(?P<host>w+)[.](example)"',
    ],
  },
  {
    rule: 'the question as it came, the name in lower case',
    lines: [
      'answer "{{ .Question.Name }} 60 IN TXT {{ .Name }} {{ .Question.Qtype }} {{ .Question.Qclass }}"',
    ],
    name: 'WwW.Example.org.',
    answer: ['WwW.Example.org. 60 IN TXT "www.example.org." "1" "1"'],
  },
  {
    rule: 'the message',
    lines: [
      'answer "{{ with .Message }}x. 60 IN TXT {{ .Id }} {{ .Opcode }} {{ .Rcode }} {{ .Response }} {{ .RecursionDesired }} {{ .CheckingDisabled }} {{ .MsgHdr.Id }} {{ len .Question }}{{ (index .Question 0).Name }} {{ len .Answer }}{{ len .Ns }}{{ len .Extra }}{{ end }}"',
    ],
    options: { id: 77, cd: true, udpSize: 1232 },
    answer: ['x. 60 IN TXT "77" "0" "0" "false" "true" "true" "77" "1www.example.org." "001"'],
  },
  {
    rule: 'records of the message',
    lines: [
      'answer "{{ range .Message.Extra }}{{ if eq .Hdr.Rrtype 1 }}{{ . }}{{ else }}x. 5 IN TXT {{ .Header.Class }}{{ end }}{{ end }}"',
    ],
    options: { additional: ['a.example.org. 7 IN A 192.0.2.8'] },
    answer: ['a.example.org. 7 IN A 192.0.2.8'],
  },
  {
    rule: 'variables of expressions',
    lines: [
      "var list ['a', 2, 2.5, true, nil]",
      "var dict {'k': {'x': 1}}",
      'answer "x. 60 IN TXT {{ range .Var.list }}{{ . }},{{ end }} {{ .Var.dict.k.x }} {{ .Var.nope }}"',
    ],
    answer: ['x. 60 IN TXT "a,2,2.5,true,<no" "value>," "1" "<no" "value>"'],
  },
  {
    rule: 'the TTL',
    lines: ['answer "a. A 192.0.2.1" "b. 1h30m IN A 192.0.2.1"'],
    answer: ['a. 3600 IN A 192.0.2.1', 'b. 5400 IN A 192.0.2.1'],
  },
  {
    rule: 'a name without a dot, and the root',
    lines: ['answer "a 5 IN A 192.0.2.1" "@ 5 IN A 192.0.2.1"'],
    answer: ['a. 5 IN A 192.0.2.1', '. 5 IN A 192.0.2.1'],
  },
  {
    rule: 'line breaks in quotes',
    lines: ['answer "a. 5 IN TXT \\"a\nb\\""'],
    answer: ['a. 5 IN TXT "a\\010b"'],
  },
  {
    rule: 'other classes, types by number',
    lines: ['answer "a. 5 CH TXT c" "a. 5 IN TYPE65280 \\# 1 ff"'],
    answer: ['a. 5 CH TXT "c"', 'a. 5 IN TYPE65280 \\# 1 ff'],
  },
]
for (const c of answers)
  test(`template answers: ${c.rule}`, async () => {
    const shown = await ask(rule(...c.lines), c.name, 'A', c.options)
    assert.deepEqual(shown.answer, c.answer)
  })

test('a question of type or class ANY is told as the type and the class of the rule', async () => {
  const text = rule('answer "a. 5 IN TXT {{ .Class }} {{ .Type }}"')
  assert.deepEqual((await ask(text, 'a.example.org.', 'ANY', { class: 255 })).answer, [
    'a. 5 IN TXT "IN" "A"',
  ])
  const any = 'template ANY ANY {\nanswer "a. 5 IN TXT {{ .Class }} {{ .Type }}"\n}'
  assert.deepEqual((await ask(any, 'a.example.org.', 'ANY', { class: 255 })).answer, [
    'a. 5 IN TXT "ANY" "ANY"',
  ])
  assert.deepEqual((await ask(any, 'a.example.org.', 'TYPE65280')).answer, ['a. 5 IN TXT "IN"'])
})

test('sections in the order of the Corefile, and flags', async () => {
  const text = rule(
    'answer "a. 5 IN A 192.0.2.1"',
    'additional "c. 5 IN A 192.0.2.3"',
    'authority "d. 5 IN NS e."',
    'answer "b. 5 IN A 192.0.2.2"',
    'rcode REFUSED',
  )
  const shown = await ask(text, 'a.example.org.', 'A', { cd: true })
  assert.deepEqual(
    [shown.rcode, shown.flags, shown.answer, shown.authority, shown.additional],
    [
      'REFUSED',
      'qr aa rd cd',
      ['a. 5 IN A 192.0.2.1', 'b. 5 IN A 192.0.2.2'],
      ['d. 5 IN NS e.'],
      ['c. 5 IN A 192.0.2.3'],
    ],
  )
})

test('an extended error has an OPT record of its own, for clients without EDNS too', async () => {
  const shown = await ask(rule('ederror 258 no'))
  assert.deepEqual(shown.edns, {
    udpSize: 4096,
    do: true,
    version: 0,
    options: [{ code: 15, data: '01026e6f' }],
  })
})

test('rcode SERVFAIL has neither records nor an extended error, and nobody has written it', async () => {
  const { handle } = await start(
    rule('rcode SERVFAIL', 'ederror 1', 'answer "a. 5 IN A 192.0.2.1"'),
  )
  const reply = await handle(query('a.example.org.'))
  const { rcode, answer, edns, flags } = show(reply)
  assert.deepEqual(
    [rcode, answer, edns, flags, reply.isWritten],
    ['SERVFAIL', [], undefined, 'qr rd', false],
  )
})

const failures: { rule: string; lines: string[]; code: string; message: RegExp }[] = [
  {
    rule: 'a field that is not there',
    lines: ['answer "a. 5 IN A {{ .Nothing }}"'],
    code: 'TEMPLATE',
    message:
      /^template: answer:1:\d+: executing "answer" at <.Nothing>: can't evaluate field Nothing in type \*template.templateData \(Corefile:3\)$/,
  },
  {
    rule: 'an index',
    lines: ['additional "{{ index .Match 5 }}"'],
    code: 'TEMPLATE',
    message: /index out of range: 5 \(Corefile:3\)$/,
  },
  {
    rule: 'too many steps',
    lines: ['answer "{{ range 1000000 }}{{ end }}"'],
    code: 'TEMPLATE',
    message: /more than 20000 steps/,
  },
  {
    rule: 'an address',
    lines: ['', 'answer "a. 5 IN A 192.0.2.999"'],
    code: 'TEMPLATE_RECORD',
    message: /^answer is no record: .*192\.0\.2\.999.* \(Corefile:4\)$/,
  },
  {
    rule: 'the second of two',
    lines: ['answer "a. 5 IN A 192.0.2.1" "b"'],
    code: 'TEMPLATE_RECORD',
    message: /^answer is no record/,
  },
  {
    rule: 'nothing',
    lines: ['answer "{{ if false }}x{{ end }}"'],
    code: 'TEMPLATE_RECORD',
    message: /there is no record/,
  },
  {
    rule: 'a comment',
    lines: ['answer "; a. 5 IN A 192.0.2.1"'],
    code: 'TEMPLATE_RECORD',
    message: /there is no record/,
  },
  {
    rule: 'two records',
    lines: ['answer "a. 5 IN A 192.0.2.1{{ `\n` }}b. 5 IN A 192.0.2.1"'],
    code: 'TEMPLATE_RECORD',
    message: /more than one record/,
  },
  {
    rule: 'a long name',
    lines: ['answer "{{ .Name }} 5 IN CNAME {{ range 40 }}abcdefgh.{{ end }}"'],
    code: 'TEMPLATE_RECORD',
    message: /^answer is no record/,
  },
  {
    rule: 'an expression',
    lines: ['expr int(client_ip()) > 1', 'fallthrough'],
    code: 'EXPRESSION',
    message: /^expression fails: /,
  },
  {
    rule: 'a variable',
    lines: ["var x int('a')", 'fallthrough'],
    code: 'EXPRESSION',
    message: /^expression fails: /,
  },
]
for (const { rule: title, lines, code, message } of failures)
  test(`template fails: ${title}`, async () => {
    const { handle } = await start(rule(...lines))
    await assert.rejects(
      async () => handle(query('www.example.org.')),
      (error: unknown) =>
        error instanceof ServerError &&
        error.code === code &&
        message.test(error.message) &&
        error.rcode === 2,
    )
  })

test('metadata', async () => {
  const { handle } = await start(
    rule(
      'match ^w',
      "var m metadata('a/b')",
      'answer "a. 5 IN TXT {{ .Meta `a/b` }} x{{ .Meta `a/c` }} {{ .Var.m }}"',
    ),
  )
  const request = query('www.example.org.')
  request.metadata = new Metadata(request, [(_, set) => set('a/b', () => 'meta')])
  assert.deepEqual(show(await handle(request)).answer, ['a. 5 IN TXT "meta" "x" "meta"'])
})

const LISTENERS = [
  { index: 4, label: 'dns://:53' },
  { index: 7, label: 'tls://:853' },
]

test('matches and failures are counted by server, zone, view, class and type', async () => {
  const text = `template IN A a.example.org b.example.org {
match ^ok
answer "{{ .Name  }} 5 IN A 192.0.2.1"
fallthrough
}
template ANY ANY {
answer "{{ .Nothing }}"
}
template IN AAAA b.example.org {
authority "{{ .Name }}"
}`
  const { handle, control, serve } = await chain(template, text, {
    keys: 'example.org',
    next,
    control: { block: { listeners: LISTENERS, view: 'inside' } },
  })
  const [udp, tls] = LISTENERS
  const send = async (name: string, type: string, listener = udp, cls = 1): Promise<unknown> => {
    try {
      return await handle(query(name, type, { class: cls, ...(listener && { listener }) }))
    } catch (error) {
      return error
    }
  }
  await send('ok.a.example.org.', 'A')
  await send('ok.b.example.org.', 'A', tls)
  await send('ok.b.example.org.', 'A', tls)
  await send('no.b.example.org.', 'A', tls)
  await send('b.example.org.', 'TXT')
  await send('b.example.org.', 'TYPE65280', udp, 3)
  const count = (name: string, labels: Record<string, string>): number =>
    counterValue(control, serve.row, `coredns_template_${name}_total`, {
      view: 'inside',
      ...labels,
    })
  const matches = (server: string, zone: string, cls: string, type: string): number =>
    count('matches', { server, zone, class: cls, type })
  assert.deepEqual(
    [
      matches('dns://:53', 'a.example.org.', 'IN', 'A'),
      matches('tls://:853', 'b.example.org.', 'IN', 'A'),
      matches('tls://:853', 'example.org.', 'IN', 'A'),
      matches('dns://:53', 'example.org.', 'IN', 'TXT'),
      matches('dns://:53', 'example.org.', 'CH', 'other'),
      count('matches', {}),
    ],
    [1, 2, 1, 1, 1, 6],
  )
  const nothing = {
    zone: 'example.org.',
    class: 'ANY',
    type: 'ANY',
    section: 'answer',
    template: '{{.Nothing}}',
  }
  assert.equal(count('template_failures', { ...nothing, server: 'dns://:53' }), 2)
  assert.equal(count('template_failures', { ...nothing, server: 'tls://:853' }), 1)
  assert.equal(count('rr_failures', {}), 0)
})

test('a text that is no record is counted', async () => {
  const { handle, control, serve } = await start(rule('authority "{{ .Name }}"'))
  await assert.rejects(async () => handle(query('www.example.org.')))
  const labels = {
    server: 'dns://:53',
    zone: 'example.org.',
    class: 'IN',
    type: 'A',
    section: 'authority',
    template: '{{.Name}}',
  }
  assert.equal(counterValue(control, serve.row, 'coredns_template_rr_failures_total', labels), 1)
})

/** What the server answers to questions of the plugin's own. */
const resolving = async (
  lines: string[],
  resolve: (request: Query, name: string, type: number) => ReturnType<typeof next>,
) => {
  const asked: string[] = []
  const built = await chain(template, rule(...lines), {
    keys: 'example.org',
    next,
    serve: {
      resolve: async (request: Query, name: string, type: number) => {
        asked.push(`${name} ${type}`)
        return resolve(request, name, type)
      },
    },
  })
  return { ...built, asked }
}

const CNAME = 'answer "{{ .Name }} 5 IN CNAME t.example.net."'

test('the target of a CNAME record stands behind it, as far as it is there', async () => {
  const { handle, asked } = await resolving(
    [CNAME, 'answer "b. 5 IN A 192.0.2.2" "c. 5 IN CNAME u."', 'additional "d. 5 IN CNAME e."'],
    (request, name) =>
      name === 'u.'
        ? replyTo(request, { rcode: 'NXDOMAIN' })
        : replyTo(request, {
            answer: ['t.example.net. 9 IN A 192.0.2.9'],
            additional: ['x. 1 IN A 192.0.2.1'],
            tc: true,
          }),
  )
  const shown = show(await handle(query('www.example.org.')))
  assert.deepEqual(shown.answer, [
    'www.example.org. 5 IN CNAME t.example.net.',
    't.example.net. 9 IN A 192.0.2.9',
    'b. 5 IN A 192.0.2.2',
    'c. 5 IN CNAME u.',
  ])
  assert.deepEqual(
    [shown.rcode, shown.flags, shown.additional],
    ['NOERROR', 'qr aa tc rd', ['d. 5 IN CNAME e.']],
  )
  assert.deepEqual(asked, ['t.example.net. 1', 'u. 1'])
})

test('it is looked up for addresses only', async () => {
  const { handle, asked } = await resolving([CNAME], request => replyTo(request, {}))
  await handle(query('www.example.org.', 'ANY'))
  assert.deepEqual(asked, [])
})

test('a question over TCP is answered alike', async () => {
  const shown = await ask(rule('answer "a. 5 IN A 192.0.2.1"'), 'www.example.org.', 'A', {
    transport: 'tcp',
  })
  assert.deepEqual(shown.answer, ['a. 5 IN A 192.0.2.1'])
})

test('nothing is looked up for an answer that fails', async () => {
  const { handle, asked } = await resolving([CNAME, 'answer "x"'], request => replyTo(request, {}))
  await assert.rejects(async () => handle(query('www.example.org.')))
  assert.deepEqual(asked, [])
})
