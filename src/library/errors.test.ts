import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as reader from '../corefile/diagnostics/diagnostic.ts'
import { CorefileError, corefileDiagnostic, ShardnsError } from './errors.ts'

test('a ShardnsError has a code and a cause', () => {
  const cause = new Error('x')
  const error = new ShardnsError('CLOSED', 'the server is closed', { cause })
  assert.deepEqual(
    [error.name, error.code, error.message],
    ['ShardnsError', 'CLOSED', 'the server is closed'],
  )
  assert.equal(error.cause, cause)
})

const warning = { severity: 'warning', code: 'odd', message: 'odd' } as const
const wrong = { severity: 'error', code: 'syntax', message: 'no' } as const

test('a CorefileError says what its first error says, and has them all', () => {
  const error = new CorefileError([warning, wrong])
  assert.ok(error instanceof ShardnsError)
  assert.deepEqual([error.name, error.code, error.message], ['CorefileError', 'COREFILE', 'no'])
  assert.deepEqual(error.diagnostics, [warning, wrong])
})

test('corefileDiagnostic: the place in the file, and the hint', () => {
  const span = { file: 'Corefile', line: 3, column: 5, length: 4 }
  const error = new reader.CorefileError('no', { code: 'syntax', span, hint: 'did you mean x?' })
  assert.deepEqual(corefileDiagnostic(error.toDiagnostic()), {
    ...wrong,
    file: 'Corefile',
    line: 3,
    column: 5,
    hint: 'did you mean x?',
  })
  assert.deepEqual(corefileDiagnostic(warning), warning)
})
