import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { data } from '../../../../test/support/template-data.ts'
import { Template } from './index.ts'
import { TemplateError } from './limits.ts'
import { TemplateSyntaxError } from './tokens.ts'

/** The text, or what rendering fails with. */
const outcome = (source: string): string | { fails: string } => {
  try {
    return new Template('answer', source).render(data())
  } catch (error) {
    if (error instanceof TemplateError || error instanceof TemplateSyntaxError)
      return { fails: error.message }
    throw error
  }
}

/** What text/template of Go 1.26.8 makes of them, with these data and parseInt. */
const RECORDED: readonly (readonly [string, string | { fails: string }])[] = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/go-templates.json', import.meta.url), 'utf8'),
)

test('templates are rendered as by Go', () => {
  assert.ok(RECORDED.length > 250)
  for (const [source, expected] of RECORDED) assert.deepEqual(outcome(source), expected, source)
})

/** The text is cut at the place that is wrong. */
const refused: { name: string; source: string; before: string; message: string }[] = [
  {
    name: 'complex numbers',
    source: '{{ 1i }}',
    before: '{{ ',
    message: 'complex number 1i is not supported by shardns',
  },
  {
    name: 'hexadecimal numbers with a fraction',
    source: '{{ 0x1p4 }}',
    before: '{{ ',
    message: 'hexadecimal float 0x1p4 is not supported by shardns',
  },
  {
    name: 'methods of a message',
    source: '{{ .Message.IsEdns0 }}',
    before: '{{ .Message',
    message: '.IsEdns0 of a DNS message is not supported by shardns',
  },
  {
    name: 'methods of a question, behind a variable',
    source: 'a{{ len $.Question.String }}',
    before: 'a{{ len $',
    message: '.String of a DNS message is not supported by shardns',
  },
  {
    name: 'functions of other template languages',
    source: '{{ .Name }} {{ upper .Name }}',
    before: '{{ .Name }} {{ ',
    message: 'function "upper" not defined',
  },
  {
    name: 'actions nested too deeply',
    source: '{{ if true }}'.repeat(101),
    before: '{{ if true }}'.repeat(100),
    message: 'more than 100 actions and parentheses inside each other',
  },
]
for (const { name, source, before, message } of refused)
  test(`a template is refused with its place: ${name}`, () =>
    assert.throws(
      () => new Template('answer', source),
      (error: unknown) =>
        error instanceof TemplateSyntaxError &&
        error.message === message &&
        source.slice(0, error.offset) === before,
    ))

test('a group may be called as a method of a message is', () =>
  assert.equal(outcome('{{ .Group.Len }}|{{ .Var.String }}'), '<no value>|<no value>'))

const failures: { rule: string; source: string; message: RegExp }[] = [
  { rule: 'a message', source: '{{ .Message }}', message: /a \*template.Msg cannot be printed$/ },
  {
    rule: 'steps',
    source: '{{ range 1000000000000 }}{{ end }}',
    message: /more than 20000 steps$/,
  },
  {
    rule: 'output',
    source: '{{ range 1025 }}{{ printf "%64s" "" }}{{ end }}',
    message: /more than 65536 bytes of output$/,
  },
  {
    rule: 'output, one value',
    source: '{{ printf "%65537s" "" }}',
    message: /more than 65536 bytes of output$/,
  },
  {
    rule: 'text that is made and not written',
    source: '{{ range 100 }}{{ $x := printf "%65000s" "" }}{{ end }}',
    message: /more than 1048576 characters of text$/,
  },
  {
    rule: 'a width',
    source: '{{ len (printf "%9999999d" 1) }}',
    message: /error calling printf: more than 1048576 characters of text$/,
  },
  {
    rule: 'text that doubles',
    source: '{{ $x := "ab" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}',
    message: /more than 1048576 characters of text$/,
  },
  {
    rule: 'templates that call themselves',
    source: '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}',
    message: /executing "x" at <{{template "x"}}>: more than 100 templates inside each other$/,
  },
  {
    rule: 'templates that call themselves deep inside actions',
    source: `{{ define "x" }}${'{{ if true }}'.repeat(90)}{{ template "x" }}${'{{ end }}'.repeat(90)}{{ end }}{{ template "x" }}`,
    message: /nested more than 400 deep$/,
  },
]
for (const { rule, source, message } of failures)
  test(`rendering fails: ${rule}`, () => {
    const said = outcome(source)
    assert.match(typeof said === 'string' ? said : said.fails, message)
  })

test('64 KiB of output are written', () =>
  assert.equal(outcome('{{ range 1024 }}{{ printf "%64s" "" }}{{ end }}'), ' '.repeat(65536)))

const printed: { source: string; text: string }[] = [
  { source: '{{/* comment */}}{{ .Name }}\n  {{- " x" }}', text: '{{.Name}}{{" x"}}' },
  {
    source: '{{ if eq  .Type "A" }}a{{ else if .Name }}b{{ end }}',
    text: '{{if eq .Type "A"}}a{{else}}{{if .Name}}b{{end}}{{end}}',
  },
  {
    source:
      '{{ range $i,$m:=.Match }}{{ $i }}{{ break }}{{ end }}{{ $x := 1 }}{{ $x = (len .Name) }}',
    text: '{{range $i, $m := .Match}}{{$i}}{{break}}{{end}}{{$x := 1}}{{$x = (len .Name)}}',
  },
  {
    source: '{{ block `u` .Zone }}U{{ end }}{{ .Name|len }}',
    text: '{{template "u" .Zone}}{{.Name | len}}',
  },
]
for (const { source, text } of printed)
  test(`metrics show a template as Go does: ${text}`, () =>
    assert.equal(new Template('answer', source).text, text))
