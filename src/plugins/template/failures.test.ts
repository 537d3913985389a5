// Rules that fail for a question, and what is counted of those that match and those that fail.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, counterValue, query } from '../../../test/support/plugin-harness.ts'
import { next, rule, start } from '../../../test/support/template-chain.ts'
import { ServerError } from '../../chain/errors.ts'
import { template } from './index.ts'

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
