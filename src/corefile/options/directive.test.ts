import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileLoader } from '../../process/load/file-loader.ts'
import { CorefileError } from '../diagnostics/diagnostic.ts'
import { inspectBlocks } from '../keys.ts'
import { parseCorefile } from '../parse/parser.ts'
import { type Directive, directiveOf } from './directive.ts'

const env = { OPEN: '{', CLOSE: '}' }

/** The `log` directive of `a.org b.org {⏎TEXT⏎}`: TEXT starts on line 2. */
const read = (text: string): Directive => {
  const source = { text: `a.org b.org {\n${text}\n}\n`, file: 'Corefile', baseDir: '/nonexistent' }
  const [inspected] = inspectBlocks(parseCorefile(source, fileLoader, env).blocks, {
    defaultPort: 53,
  })
  assert.ok(inspected)
  const directive = directiveOf(inspected.block, 'log', inspected.zones)
  assert.ok(directive)
  return directive
}

const blockOf = (d: Directive): string[] => {
  const words: string[] = []
  while (d.nextBlock()) words.push(`${d.val()}(${d.remainingArgs().join(',')})`)
  return words
}

/** What a plugin of the usual shape reads: `args{options}` for each occurrence. */
const walk = (d: Directive): string[] => {
  const seen: string[] = []
  while (d.next()) seen.push(`${d.remainingArgs().join(',')}{${blockOf(d).join(' ')}}`)
  return seen
}

const walks: { rule: string; text: string; seen: string[] }[] = [
  { rule: 'arguments end with the line', text: 'log a b', seen: ['a,b{}'] },
  { rule: 'each occurrence is read', text: 'log a\nerrors\nlog b', seen: ['a{}', 'b{}'] },
  {
    rule: 'a block has options with arguments',
    text: 'log a {\nx 1 2\ny\n}',
    seen: ['a{x(1,2) y()}'],
  },
  { rule: 'an empty block is none', text: 'log a {\n}\nlog b', seen: ['a{}', 'b{}'] },
  { rule: 'an empty block on one line is none', text: 'log { }', seen: ['{}'] },
  { rule: 'arguments that take all swallow the brace', text: 'log { x 1 }', seen: ['{x(1,})}'] },
  { rule: 'a nested block is not entered', text: 'log {\nx {\ny\n}\n}', seen: ['{x() {() y()}'] },
  { rule: 'a token over two lines keeps its line going', text: 'log "a\nb" c', seen: ['a\nb,c{}'] },
  {
    rule: 'a block opened by a variable ends with the tokens',
    text: 'log {$OPEN} x',
    seen: ['{x()}'],
  },
  { rule: 'a block closed by a variable', text: 'log {$OPEN} {$CLOSE}', seen: ['{}'] },
]

for (const { rule, text, seen } of walks)
  test(`directive: ${rule}`, () => {
    if (rule.includes('nested'))
      assert.throws(() => walk(read(text)), /Wrong argument count .* after '}'/)
    else assert.deepEqual(walk(read(text)), seen)
  })

test('directive: knows its name, the zones and the keys of the block', () => {
  const d = read('log')
  assert.equal(d.name, 'log')
  assert.deepEqual(d.blockZones, ['a.org.', 'b.org.'])
  assert.deepEqual(d.blockKeys, ['a.org', 'b.org'])
})

test('directive: nextArg stays on the line, nextLine leaves it', () => {
  const d = read('log a {\nx\n}')
  assert.equal(d.val(), '')
  assert.ok(d.nextArg())
  assert.equal(d.val(), 'log')
  assert.equal(d.nextLine(), false)
  assert.ok(d.nextArg())
  assert.equal(d.val(), 'a')
  assert.ok(d.nextArg())
  assert.equal(d.nextArg(), false)
  assert.ok(d.nextLine())
  assert.equal(d.val(), 'x')
  assert.ok(d.nextLine())
  assert.equal(d.nextLine(), false)
  assert.equal(d.next(), false)
  assert.equal(d.val(), '}')
})

test('directive: remainingTokens keep their places', () => {
  const d = read('log "a b"  c')
  d.next()
  assert.deepEqual(
    d.remainingTokens().map(({ text, span }) => [text, span.column, span.length]),
    [['a b', 5, 5], ['c', 12, 1]], // biome-ignore format: a table
  )
})

const PLACE = 'Corefile:2 - '
const at = (d: Directive, count: number): Directive => {
  for (let i = 0; i < count; i++) d.next()
  return d
}

const errors: {
  rule: string
  make: () => CorefileError
  message: string
  code: string
  column: number | undefined
}[] = [
  {
    rule: 'argErr names the current token',
    make: () => at(read('log a'), 2).argErr(),
    message: `${PLACE}Error during parsing: Wrong argument count or unexpected line ending after 'a'`,
    code: 'arguments',
    column: 5,
  },
  {
    rule: 'argErr at a brace',
    make: () => at(read('log {\nx\n}'), 2).argErr(),
    message: `${PLACE}Error during parsing: Unexpected token '{', expecting argument`,
    code: 'arguments',
    column: 5,
  },
  {
    rule: 'err',
    make: () => at(read('log a'), 2).err('no'),
    message: `${PLACE}Error during parsing: no`,
    code: 'invalid',
    column: 5,
  },
  {
    rule: 'err before the first token has line 0 and no place',
    make: () => read('log').err('no'),
    message: 'Corefile:0 - Error during parsing: no',
    code: 'invalid',
    column: undefined,
  },
  {
    rule: 'err with a code and another token',
    make: () => {
      const d = at(read('log a'), 1)
      const { token } = d
      d.next()
      return d.err('no', { code: 'x', token })
    },
    message: `${PLACE}Error during parsing: no`,
    code: 'x',
    column: 1,
  },
  {
    rule: 'syntaxErr',
    make: () => at(read('log a'), 2).syntaxErr('b'),
    message: `${PLACE}Syntax error: Unexpected token 'a', expecting 'b'`,
    code: 'syntax',
    column: 5,
  },
  {
    rule: 'plainErr',
    make: () => at(read('log a'), 2).plainErr('no'),
    message: 'no',
    code: 'invalid',
    column: 5,
  },
  {
    rule: 'unknownOption',
    make: () =>
      at(read('log clas'), 2).unknownOption(`unknown property 'clas'`, ['class', 'other']),
    message: `${PLACE}Error during parsing: unknown property 'clas'`,
    code: 'unknown-option',
    column: 5,
  },
]

for (const { rule, make, message, code, column } of errors)
  test(`directive errors: ${rule}`, () => {
    const error = make()
    assert.ok(error instanceof CorefileError)
    assert.equal(error.message, message)
    assert.equal(error.code, code)
    assert.equal(error.span?.column, column)
  })

test('directive errors: unknownOption hints at the nearest option', () => {
  assert.equal(at(read('log clas'), 2).unknownOption('no', ['class']).hint, "did you mean 'class'?")
})

const onces: { rule: string; text: string; line: number | undefined }[] = [
  { rule: 'one occurrence is fine', text: 'log {\nx\n}', line: undefined },
  { rule: 'two are not', text: 'log\nlog 5', line: 3 },
  { rule: 'a brace on its own line counts as the second', text: 'log\n{\nx\n}', line: 3 },
  { rule: 'text behind the closing brace too', text: 'log {\nx\n} y', line: 4 },
]

for (const { rule, text, line } of onces)
  test(`directive once: ${rule}`, () => {
    const d = read(text)
    if (line === undefined) return d.once()
    assert.throws(
      () => d.once(),
      (error: unknown) =>
        error instanceof CorefileError &&
        error.message === 'this plugin can only be used once per Server Block' &&
        error.span?.line === line,
    )
  })

const strays: { text: string; message: string; hint: string | undefined }[] = [
  {
    text: 'log a\n{\nx\n}',
    message: `Corefile:3 - Error during parsing: Unexpected token '{', expecting argument`,
    hint: "the '{' of log must stand on the line of log",
  },
  {
    text: 'log a {\nx\n} y',
    message: `Corefile:4 - Error during parsing: Wrong argument count or unexpected line ending after 'y'`,
    hint: undefined,
  },
]

for (const { text, message, hint } of strays)
  test(`directive: not taken for an occurrence: ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => walk(read(text)),
      (error: unknown) =>
        error instanceof CorefileError && error.message === message && error.hint === hint,
    )
  })

test('directive: warnings are kept with their places', () => {
  const d = at(read('log a'), 2)
  d.warn('careful', 'test')
  assert.deepEqual(d.warnings, [
    {
      severity: 'warning',
      code: 'test',
      message: 'careful',
      span: { file: 'Corefile', line: 2, column: 5, length: 1 },
    },
  ])
})

test('directive: a brace that becomes an argument is warned of', () => {
  const d = read('log { x 1 }')
  walk(d)
  assert.deepEqual(
    d.warnings.map(({ code, span }) => [code, span?.column]),
    [['brace-argument', 11]],
  )
})
