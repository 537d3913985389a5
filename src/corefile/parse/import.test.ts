import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { openErrorText } from '../../base/files/text-file.ts'
import { fileLoader } from '../../process/load/file-loader.ts'
import { CorefileError } from '../diagnostics/diagnostic.ts'
import type { ParsedCorefile } from '../server-block.ts'
import type { Loader } from './loader.ts'
import { parseCorefile } from './parser.ts'

const folder = mkdtempSync(join(tmpdir(), 'shardns-import-'))
after(() => rmSync(folder, { recursive: true }))

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

before(() => {
  write('one.conf', 'errors\nlog\n')
  write('two.conf', 'whoami\n')
  write('empty.conf', '')
  write('conf.d/b.x', 'log b\n')
  write('conf.d/a.x', 'log a\n')
  write('conf.d/.c.x', 'log hidden\n')
  write('conf.d/nested', 'import ../two.conf\n')
  write('site', 'a.org {\nlog\n}\n')
  write('snippets', '(s) {\ncache 5\n}\n')
  write('bad', 'log\nforwrad\n')
  write('cycle', 'log\nimport cycle\n')
  write('long-cycle', `${'log a b c\n'.repeat(50)}import long-cycle\n`)
  symlinkSync('nowhere', join(folder, 'broken'))
  symlinkSync('one.conf', join(folder, 'link'))
})

const parse = (text: string, loader: Loader = fileLoader): ParsedCorefile =>
  parseCorefile({ text, file: 'Corefile', baseDir: folder }, loader, { NAME: 'two' })

const directives = (text: string): string[] =>
  parse(text).blocks.flatMap(block =>
    [...block.directives.values()].map(tokens => tokens.map(token => token.text).join(' ')),
  )

const errorOf = (text: string, loader?: Loader): CorefileError => {
  try {
    parse(text, loader)
  } catch (error) {
    assert.ok(error instanceof CorefileError)
    return error
  }
  return assert.fail(`no error for: ${text}`)
}

const cases: { rule: string; text: string; directives: string[] }[] = [
  {
    rule: 'a file takes its place',
    text: '. {\nimport one.conf\nwhoami\n}',
    directives: ['errors', 'log', 'whoami'],
  },
  { rule: 'an absolute path', text: `. {\nimport ${folder}/two.conf\n}`, directives: ['whoami'] },
  { rule: 'an empty file is nothing', text: '. {\nimport empty.conf\nlog\n}', directives: ['log'] },
  { rule: 'a link is followed', text: '. {\nimport link\n}', directives: ['errors', 'log'] },
  {
    rule: 'a pattern gives files in lexical order, hidden ones too',
    text: '. {\nimport conf.d/*.x\n}',
    directives: ['log hidden log a log b'],
  },
  { rule: 'a ? is one character', text: '. {\nimport conf.d/?.x\n}', directives: ['log a log b'] },
  { rule: 'a pattern in a folder name', text: '. {\nimport conf*/a.x\n}', directives: ['log a'] },
  {
    rule: 'a backslash takes the meaning away',
    text: '. {\nimport conf.d/\\a.x\n}',
    directives: ['log a'],
  },
  {
    rule: 'relative to the importing file',
    text: '. {\nimport conf.d/nested\n}',
    directives: ['whoami'],
  },
  { rule: 'a whole block', text: 'import site\n. {\n}', directives: ['log'] },
  {
    rule: 'snippets from a file',
    text: 'import snippets\n. {\nimport s\n}',
    directives: ['cache 5'],
  },
  {
    rule: 'a snippet wins over a file',
    text: '(one.conf) {\nwhoami\n}\n. {\nimport one.conf\n}',
    directives: ['whoami'],
  },
  { rule: 'a variable in the path', text: '. {\nimport {$NAME}.conf\n}', directives: ['whoami'] },
]

for (const c of cases)
  test(`import: ${c.rule}`, () => assert.deepEqual(directives(c.text), c.directives))

const PLACE = 'Corefile:2 - Error during parsing: '
const errors: { rule: string; pattern: string; message: string }[] = [
  {
    rule: 'a folder',
    pattern: 'conf.d',
    message: `Could not import ${folder}/conf.d: is a directory`,
  },
  {
    rule: 'a folder with a slash',
    pattern: 'conf.d/',
    message: `Could not import ${folder}/conf.d: is a directory`,
  },
  {
    rule: 'a broken link',
    pattern: 'broken',
    message: `Could not import ${folder}/broken: open ${folder}/broken: no such file or directory`,
  },
  {
    rule: 'two stars',
    pattern: '*/*',
    message: `Glob pattern may only contain one wildcard (*), but has others: ${folder}/*/*`,
  },
  {
    rule: 'two question marks',
    pattern: '??',
    message: `Glob pattern may only contain one wildcard (*), but has others: ${folder}/??`,
  },
  {
    rule: 'a class',
    pattern: '[ab]',
    message: `Glob pattern may only contain one wildcard (*), but has others: ${folder}/[ab]`,
  },
  {
    rule: 'an open class',
    pattern: 'a[b',
    message: 'Failed to use import pattern a[b: syntax error in pattern',
  },
  {
    rule: 'a file as a folder',
    pattern: 'one.conf/x',
    message: 'File to import not found: one.conf/x',
  },
  { rule: 'a cycle', pattern: 'cycle', message: 'maximum file import depth (10000) exceeded' },
  {
    rule: 'a long cycle',
    pattern: 'long-cycle',
    message: 'maximum file import depth (10000) exceeded',
  },
  {
    rule: 'a device',
    pattern: '/dev/zero',
    message: 'Could not import /dev/zero: open /dev/zero: not a regular file',
  },
]

for (const { rule, pattern, message } of errors)
  test(`import errors: ${rule}`, () => {
    const error = errorOf(`. {\nimport ${pattern}\n}`)
    assert.equal(error.message.replace(/^.*? - Error during parsing: /, PLACE), PLACE + message)
  })

test('import errors: a file without permission', {
  skip: process.getuid?.() === 0 && 'root may read all',
}, () => {
  write('secret', 'log')
  chmodSync(join(folder, 'secret'), 0)
  assert.match(errorOf('. {\nimport secret\n}').message, /open .*secret: permission denied$/)
})

test('import errors: the text of the loader is shown', () => {
  const loader: Loader = {
    ...fileLoader,
    readFile: path => {
      throw new Error(openErrorText(path, Object.assign(new Error('x'), { code: 'EACCES' })))
    },
  }
  const message = `${PLACE}Could not import ${folder}/two.conf: open ${folder}/two.conf: permission denied`
  assert.equal(errorOf('. {\nimport two.conf\n}', loader).message, message)
})

test('a pattern without matches is a warning at its place', () => {
  const { blocks, warnings } = parse('. {\nimport none/*.x\nwhoami\n}')
  assert.equal(blocks.length, 1)
  assert.deepEqual(warnings, [
    {
      severity: 'warning',
      code: 'import',
      message: 'No files matching import glob pattern: none/*.x',
      span: { file: 'Corefile', line: 2, column: 8, length: 8 },
    },
  ])
})

test('errors in an imported file show its absolute path, and its text is kept', () => {
  const error = errorOf('. {\nimport bad\n}')
  assert.equal(error.message, `${folder}/bad:2 - Error during parsing: Unknown directive 'forwrad'`)
  assert.deepEqual(error.span, { file: `${folder}/bad`, line: 2, column: 1, length: 7 })
  const { files } = parse('. {\nimport one.conf\n}')
  assert.deepEqual([...files.keys()], ['Corefile', `${folder}/one.conf`])
  assert.equal(files.get(`${folder}/one.conf`), 'errors\nlog\n')
})

test('tokens of an imported file carry its path, those of the main file none', () => {
  const [block] = parse('. {\nimport one.conf\nwhoami\n}').blocks
  assert.equal(block?.directives.get('log')?.[0]?.file, `${folder}/one.conf`)
  assert.equal(block?.directives.get('whoami')?.[0]?.file, '')
})

test('a file is read once in a parse', () => {
  let count = 0
  const loader: Loader = {
    ...fileLoader,
    readFile: path => {
      count++
      return fileLoader.readFile(path)
    },
  }
  parse('. {\nimport two.conf\n}\na {\nimport two.conf\n}', loader)
  assert.equal(count, 1)
})
