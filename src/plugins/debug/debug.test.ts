import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, parseError } from '../../../test/support/plugin-harness.ts'
import { debug } from './index.ts'

const errors = [
  {
    text: 'debug on',
    message:
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'on'",
  },
  {
    text: 'debug\ndebug x',
    message:
      "Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
  },
]
for (const c of errors)
  test(`parse refuses: ${JSON.stringify(c.text)}`, () =>
    assert.equal(parseError(debug, c.text), c.message))

for (const text of ['debug', 'debug\ndebug']) {
  test(`control: ${JSON.stringify(text)} turns debug on for the block`, async () => {
    const { control } = await chain(debug, text)
    assert.equal(control.settings.debug, true)
  })
}
