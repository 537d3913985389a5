import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { MIB } from '../base/text/sizes.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import { withoutVersion } from './hooks.ts'
import { tryModule } from './trial.ts'

const folder = mkdtempSync(join(tmpdir(), 'shardns-trial-'))
test.after(() => rmSync(folder, { recursive: true }))

const pathOf = (file: string): string => join(folder, file)
const urlOf = (file: string): string => pathToFileURL(pathOf(file)).href

const write = (file: string, text: string): string => {
  mkdirSync(dirname(pathOf(file)), { recursive: true })
  writeFileSync(pathOf(file), text)
  return urlOf(file)
}

const SERVES = 'export default { serve() {} }\n'
const ENDLESS = 'it does not come to an end'

write('passes.mjs', SERVES)
write('throws.mjs', `\n  throw new Error('boom')\n`)
write('throws.cjs', '\n\n gone.at.all\n')

/** `FILE` is the module itself. */
const bad: readonly { rule: string; file?: string; text: string; says: string }[] = [
  { rule: 'exits', text: 'process.exit(0)', says: 'FILE cannot be loaded: it ends the process' },
  {
    rule: 'waits for nothing',
    text: 'await new Promise(() => {})',
    says: `FILE cannot be loaded: ${ENDLESS}`,
  },
  {
    rule: 'throws',
    text: `\n  throw new Error('boom')`,
    says: 'FILE cannot be loaded: FILE:2:9: boom',
  },
  {
    rule: 'throws what is no error',
    text: 'throw undefined',
    says: 'FILE cannot be loaded: undefined',
  },
  {
    rule: 'throws an error of several lines',
    text: `throw new Error('one\\n  two')`,
    says: 'FILE cannot be loaded: FILE:1:7: one two',
  },
  {
    rule: 'imports what throws',
    text: `import './throws.mjs'`,
    says: `FILE cannot be loaded: ${pathOf('throws.mjs')}:2:9: boom`,
  },
  {
    rule: 'requires what throws',
    file: 'requires.cjs',
    text: `require('./throws.cjs')`,
    says: `FILE cannot be loaded: ${pathOf('throws.cjs')}:3:2: gone is not defined`,
  },
  {
    rule: 'imports what is not there',
    text: `import './gone.mjs'`,
    says: `FILE cannot be loaded: Cannot find module '${pathOf('gone.mjs')}' imported from FILE`,
  },
  {
    rule: 'imports a package that is not there',
    text: `import 'gone'`,
    says: `FILE cannot be loaded: Cannot find package 'gone' imported from FILE`,
  },
  {
    rule: 'imports a name that is not exported',
    text: `import { gone } from './passes.mjs'\n${SERVES}`,
    says: `FILE cannot be loaded: FILE:1:10: The requested module './passes.mjs' does not provide an export named 'gone'`,
  },
  {
    rule: 'imports what the program does not have',
    text: `import 'shardns/gone'`,
    says: `FILE cannot be loaded: there is no 'shardns/gone' to import: there are 'shardns', 'shardns/options', 'shardns/wire'`,
  },
  {
    rule: 'is no JavaScript',
    text: '\nconst a = (: any) => 1',
    says: `FILE cannot be loaded: FILE:2:12: Unexpected token ':'`,
  },
  {
    rule: 'is no TypeScript',
    file: 'syntax.ts',
    text: '\nconst a = (: any) => 1',
    says: 'FILE cannot be loaded: FILE:2:12: Expression expected',
  },
  {
    rule: 'ends too early',
    file: 'half.ts',
    text: '\nconst a = (\n',
    says: 'FILE cannot be loaded: FILE:2: Expression expected',
  },
  {
    rule: 'is TypeScript that is more than types',
    file: 'enum.ts',
    text: 'export enum A { B }',
    says: 'FILE cannot be loaded: FILE:1:8: TypeScript enum is not supported in strip-only mode',
  },
  {
    rule: 'is TypeScript of an installed package',
    file: 'node_modules/a/index.ts',
    text: SERVES,
    says: 'FILE cannot be loaded: Node strips no types under node_modules: the package has to bring JavaScript',
  },
  {
    rule: 'is JSON',
    file: 'data.json',
    text: '{}',
    says: 'FILE cannot be loaded: it is neither JavaScript nor TypeScript',
  },
  {
    rule: 'is something else',
    file: 'data.txt',
    text: '{}',
    says: 'FILE cannot be loaded: it is neither JavaScript nor TypeScript',
  },
  {
    rule: 'leaves a promise to fail',
    text: `void Promise.reject(new Error('stray'))\n${SERVES}`,
    says: 'FILE cannot be loaded: FILE:1:21: stray',
  },
  {
    rule: 'leaves a timer to throw',
    text: `setTimeout(() => { throw new Error('late') }, 1)
await new Promise(resolve => setTimeout(resolve, 1000))
${SERVES}`,
    says: 'FILE cannot be loaded: FILE:1:26: late',
  },
  {
    rule: 'calls itself without end',
    text: 'const f = () => f()\nf()',
    says: 'FILE cannot be loaded: FILE:1:17: Maximum call stack size exceeded',
  },
  {
    rule: 'has no default export',
    text: 'export const serve = () => {}',
    says: 'FILE: it has no default export: that is the plugin',
  },
  ...(
    [
      ['5', 'its default export is no plugin: the definition is 5, and no object'],
      ['null', 'its default export is no plugin: the definition is null, and no object'],
      ['{}', `its default export is no plugin: it has neither 'serve' nor 'control'`],
      ['{ serve: 5 }', `its default export is no plugin: 'serve' is 5, and no function`],
      [
        '{ serve() {}, controll() {} }',
        `its default export is no plugin: 'controll' is no field of it: did you mean 'control'?`,
      ],
      [`{ get serve() { throw new Error('boom') } }`, 'the plugin cannot be read: boom'],
    ] as const
  ).map(([exported, says]) => ({
    rule: `exports ${exported}`,
    text: `export default ${exported}`,
    says: `FILE: ${says}`,
  })),
]
for (const [index, { rule, file = `bad-${index}.mjs`, text, says }] of bad.entries())
  test(`a module that ${rule} is a sentence`, async () => {
    const message = says.replaceAll('FILE', pathOf(file))
    await assert.rejects(tryModule({ name: 'x', url: write(file, text) }), { message })
  })

for (const { rule, text } of [
  { rule: 'a loop without an end', text: 'for (;;);' },
  {
    rule: 'what waits for a timer, again and again',
    text: 'setInterval(() => {}, 10)\nawait null',
  },
  { rule: 'a getter without an end', text: 'export default { get serve() { for (;;); } }' },
].map(one => ({ ...one, text: one.text.replace('null', 'new Promise(() => {})') })))
  test(`${rule} is ended`, async () => {
    const url = write('endless.mjs', text)
    await assert.rejects(tryModule({ name: 'x', url }, { patience: { mostMs: 300 } }), {
      message: `${pathOf('endless.mjs')} cannot be loaded: ${ENDLESS}`,
    })
  })

test('a trial is given up', async () => {
  const url = write('endless.mjs', 'for (;;);')
  const stop = new AbortController()
  const trial = tryModule({ name: 'x', url }, { patience: { mostMs: 60_000, signal: stop.signal } })
  stop.abort(new Error('enough'))
  await assert.rejects(trial, { message: 'enough' })
})

test('a module has so much of a heap', async () => {
  const url = write('heap.mjs', 'const all = []\nfor (;;) all.push([])')
  await assert.rejects(tryModule({ name: 'x', url }, { heapBytes: 48 * MIB }), {
    message: `${pathOf('heap.mjs')} cannot be loaded: it takes more than 48MiB of JavaScript's heap`,
  })
})

test('what is no file is refused', async () => {
  symlinkSync(pathOf('nowhere'), pathOf('dangling.mjs'))
  for (const [file, says] of [
    ['gone.mjs', 'is not there'],
    ['dangling.mjs', 'is not there'],
    ['', 'is a folder'],
  ] as const)
    await assert.rejects(tryModule({ name: 'x', url: urlOf(file) }), {
      message: `${pathOf(file)} ${says}`,
    })
  const device = tryModule({ name: 'x', url: 'file:///dev/null' })
  await assert.rejects(device, { message: '/dev/null is no file' })
})

/** The files of the plugin that it has loaded. */
const filesOf = ({ files }: OutsideModule): string[] =>
  [...files.keys()].map(url => url.slice(urlOf('').length + 1)).sort()

for (const { rule, file = 'good.mjs', text, files = [file] } of [
  { rule: 'JavaScript', text: SERVES },
  { rule: 'TypeScript', file: 'good.ts', text: 'export default { serve(): void {} }' },
  { rule: 'with a byte order mark', file: 'mark.ts', text: `\uFEFF${SERVES}` },
  { rule: 'CommonJS', file: 'good.cjs', text: 'module.exports = { serve() {} }' },
  { rule: 'that prints', text: `console.log('hi')\nconsole.error('ho')\n${SERVES}` },
  {
    rule: 'that speaks to who has begun the thread',
    text: `import { parentPort } from 'node:worker_threads'\nparentPort.postMessage({ kind: 'loaded' })\n${SERVES}`,
  },
  { rule: 'that leaves a timer', text: `setInterval(() => {}, 10)\n${SERVES}` },
  { rule: 'of a half on main alone', text: 'export default { control() {} }' },
  {
    rule: 'that imports',
    text: `import './passes.mjs'\nimport data from './data.json' with { type: 'json' }\nimport 'node:fs'\n${SERVES}`,
    files: ['data.json', 'good.mjs', 'passes.mjs'],
  },
  {
    rule: 'that requires',
    file: 'good.cjs',
    text: `require('./other.cjs')\nmodule.exports = { serve() {} }`,
    files: ['good.cjs', 'other.cjs'],
  },
  {
    rule: 'that imports an installed package',
    text: `import 'a'\n${SERVES}`,
  },
  {
    rule: 'of an installed package',
    file: 'node_modules/@b/c/index.js',
    text: `import './more/x.js'\nimport 'a'\n${SERVES}`,
    files: ['node_modules/@b/c/index.js', 'node_modules/@b/c/more/x.js'],
  },
])
  test(`a module ${rule} is loaded, with all that is its own`, async () => {
    write('other.cjs', '')
    write('data.json', '{}')
    write('node_modules/a/package.json', '{ "main": "a.js" }')
    write('node_modules/a/a.js', '')
    write('node_modules/@b/c/package.json', '{ "type": "module" }')
    write('node_modules/@b/c/more/x.js', '')
    const module = await tryModule({ name: 'x', url: write(file, text) })
    assert.equal(withoutVersion(module.url), urlOf(file))
    assert.deepEqual(filesOf(module), files)
  })

test('a version is of the name, of all bytes and of the attempt', async () => {
  const url = write('whole.mjs', `import './part.mjs'\n${SERVES}`)
  const versionOf = async (part: string, name = 'x', attempt = 0): Promise<string> => {
    write('part.mjs', part)
    return (await tryModule({ name, url, attempt })).version
  }
  const first = await versionOf('// 1')
  assert.match(first, /^x\.[0-9a-f]{16}$/)
  assert.equal(await versionOf('// 1'), first)
  assert.notEqual(await versionOf('// 2'), first)
  assert.equal(await versionOf('// 1', 'x', 2), `${first}.2`)
  assert.equal(await versionOf('// 1', 'y'), first.replace('x', 'y'))
})

test('a link leads to the file itself', async () => {
  write('passes.mjs', SERVES)
  symlinkSync(pathOf('passes.mjs'), pathOf('link.mjs'))
  const module = await tryModule({ name: 'x', url: urlOf('link.mjs') })
  assert.equal(withoutVersion(module.url), urlOf('passes.mjs'))
})
