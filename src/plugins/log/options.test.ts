import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options, parseError } from '../../../test/support/plugin-harness.ts'
import { COMMON_FORMAT } from './common-format.ts'
import { log } from './index.ts'

const rule = (scope: string, format = COMMON_FORMAT, classes?: string[]) => ({
  scope,
  format,
  classes,
})

const accepted = [
  { text: 'log', expected: [rule('.')] },
  { text: 'log Example.ORG', expected: [rule('example.org.')] },
  { text: 'log {combined}', expected: [rule('{combined}.')] },
  { text: 'log . {combined}', expected: [rule('.', `${COMMON_FORMAT} "{>opcode}"`)] },
  { text: 'log . "{common} x {type}"', expected: [rule('.', `${COMMON_FORMAT} x {type}`)] },
  {
    text: 'log example.org example.net {name}',
    expected: [rule('example.org.', '{name}'), rule('example.net.', '{name}')],
  },
  { text: 'log example.org example.net', expected: [rule('example.org.'), rule('example.net.')] },
  {
    text: 'log example.org. {\nclass denial\n}\nlog',
    expected: [rule('example.org.', COMMON_FORMAT, ['denial']), rule('.')],
  },
  {
    text: 'log {\nclass success\nclass denial error\n}',
    expected: [rule('.', COMMON_FORMAT, ['success', 'denial', 'error'])],
  },
  { text: 'log {\nclass success all\n}', expected: [rule('.')] },
]
for (const c of accepted) {
  test(`parse: ${JSON.stringify(c.text)}`, () =>
    assert.deepEqual(options(log, c.text), { rules: c.expected }))
}

const refused = [
  {
    text: 'log {\nclass\n}',
    message:
      "Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'class'",
  },
  { text: 'log {\nclass abc\n}', message: 'invalid Class: abc' },
  { text: 'log {\nclass Success\n}', message: 'invalid Class: Success' },
  {
    text: 'log {\nbogus\n}',
    message: "Corefile:3 - Error during parsing: unknown property 'bogus'",
  },
]
for (const c of refused)
  test(`parse refuses: ${JSON.stringify(c.text)}`, () =>
    assert.equal(parseError(log, c.text), c.message))
