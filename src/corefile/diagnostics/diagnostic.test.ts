import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CorefileError, type Diagnostic, renderDiagnostic } from './diagnostic.ts'

const span = (line: number, column: number, length: number) => ({
  file: 'Corefile',
  line,
  column,
  length,
})

const cases: {
  rule: string
  diagnostic: Partial<Diagnostic>
  source: string | undefined
  lines: string[]
}[] = [
  {
    rule: 'place, source line, carets, hint',
    diagnostic: {
      message: "Corefile:2 - Error during parsing: Unknown directive 'forwrad'",
      span: span(2, 3, 7),
      hint: "did you mean 'forward'?",
    },
    source: '. {\n  forwrad . 192.0.2.1\n}\n',
    lines: [
      "Corefile:2:3: error: Unknown directive 'forwrad'",
      '      forwrad . 192.0.2.1',
      '      ^^^^^^^',
      "    hint: did you mean 'forward'?",
    ],
  },
  {
    rule: 'the prefix of a plugin stays',
    diagnostic: {
      message: 'plugin/cache: Corefile:1 - Error during parsing: no',
      span: span(1, 1, 1),
    },
    source: 'x',
    lines: ['Corefile:1:1: error: plugin/cache: no', '    x', '    ^'],
  },
  {
    rule: 'a syntax error loses its place too',
    diagnostic: { message: 'Corefile:1 - Syntax error: no', span: span(1, 1, 1) },
    source: 'x',
    lines: ['Corefile:1:1: error: Syntax error: no', '    x', '    ^'],
  },
  {
    rule: 'without a place',
    diagnostic: { message: 'no', hint: 'yes' },
    source: 'x',
    lines: ['error: no', '    hint: yes'],
  },
  {
    rule: 'without source text',
    diagnostic: { message: 'no', span: span(1, 2, 3) },
    source: undefined,
    lines: ['Corefile:1:2: error: no'],
  },
  {
    rule: 'a line that the source does not have',
    diagnostic: { message: 'no', span: span(9, 2, 3) },
    source: 'x\n',
    lines: ['Corefile:9:2: error: no'],
  },
  {
    rule: 'a warning',
    diagnostic: { severity: 'warning', message: 'no', span: span(1, 1, 1) },
    source: 'x',
    lines: ['Corefile:1:1: warning: no', '    x', '    ^'],
  },
  {
    rule: 'tabs, byte order mark, CRLF and control characters do not move the carets',
    diagnostic: { message: 'no', span: span(1, 4, 1) },
    source: '\ufeff\ta\x1bb\r\n',
    lines: ['Corefile:1:4: error: no', '     a·b', '       ^'],
  },
  {
    rule: 'what would turn the text around or break the line is shown as a dot',
    diagnostic: { message: 'no \u202egnol', span: span(1, 4, 1) },
    source: 'a\u2028\u2067b',
    lines: ['Corefile:1:4: error: no ·gnol', '    a··b', '       ^'],
  },
  {
    rule: 'a token over several lines is marked to the end of its first',
    diagnostic: { message: 'no', span: span(1, 3, 20) },
    source: 'a "bcd\nefg" h',
    lines: ['Corefile:1:3: error: no', '    a "bcd', '      ^^^^'],
  },
  {
    rule: 'a place of no length gets one caret',
    diagnostic: { message: 'no', span: span(1, 2, 0) },
    source: 'a',
    lines: ['Corefile:1:2: error: no', '    a', '     ^'],
  },
  {
    rule: 'a long line is cut around the place',
    diagnostic: { message: 'no', span: span(1, 1001, 2) },
    source: `${'a'.repeat(1000)}XY${'b'.repeat(1000)}`,
    lines: [
      'Corefile:1:1001: error: no',
      `    …${'a'.repeat(40)}XY${'b'.repeat(78)}…`,
      `    ${' '.repeat(41)}^^`,
    ],
  },
]

for (const { rule, diagnostic, source, lines } of cases)
  test(`render: ${rule}`, () => {
    const full: Diagnostic = { severity: 'error', code: 'x', message: '', ...diagnostic }
    assert.equal(
      renderDiagnostic(full, new Map(source === undefined ? [] : [['Corefile', source]])),
      lines.join('\n'),
    )
  })

test('a prefixed error keeps its place, code and hint', () => {
  const error = new CorefileError('no', { code: 'x', span: span(1, 2, 3), hint: 'h' }).prefixed(
    'plugin/log: ',
  )
  assert.deepEqual(error.toDiagnostic(), {
    severity: 'error',
    code: 'x',
    message: 'plugin/log: no',
    span: span(1, 2, 3),
    hint: 'h',
  })
  assert.ok(error instanceof CorefileError)
})

test('an error without place and hint gives a diagnostic without them', () => {
  assert.deepEqual(new CorefileError('no', { code: 'x' }).toDiagnostic(), {
    severity: 'error',
    code: 'x',
    message: 'no',
  })
})
