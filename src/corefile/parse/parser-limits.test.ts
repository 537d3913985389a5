import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CorefileError } from '../diagnostics/diagnostic.ts'
import type { ParsedCorefile } from '../server-block.ts'
import type { Loader } from './loader.ts'
import { parseCorefile } from './parser.ts'

const NO_FILES: Loader = {
  readFile: path => assert.fail(path),
  kindOf: () => undefined,
  listDir: () => [],
}

const parse = (text: string): ParsedCorefile =>
  parseCorefile({ text, file: 'Corefile', baseDir: '/conf' }, NO_FILES, {})

const errorOf = (text: string): CorefileError => {
  try {
    parse(text)
  } catch (error) {
    assert.ok(error instanceof CorefileError)
    return error
  }
  return assert.fail('no error')
}

test('one megabyte of blocks is parsed', () => {
  const text = 'example.org {\n  log\n  errors\n}\n'.repeat(33_000)
  assert.equal(parse(text).blocks.length, 33_000)
})

test('one megabyte of open braces ends with an error', () => {
  assert.match(errorOf(`. {\ncache ${'{ '.repeat(500_000)}`).message, /Unexpected EOF$/)
})

test('snippets that double each other end at the cap', () => {
  let text = '(s0) {\nlog\n}\n'
  for (let i = 1; i < 40; i++) text += `(s${i}) {\nimport s${i - 1}\nimport s${i - 1}\n}\n`
  assert.match(
    errorOf(`${text}. {\nimport s39\n}`).message,
    /maximum snippet import depth \(10000\) exceeded$/,
  )
})

test('long snippets end at the cap of tokens', () => {
  const text = `(s) {\n${'log x y z\n'.repeat(10_000)}}\n. {\n${'import s\n'.repeat(100)}}`
  const error = errorOf(text)
  assert.match(error.message, /maximum snippet import depth \(10000\) exceeded$/)
  assert.equal(error.hint, 'imports expand to more than 1048576 words')
})
