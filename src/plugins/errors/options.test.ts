import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options, parseError } from '../../../test/support/plugin-harness.ts'
import { errors } from './index.ts'

const consolidate = (line: string) => `errors {\nconsolidate ${line}\n}`
const one = (periodMs: number, pattern: string, level: string, showFirst: boolean) => ({
  stacktrace: false,
  consolidations: [{ periodMs, pattern, level, showFirst }],
})

const accepted = [
  { text: 'errors', expected: { stacktrace: false, consolidations: [] } },
  { text: 'errors stdout', expected: { stacktrace: false, consolidations: [] } },
  { text: 'errors {\nstacktrace\n}', expected: { stacktrace: true, consolidations: [] } },
  { text: consolidate('1m ".* timeout$"'), expected: one(60_000, '.* timeout$', 'error', false) },
  { text: consolidate('1s a show_first'), expected: one(1000, 'a', 'error', true) },
  { text: consolidate('1s a warning'), expected: one(1000, 'a', 'warning', false) },
  { text: consolidate('1s a info show_first'), expected: one(1000, 'a', 'info', true) },
  { text: consolidate('1s a debug'), expected: one(1000, 'a', 'debug', false) },
  {
    text: consolidate(`1s ${'x'.repeat(10_000)}`),
    expected: one(1000, 'x'.repeat(10_000), 'error', false),
  },
]
for (const c of accepted) {
  test(`parse: ${JSON.stringify(c.text.slice(0, 60))}`, () =>
    assert.deepEqual(options(errors, c.text), c.expected))
}

const AT = (line: number) => `Corefile:${line} - Error during parsing: `
const wrongCount = (line: number, token: string) =>
  `${AT(line)}Wrong argument count or unexpected line ending after '${token}'`

const refused = [
  { text: 'errors\nerrors', message: 'this plugin can only be used once per Server Block' },
  { text: 'errors /var/log/x', message: `${AT(2)}invalid log file: /var/log/x` },
  { text: 'errors stdout x', message: wrongCount(2, 'x') },
  {
    text: 'errors {\nbogus\n}',
    message: "Corefile:3 - Syntax error: Unexpected token 'bogus', expecting 'Unknown field bogus'",
  },
  { text: consolidate(''), message: wrongCount(3, 'consolidate') },
  { text: consolidate('1m'), message: wrongCount(3, '1m') },
  { text: consolidate('1m a error show_first x'), message: wrongCount(3, 'x') },
  { text: consolidate('1 a'), message: `${AT(3)}time: missing unit in duration "1"` },
  { text: consolidate('x a'), message: `${AT(3)}time: invalid duration "x"` },
  { text: consolidate('1m ('), message: `${AT(3)}error parsing regexp: missing closing ): \`(\`` },
  {
    text: consolidate('1m (?=a)'),
    message: `${AT(3)}error parsing regexp: invalid or unsupported Perl syntax: \`(?=\``,
  },
  {
    text: consolidate(`1m ${'é'.repeat(5001)}`),
    message: `${AT(3)}regex pattern too long: 10002 > 10000`,
  },
  { text: consolidate('1m a loud'), message: `${AT(3)}unknown option in consolidate: loud` },
  {
    text: consolidate('1m a show_first info'),
    message: `${AT(3)}log level must come before show_first in consolidate`,
  },
  {
    text: consolidate('1m a info debug'),
    message: `${AT(3)}multiple log levels specified in consolidate`,
  },
]
for (const c of refused) {
  test(`parse refuses: ${JSON.stringify(c.text.slice(0, 60))}`, () =>
    assert.equal(parseError(errors, c.text), c.message))
}
