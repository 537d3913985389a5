import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CorefileError } from '../diagnostics/diagnostic.ts'
import type { ParsedCorefile, ServerBlock } from '../server-block.ts'
import type { Loader } from './loader.ts'
import { parseCorefile } from './parser.ts'

const NO_FILES: Loader = {
  readFile: path => assert.fail(path),
  kindOf: () => undefined,
  listDir: () => [],
}

const env = {
  ZONE: 'a.org',
  LIST: 'a b',
  SELF: '{$SELF}',
  DIRECTIVE: 'log',
  CLOSE: '}',
  BREAK: 'x\ny',
}

const parse = (text: string): ParsedCorefile =>
  parseCorefile({ text, file: 'Corefile', baseDir: '/conf' }, NO_FILES, env)

const errorOf = (text: string): CorefileError => {
  try {
    parse(text)
  } catch (error) {
    assert.ok(error instanceof CorefileError)
    return error
  }
  return assert.fail(`no error for: ${text}`)
}

/** `keys | directive: tokens | …`, tokens of one directive joined with blanks. */
const shown = (block: ServerBlock): string =>
  [
    block.keys.map(key => key.text).join(' '),
    ...[...block.directives].map(
      ([name, tokens]) => `${name}: ${tokens.map(token => token.text).join(' ')}`,
    ),
  ].join(' | ')

const blocks: { rule: string; text: string; blocks: string[] }[] = [
  { rule: '1: an empty file has no blocks', text: '', blocks: [] },
  { rule: '2: nor has a comment', text: '# only a comment', blocks: [] },
  { rule: '3: nor has a snippet', text: '(a) {\n log\n}', blocks: [] },
  { rule: '4: one block needs no braces', text: '.\nwhoami', blocks: ['. | whoami: whoami'] },
  { rule: '5: the usual block', text: '. {\nwhoami\n}', blocks: ['. | whoami: whoami'] },
  {
    rule: '6: the brace may stand on the next line',
    text: '.\n{\nwhoami\n}',
    blocks: ['. | whoami: whoami'],
  },
  {
    rule: '11: keys may have commas',
    text: 'a.org, b.org {\nwhoami\n}',
    blocks: ['a.org b.org | whoami: whoami'],
  },
  {
    rule: '12: a comma carries on to the next line',
    text: 'a.org,\nb.org {\nwhoami\n}',
    blocks: ['a.org b.org | whoami: whoami'],
  },
  {
    rule: '14: a comma inside a key is part of it',
    text: 'a.org,b.org {\nwhoami\n}',
    blocks: ['a.org,b.org | whoami: whoami'],
  },
  {
    rule: '27: a key that expands to nothing is dropped',
    text: '{$UNSET} . {\nwhoami\n}',
    blocks: ['. | whoami: whoami'],
  },
  {
    rule: '47: a # in a word swallows the word only',
    text: '. {\nwhoami#x y\n}',
    blocks: ['. | whoami: whoami y'],
  },
  {
    rule: '48: a token over two lines stays on one logical line',
    text: '. {\nchaos "multi\nline" x\nwhoami\n}',
    blocks: ['. | chaos: chaos multi\nline x | whoami: whoami'],
  },
  {
    rule: '49: byte order mark and CRLF',
    text: '\ufeff. {\r\nwhoami\r\n}\r\n',
    blocks: ['. | whoami: whoami'],
  },
  {
    rule: 'the first directive may follow the brace',
    text: '. { whoami\n}',
    blocks: ['. | whoami: whoami'],
  },
  { rule: 'keys alone are a block', text: 'a.org b.org', blocks: ['a.org b.org'] },
  { rule: 'a block may be empty', text: '.:1053 {\n}', blocks: ['.:1053'] },
  {
    rule: 'two blocks',
    text: 'a {\nlog\n}\nb {\nerrors\n}',
    blocks: ['a | log: log', 'b | errors: errors'],
  },
  { rule: 'a stray } is a key', text: '. {\nlog\n}\n}', blocks: ['. | log: log', '}'] },
  {
    rule: 'a brace at the end of a word is part of it',
    text: '.{\nlog',
    blocks: ['.{ | log: log'],
  },
  {
    rule: '50: repeated directives are one list',
    text: '. {\nforward . 192.0.2.1\nlog\nforward . 192.0.2.2\n}',
    blocks: ['. | forward: forward . 192.0.2.1 forward . 192.0.2.2 | log: log'],
  },
  {
    rule: 'nested braces are counted',
    text: '. {\ncache {\na {\nb\n}\n}\nlog\n}',
    blocks: ['. | cache: cache { a { b } } | log: log'],
  },
  {
    rule: 'a plugin with its brace on the next line swallows it',
    text: '. {\ncache\n{\nsuccess 1\n}\n}',
    blocks: ['. | cache: cache { success 1 }'],
  },
  {
    rule: 'a one-line plugin block',
    text: '. {\nhealth { lameduck 5s }\n}',
    blocks: ['. | health: health { lameduck 5s }'],
  },
  {
    rule: 'variables in keys',
    text: '{$ZONE} x.{$ZONE} {\nlog\n}',
    blocks: ['a.org x.a.org | log: log'],
  },
  {
    rule: 'variables stay one token',
    text: '. {\nlog {$LIST} "{%ZONE%} b"\n}',
    blocks: ['. | log: log a b a.org b'],
  },
  {
    rule: 'variables in directive names',
    text: '. {\n{$DIRECTIVE} x\n}',
    blocks: ['. | log: {$DIRECTIVE} x'],
  },
  {
    rule: 'a brace from a variable is no brace',
    text: '. {\nlog {$CLOSE}\nerrors\n}',
    blocks: ['. | log: log } | errors: errors'],
  },
  {
    rule: 'a line break from a variable joins lines',
    text: '. {\nlog {$BREAK}\nerrors\n}',
    blocks: ['. | log: log x\ny errors'],
  },
  { rule: 'a block without keys is dropped', text: '{\nlog\n}\n. {\n}', blocks: ['.'] },
  {
    rule: 'names of Object.prototype are ordinary',
    text: '__proto__ constructor {\nlog __proto__\n}',
    blocks: ['__proto__ constructor | log: log __proto__'],
  },
  {
    rule: 'a snippet takes its place',
    text: '(s) {\nlog\nerrors\n}\n. {\nimport s\nwhoami\n}',
    blocks: ['. | log: log | errors: errors | whoami: whoami'],
  },
  {
    rule: 'a snippet inside a plugin block',
    text: '(s) {\nsuccess 1\n}\n. {\ncache {\nimport s\nkeepttl\n}\n}',
    blocks: ['. | cache: cache { success 1 keepttl }'],
  },
  {
    rule: 'import inside a plugin block counts only at the start of a line',
    text: '. {\nlog import x\n}',
    blocks: ['. | log: log import x'],
  },
  {
    rule: 'a snippet of a snippet',
    text: '(a) {\nlog\n}\n(b) {\nimport a\nerrors\n}\n. {\nimport b\n}',
    blocks: ['. | log: log | errors: errors'],
  },
  {
    rule: 'a snippet with keys and block',
    text: '(a) {\nx.org {\nlog\n}\n}\nimport a\n. {\n}',
    blocks: ['x.org | log: log', '.'],
  },
  { rule: 'an empty snippet', text: '(a) {\n}\n. {\nimport a\nlog\n}', blocks: ['. | log: log'] },
  { rule: 'an empty snippet at the end of the file', text: '(a) {\n}\nimport a', blocks: [] },
  {
    rule: 'snippets named like properties of objects',
    text: '(__proto__) {\nlog\n}\n. {\nimport __proto__\n}',
    blocks: ['. | log: log'],
  },
  {
    rule: 'a snippet named by a variable',
    text: '(a.org) {\nlog\n}\n. {\nimport {$ZONE}\n}',
    blocks: ['. | log: log'],
  },
  {
    rule: 'two keys in parentheses are keys',
    text: '(a) (b) {\nlog\n}',
    blocks: ['(a) (b) | log: log'],
  },
]

for (const { rule, text, blocks: expected } of blocks)
  test(`blocks: ${rule}`, () => {
    assert.deepEqual(parse(text).blocks.map(shown), expected)
  })

const PARSING = 'Error during parsing: '
const errors: {
  rule: string
  text: string
  message: string
  at?: [line: number, column: number, length: number]
}[] = [
  {
    rule: '7: all on one line',
    text: '. { whoami }',
    message: `Corefile:1 - ${PARSING}Unexpected '}' because no matching opening brace`,
    at: [1, 12, 1],
  },
  {
    rule: '8: an unclosed block',
    text: '. {\nwhoami',
    message: `Corefile:2 - Syntax error: Unexpected token 'whoami', expecting '}'`,
    at: [2, 1, 6],
  },
  {
    rule: '9: an unknown directive',
    text: '. {\nfoo\n}',
    message: `Corefile:2 - ${PARSING}Unknown directive 'foo'`,
    at: [2, 1, 3],
  },
  {
    rule: '10: an unclosed plugin block',
    text: '. {\ncache {\nsuccess 1\n',
    message: `Corefile:3 - ${PARSING}Unexpected EOF`,
    at: [3, 9, 1],
  },
  {
    rule: '13: a comma before the brace',
    text: 'a.org, {\nwhoami\n}',
    message: `Corefile:1 - ${PARSING}Expected another address but had '{' - check for extra comma`,
    at: [1, 8, 1],
  },
  { rule: 'a comma at the end', text: 'a.org,', message: `Corefile:1 - ${PARSING}Unexpected EOF` },
  {
    rule: 'a comma before an import of nothing',
    text: '(a) {\n}\nb,\nimport a',
    message: `Corefile:3 - ${PARSING}Unexpected EOF`,
  },
  {
    rule: 'an open block with nothing in it',
    text: '. {',
    message: `Corefile:1 - Syntax error: Unexpected token '{', expecting '}'`,
  },
  {
    rule: '28: a missing file',
    text: '. {\nimport nofile\n}',
    message: `Corefile:2 - ${PARSING}File to import not found: nofile`,
    at: [2, 8, 6],
  },
  {
    rule: '30: two arguments of import',
    text: '. {\nimport a b\n}',
    message: `Corefile:2 - ${PARSING}Import takes only one argument (glob pattern or file)`,
    at: [2, 10, 1],
  },
  {
    rule: 'no argument of import',
    text: '. {\nimport\n}',
    message: `Corefile:2 - ${PARSING}Wrong argument count or unexpected line ending after 'import'`,
  },
  {
    rule: 'an empty argument of import',
    text: '. {\nimport {$UNSET}\n}',
    message: `Corefile:2 - ${PARSING}Import requires a non-empty filepath`,
  },
  {
    rule: '31: a snippet used above its definition',
    text: '. {\nimport a\n}\n(a) {\nlog\n}',
    message: `Corefile:2 - ${PARSING}File to import not found: a`,
  },
  {
    rule: '32: a snippet defined twice',
    text: '(a) {\n}\n(a) {\n}',
    message: `Corefile:3 - ${PARSING}redeclaration of previously declared snippet a`,
  },
  {
    rule: '33: a snippet that imports itself',
    text: '(a) {\nimport a\n}',
    message: `Corefile:3 - ${PARSING}maximum snippet import depth (10000) exceeded`,
  },
  {
    rule: 'a snippet that imports itself by a variable',
    text: '(a.org) {\nlog\nimport {$ZONE}\n}',
    message: `Corefile:4 - ${PARSING}maximum snippet import depth (10000) exceeded`,
  },
  {
    rule: 'a snippet without braces',
    text: '(a)\nlog',
    message: `Corefile:2 - Syntax error: Unexpected token 'log', expecting '{'`,
  },
  {
    rule: 'an unclosed snippet',
    text: '(a) {\nlog',
    message: `Corefile:2 - Syntax error: Unexpected token 'log', expecting '}'`,
  },
  {
    rule: 'a variable that refers to itself',
    text: '. {\nlog {$SELF}\n}',
    message: `Corefile:2 - ${PARSING}environment substitution does not end in '{$SELF}'`,
    at: [2, 5, 7],
  },
  {
    rule: 'directives are case-sensitive',
    text: '. {\nLog\n}',
    message: `Corefile:2 - ${PARSING}Unknown directive 'Log'`,
  },
  {
    rule: '__proto__ is no directive',
    text: '. {\n__proto__\n}',
    message: `Corefile:2 - ${PARSING}Unknown directive '__proto__'`,
  },
]

for (const { rule, text, message, at } of errors)
  test(`errors: ${rule}`, () => {
    const error = errorOf(text)
    assert.equal(error.message, message)
    if (at !== undefined)
      assert.deepEqual([error.span?.line, error.span?.column, error.span?.length], at)
  })

const hints: { text: string; hint: string | undefined }[] = [
  { text: '. {\nforwrad . 192.0.2.1\n}', hint: "did you mean 'forward'?" },
  { text: '. {\nLog\n}', hint: "did you mean 'log'?" },
  { text: '. {\ncahce\n}', hint: "did you mean 'cache'?" },
  {
    text: '. {\nunrelatedword\n}',
    hint: 'a plugin from outside is loaded by --plugin unrelatedword=MODULE',
  },
  { text: '. {\nno/plugin\n}', hint: undefined },
  {
    text: '. {\nrrl\n}',
    hint: `'rrl' is an external plugin, in no stock build of CoreDNS, and not in shardns: a module of your own is loaded by --plugin rrl=MODULE`,
  },
  { text: '(common) {\n}\n. {\nimport comon\n}', hint: "did you mean 'common'?" },
  { text: '. {\nimport x\n}\n(x) {\n}', hint: 'a snippet must be defined above its first use' },
  { text: '. {\nimport a/b\n}', hint: undefined },
]

for (const { text, hint } of hints)
  test(`hints: ${JSON.stringify(text)}`, () => {
    assert.equal(errorOf(text).hint, hint)
  })

test('spans show the source of a substituted token', () => {
  const [block] = parse('. {\n  log {$ZONE}\n}').blocks
  const token = block?.directives.get('log')?.[1]
  assert.equal(token?.text, 'a.org')
  assert.deepEqual(token?.span, { file: 'Corefile', line: 2, column: 7, length: 7 })
})

test('a block without a zone is warned of', () => {
  const [warning] = parse('{$UNSET} {\nlog\n}').warnings
  assert.equal(warning?.message, 'server block without a zone is ignored')
  assert.deepEqual(warning?.span, { file: 'Corefile', line: 1, column: 1, length: 8 })
})
