import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { readPluginFlag } from './plugin-flag.ts'

const folder = mkdtempSync(join(tmpdir(), 'shardns-flag-'))
test.after(() => rmSync(folder, { recursive: true }))

const write = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}
write('greet.js', '')
write('node_modules/plain/package.json', '{ "main": "./main.js" }')
write('node_modules/plain/main.js', '')
write(
  'node_modules/@a/modern/package.json',
  '{ "exports": { ".": { "import": "./i.js" }, "./x": "./x.js" } }',
)
write('node_modules/@a/modern/i.js', '')
write('node_modules/@a/modern/x.js', '')

const url = (path: string): string => pathToFileURL(join(folder, path)).href

const read: readonly { text: string; name?: string; module: string; before?: string }[] = [
  { text: 'greet=./greet.js', module: url('greet.js') },
  { text: 'greet=../x.ts', module: url('../x.ts') },
  { text: 'greet=/a/b.ts', module: 'file:///a/b.ts' },
  { text: 'greet=file:///a/b.ts', module: 'file:///a/b.ts' },
  { text: 'greet=./greet.js,before=cache', module: url('greet.js'), before: 'cache' },
  { text: 'greet=./a b,c=d/e.js', module: url('a b,c=d/e.js') },
  { text: 'greet=./a,b.js,c=d.js', module: url('a,b.js,c=d.js') },
  { text: 'greet=./a,b.js,before=log', module: url('a,b.js'), before: 'log' },
  { text: 'greet=file:///a%2Cbefore=b', module: 'file:///a%2Cbefore=b' },
  { text: 'greet=./a#b?c.js', module: url('a#b?c.js') },
  { text: 'greet=plain', module: url('node_modules/plain/main.js') },
  { text: 'greet=@a/modern', module: url('node_modules/@a/modern/i.js') },
  {
    text: 'greet=@a/modern/x,before=log',
    module: url('node_modules/@a/modern/x.js'),
    before: 'log',
  },
]
for (const { text, ...expected } of read)
  test(`--plugin ${text}`, () =>
    assert.deepEqual(
      readPluginFlag(text, () => folder),
      { name: 'greet', ...expected },
    ))

const FORM = 'it has the form name=module[,before=name]'
for (const { text, message } of [
  { text: 'greet', message: `'greet' is no plugin: ${FORM}` },
  { text: '', message: `'' is no plugin: ${FORM}` },
  { text: '=./a.js', message: `'=./a.js' is no plugin: ${FORM}` },
  { text: 'greet=', message: `'greet=' is no plugin: ${FORM}` },
  { text: 'greet=,before=log', message: `'greet=,before=log' is no plugin: ${FORM}` },
  {
    text: 'greet=./a.js,after=log',
    message: `plugin/greet: 'after' is no option of a plugin: there is 'before'`,
  },
  {
    text: 'greet=./a.js,after=log,before=cache',
    message: `plugin/greet: 'after' is no option of a plugin: there is 'before'`,
  },
  {
    text: 'greet=./a.js,before=cache,after=log',
    message: `plugin/greet: 'after' is no option of a plugin: there is 'before'`,
  },
  {
    text: 'greet=./a.js,before=cache,log',
    message: `plugin/greet: 'log' is no option of a plugin: there is 'before'`,
  },
  {
    text: 'greet=./a.js,=log',
    message: `plugin/greet: '' is no option of a plugin: there is 'before'`,
  },
  { text: 'greet=./a.js,before=', message: `plugin/greet: 'before' names no directive` },
  { text: 'greet=./a.js,before', message: `plugin/greet: 'before' names no directive` },
  { text: 'greet=./a.js,before=a,before=b', message: `plugin/greet: 'before' is given twice` },
  { text: 'greet=./a.js,before=a,before=', message: `plugin/greet: 'before' is given twice` },
  { text: 'greet=./a.js,before=a,before=a', message: `plugin/greet: 'before' is given twice` },
  {
    text: 'greet=gone',
    message: `plugin/greet: the package 'gone' is not installed in ${folder}`,
  },
  {
    text: 'greet=greet.js',
    message: `plugin/greet: 'greet.js' is no package that is installed: is the file './greet.js' meant?`,
  },
  { text: 'greet=fs', message: `plugin/greet: 'fs' is a module of Node's own, and no plugin` },
  {
    text: 'greet=http://a.test/b.js',
    message: `plugin/greet: 'http://a.test/b.js' is no module of this machine, and no plugin`,
  },
  {
    text: 'greet=~/a.js',
    message: `plugin/greet: '~/a.js': the '~' stands for nothing here`,
  },
  {
    text: 'greet=file://host/a.js',
    message: `plugin/greet: 'file://host/a.js' is no URL of a file here`,
  },
])
  test(`--plugin '${text}' is refused`, () =>
    assert.throws(() => readPluginFlag(text, () => folder), { message }))
