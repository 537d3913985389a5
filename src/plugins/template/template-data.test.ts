import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type QueryOptions, query, show } from '../../../test/support/plugin-harness.ts'
import { ask, rule, start } from '../../../test/support/template-chain.ts'

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

test('metadata', async () => {
  const { handle, collect } = await start(
    rule(
      'match ^w',
      "var m metadata('a/b')",
      'answer "a. 5 IN TXT {{ .Meta `a/b` }} x{{ .Meta `a/c` }} {{ .Var.m }}"',
    ),
  )
  const request = query('www.example.org.')
  collect(request, { 'a/b': 'meta' })
  assert.deepEqual(show(await handle(request)).answer, ['a. 5 IN TXT "meta" "x" "meta"'])
})
