import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { faultByStack, messageOf } from '../chain/errors.ts'
import type { AnyPlugin } from '../chain/plugin/plugin.ts'
import { OutsidePlugin } from './outside-plugin.ts'
import { loadServeHalf } from './serve-half.ts'
import { tryModule } from './trial.ts'

class Folder {
  readonly #path = mkdtempSync(join(tmpdir(), 'shardns-outside-'))

  constructor(t: TestContext) {
    t.after(() => rmSync(this.#path, { recursive: true }))
  }

  path(file: string): string {
    return join(this.#path, file)
  }

  url(file: string): string {
    return pathToFileURL(this.path(file)).href
  }

  write(file: string, text: string): void {
    writeFileSync(this.path(file), text)
  }

  remove(file: string): void {
    rmSync(this.path(file))
  }

  plugin(file: string): OutsidePlugin {
    return new OutsidePlugin({ name: 'greet', module: this.url(file) })
  }
}

const saying = (text: string): string =>
  `export default { serve() {}, control: () => text }\nconst text = ${text}\n`

/** What its control half gives. */
const said = async (plugin: AnyPlugin): Promise<unknown> =>
  (await plugin.control?.())?.control(undefined, undefined as never)

for (const { rule, entry, part, use, changed } of [
  {
    rule: 'imports',
    entry: 'greet.mjs',
    part: 'part.mjs',
    use: `import { text } from './part.mjs'\nexport default { control: () => text }`,
    changed: (text: string) => `export const text = '${text}'`,
  },
  {
    rule: 'imports, with types',
    entry: 'greet.ts',
    part: 'part.ts',
    use: `import { text } from './part.ts'\nexport default { control: (): string => text }`,
    changed: (text: string) => `export const text: string = '${text}'`,
  },
  {
    rule: 'imports as data',
    entry: 'greet.mjs',
    part: 'part.json',
    use: `import { default as text } from './part.json' with { type: 'json' }\nexport default { control: () => text }`,
    changed: (text: string) => JSON.stringify(text),
  },
  {
    rule: 'requires',
    entry: 'greet.cjs',
    part: 'part.cjs',
    use: `const text = require('./part.cjs')\nmodule.exports = { control: () => text }`,
    changed: (text: string) => `module.exports = '${text}'`,
  },
])
  test(`a file that the module ${rule} is read again once it has changed`, async t => {
    const folder = new Folder(t)
    folder.write(entry, use)
    folder.write(part, changed('one'))
    const plugin = folder.plugin(entry)
    const first = await plugin.load()
    assert.equal(await said(first), 'one')
    folder.write(part, changed('one'))
    assert.equal(await plugin.load(), first)
    folder.write(part, changed('two'))
    const second = await plugin.load()
    assert.equal(await said(second), 'two')
    assert.equal(await said(first), 'one')
    folder.write(part, changed('one'))
    assert.equal(await said(await plugin.load()), 'one')
  })

test('stacks of files that are required say whose they are', async t => {
  const folder = new Folder(t)
  folder.write(
    'greet.cjs',
    `const part = require('./part.cjs')\nmodule.exports = { control: () => part() }`,
  )
  folder.write('part.cjs', `\nmodule.exports = () => new Error('boom')`)
  const error = await said(await folder.plugin('greet.cjs').load())
  assert.equal(messageOf(faultByStack(error)), 'plugin/greet: boom')
})

test('a module that has become another one is not served, and the old one is where it was', async t => {
  const folder = new Folder(t)
  folder.write('greet.mjs', saying(`'one'`))
  const plugin = folder.plugin('greet.mjs')
  const first = await plugin.load()
  folder.write('greet.mjs', 'export default 5')
  await assert.rejects(
    plugin.load(),
    /: its default export is no plugin: the definition is 5, and no object$/,
  )
  folder.remove('greet.mjs')
  await assert.rejects(plugin.load(), /greet\.mjs is not there$/)
  folder.write('greet.mjs', saying(`'one'`))
  assert.equal(await plugin.load(), first)
})

test('a link that leads elsewhere is another module', async t => {
  const folder = new Folder(t)
  folder.write('a.mjs', `export default { control: () => import.meta.url.replace(/.*\\//, '') }`)
  folder.write('b.mjs', `export default { control: () => import.meta.url.replace(/.*\\//, '') }`)
  symlinkSync(folder.path('a.mjs'), folder.path('greet.mjs'))
  const plugin = folder.plugin('greet.mjs')
  assert.match(String(await said(await plugin.load())), /^a\.mjs\?shardns=greet\./)
  folder.remove('greet.mjs')
  symlinkSync(folder.path('b.mjs'), folder.path('greet.mjs'))
  assert.match(String(await said(await plugin.load())), /^b\.mjs\?shardns=greet\./)
})

test('what is loaded are the bytes that were on trial, wherever the files are by then', async t => {
  const folder = new Folder(t)
  folder.write(
    'greet.mjs',
    `import { text } from './part.mjs'\n${saying('text')}`.replace(/\nconst.*/, ''),
  )
  folder.write('part.mjs', `export const text = 'one'`)
  const module = await tryModule({ name: 'moved', url: folder.url('greet.mjs') })
  folder.remove('part.mjs')
  folder.write('greet.mjs', 'export default 5')
  const half = await loadServeHalf(structuredClone(module))
  assert.equal(half.serve(undefined, undefined as never, undefined), undefined)
})

test('a module that fails on main alone is loaded anew the next time', async t => {
  const folder = new Folder(t)
  folder.write(
    'greet.mjs',
    `import { existsSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
if (isMainThread && existsSync(new URL('./bad', import.meta.url))) throw new Error('boom')
${saying(`'one'`)}`,
  )
  folder.write('bad', '')
  const plugin = folder.plugin('greet.mjs')
  await assert.rejects(plugin.load(), {
    message: `${folder.path('greet.mjs')} cannot be loaded: ${folder.path('greet.mjs')}:3:74: boom`,
  })
  folder.remove('bad')
  assert.equal(await said(await plugin.load()), 'one')
})

test('a configuration that has failed is loaded anew, though no byte has changed', async t => {
  const folder = new Folder(t)
  folder.write('greet.mjs', saying('{}'))
  const plugin = folder.plugin('greet.mjs')
  const first = await plugin.load()
  plugin.renew()
  const second = await plugin.load()
  assert.notEqual(await said(second), await said(first))
  assert.notEqual(second.outside?.version, first.outside?.version)
})

test('two plugins of one module, or of two servers, each have what is theirs', async t => {
  const folder = new Folder(t)
  folder.write('greet.mjs', saying('{}'))
  const [one, same] = [folder.plugin('greet.mjs'), folder.plugin('greet.mjs')]
  const other = new OutsidePlugin({ name: 'other', module: folder.url('greet.mjs') })
  const what = await said(await one.load())
  assert.equal(await said(await same.load()), what)
  assert.notEqual(await said(await other.load()), what)
  assert.equal((await other.load()).name, 'other')
})
