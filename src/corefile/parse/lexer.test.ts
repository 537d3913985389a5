import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CorefileError } from '../diagnostics/diagnostic.ts'
import { lex, TOKEN_LIMIT } from './lexer.ts'

const read = (text: string) => lex({ text, name: 'Corefile', file: '' })

const texts: { rule: string; text: string; tokens: string[] }[] = [
  { rule: 'white space separates', text: ' a\tb \n c ', tokens: ['a', 'b', 'c'] },
  {
    rule: 'Unicode white space separates',
    text: 'a\u00a0b\u0085c\u2003d\u3000e\u2028f',
    tokens: ['a', 'b', 'c', 'd', 'e', 'f'],
  },
  { rule: 'a byte order mark is dropped at the start', text: '\ufeffa', tokens: ['a'] },
  {
    rule: 'a byte order mark elsewhere is a character',
    text: 'a \ufeffb',
    tokens: ['a', '\ufeffb'],
  },
  {
    rule: 'carriage returns vanish, even inside a word',
    text: 'fo\ro\r\nbar\r',
    tokens: ['foo', 'bar'],
  },
  { rule: 'a carriage return is no separator', text: 'a\rb', tokens: ['ab'] },
  {
    rule: 'a backslash outside of quotes is ordinary',
    text: 'a\\ b\\\nc',
    tokens: ['a\\', 'b\\', 'c'],
  },
  { rule: 'quotes keep blanks', text: '"a b" c', tokens: ['a b', 'c'] },
  { rule: 'a quoted token ends at the quote', text: '"a"b', tokens: ['a', 'b'] },
  { rule: 'quotes inside a word are literal', text: 'foo"bar"', tokens: ['foo"bar"'] },
  {
    rule: 'only \\" is an escape',
    text: String.raw`"a\"b\d\\" c`,
    tokens: [String.raw`a"b\d\\`, 'c'],
  },
  { rule: 'empty quotes are a token', text: 'a "" b', tokens: ['a', '', 'b'] },
  { rule: 'carriage returns stay inside quotes', text: '"a\r\nb"', tokens: ['a\r\nb'] },
  { rule: 'an unterminated quote ends with the text', text: 'a "b c', tokens: ['a', 'b c'] },
  { rule: 'an unterminated quote with nothing behind is nothing', text: 'a "', tokens: ['a'] },
  { rule: 'an unterminated quote drops a last backslash', text: '"b\\', tokens: ['b'] },
  { rule: 'an unterminated quote of one backslash is nothing', text: '"\\', tokens: [] },
  { rule: 'a comment runs to the end of the line', text: 'a # b " c\nd', tokens: ['a', 'd'] },
  {
    rule: 'a # in a word swallows the rest of the word only',
    text: 'foo#bar baz\nx',
    tokens: ['foo', 'baz', 'x'],
  },
  { rule: 'a # in a word and a newline', text: 'foo#bar\nbaz', tokens: ['foo', 'baz'] },
  { rule: 'a # inside quotes is a character', text: '"a # b"', tokens: ['a # b'] },
  {
    rule: 'braces are tokens only on their own',
    text: '.{ {a} { }',
    tokens: ['.{', '{a}', '{', '}'],
  },
  { rule: 'nothing gives nothing', text: '', tokens: [] },
]

for (const { rule, text, tokens } of texts)
  test(`lex: ${rule}`, () => {
    assert.deepEqual(
      read(text).map(token => token.text),
      tokens,
    )
  })

const spans: {
  rule: string
  text: string
  spans: [line: number, column: number, length: number][]
}[] = [
  { rule: 'lines and columns count from 1', text: 'ab c\n  d', spans: [[1, 1, 2], [1, 4, 1], [2, 3, 1]] }, // biome-ignore format: a table
  { rule: 'a byte order mark is no column', text: '\ufeffab', spans: [[1, 1, 2]] },
  { rule: 'quotes belong to the span', text: 'x "a\\"b" y', spans: [[1, 1, 1], [1, 3, 6], [1, 10, 1]] }, // biome-ignore format: a table
  { rule: 'a token over two lines starts where it starts', text: '"a\nb" c', spans: [[1, 1, 5], [2, 4, 1]] }, // biome-ignore format: a table
  { rule: 'an escaped newline counts', text: '"a\\\nb" c', spans: [[1, 1, 6], [2, 4, 1]] }, // biome-ignore format: a table
  { rule: 'a comment in a word is not part of it', text: 'foo#bar', spans: [[1, 1, 3]] },
  { rule: 'carriage returns at the end are not part of it', text: 'foo\r\nb', spans: [[1, 1, 3], [2, 1, 1]] }, // biome-ignore format: a table
  { rule: 'an unterminated quote runs to the end', text: ' "ab', spans: [[1, 2, 3]] },
  { rule: 'a last backslash is inside the text', text: '"ab\\', spans: [[1, 1, 4]] },
]

for (const { rule, text, spans: expected } of spans)
  test(`spans: ${rule}`, () => {
    assert.deepEqual(
      read(text).map(({ span }) => [span.line, span.column, span.length]),
      expected,
    )
  })

test('tokens carry the shown name and the file', () => {
  const [token] = lex({ text: 'a', name: '/etc/x', file: '/etc/x' })
  assert.equal(token?.span.file, '/etc/x')
  assert.equal(token?.file, '/etc/x')
  assert.equal(token?.line, 1)
})

test('more tokens than the limit are refused', () => {
  assert.throws(
    () => read('a '.repeat(TOKEN_LIMIT + 1)),
    (error: unknown) =>
      error instanceof CorefileError &&
      error.message === 'Corefile:1 - Error during parsing: more than 1048576 words',
  )
})
