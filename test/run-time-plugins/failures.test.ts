// Plugins given by --plugin that throw, hang, end the process, or cannot be loaded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { corefile, greeting, serving } from '../support/greeting-plugin.ts'
import { PluginFolder } from '../support/plugin-folder.ts'

test('what throws costs its query, and is logged by its name', async t => {
  const { server, ask } = await serving(t, greeting(t), ['greet hello', 'whoami'])
  assert.equal(await ask('throw.test.'), 'SERVFAIL')
  assert.equal(await ask('a.test.'), '"one" "hello" "you" "0"')
  await server.seen(/^\[ERROR\] Recovered from panic in server: ".*" plugin\/greet: boom$/m)
  assert.equal(await server.stop(), 0)
})

test('what hangs costs its shard; the next one has the same module, whatever is on the disk', async t => {
  const folder = greeting(t)
  const { server, ask, askOften } = await serving(t, folder, ['greet hello', 'whoami'])
  folder.write('mark.ts', 'nothing of the kind (')
  folder.remove('greet.ts')
  const hung = ask('hang.test.').catch(() => 'no answer')
  await server.seen(/^\[ERROR\] shard 0 died/m)
  assert.match(await askOften('a.test.'), /^"one" "hello" "you" "\d"$/)
  server.child.kill('SIGKILL')
  await hung
})

const EXITS = 'it calls process.exit, which would end the server'

test('a plugin that calls process.exit on the main thread ends no server, and no check', async t => {
  const folder = new PluginFolder(t)
  folder.plugin(
    'timed',
    `export default { control: (_options, scope) => {
  scope.onStart(() => void setTimeout(() => process.exit(0), 0))
} }`,
  )
  const { server, ask } = await serving(t, folder, ['timed', 'whoami'])
  await server.seen(
    /^\[ERROR\] Recovered from panic in main: plugin\/timed: it calls process\.exit/m,
  )
  assert.equal(await ask('a.test.', 'A'), 'NOERROR')
  for (const [half, what] of Object.entries({
    parse: `parse: () => process.exit(0), serve: () => undefined`,
    inspect: `inspect: () => process.exit(0), control: () => undefined`,
  })) {
    folder.plugin('exits', `export default { ${what} }`)
    const { out, code } = folder.run(`. {\n  exits\n}\n`, 'check', 'Corefile')
    assert.match(out, new RegExp(`error: plugin/exits: ${EXITS}`), half)
    assert.equal(code, 1, half)
  }
  folder.plugin('exits', `export default { control: () => process.exit(0) }`)
  const { err, code } = folder.run(`. {\n  exits\n}\n`)
  assert.match(err, new RegExp(`plugin/exits: ${EXITS}`))
  assert.equal(code, 1)
})

test('a plugin that cannot be is told in one sentence, and nothing is begun', t => {
  const folder = greeting(t)
  for (const { flag, says, code } of [
    { flag: 'x', says: `'x' is no plugin: it has the form name=module[,before=name]`, code: 2 },
    {
      flag: 'cache=./greet.ts',
      says: 'plugin/cache: the name is that of a plugin of shardns',
      code: 2,
    },
    { flag: 'greet=./greet.ts', says: 'plugin/greet: the name is given twice', code: 2 },
    {
      flag: 'other=gone',
      says: `plugin/other: the package 'gone' is not installed in ${folder.folder}`,
      code: 2,
    },
    {
      flag: 'other=./greet.ts,before=gret',
      says: `plugin/other: before=gret is no directive: did you mean 'greet'?`,
      code: 2,
    },
    { flag: 'other=.', says: `plugin/other: Corefile:3 - ${folder.folder} is a folder`, code: 1 },
    {
      flag: 'other=./gone.ts',
      says: `plugin/other: Corefile:3 - ${folder.path('gone.ts')} is not there`,
      code: 1,
    },
  ]) {
    const ran = folder.run(corefile(0, 'other'), '-conf', 'Corefile', '--plugin', flag)
    assert.deepEqual(ran, { code, out: '', err: `${says}\n` })
  }
})

test('a Node without hooks for modules is told in one sentence', t => {
  const folder = greeting(t)
  const code = 'import module from "node:module"; module.registerHooks = undefined'
  const says = `plugins from outside need Node 22.15 or later, and this is ${process.version}`
  const args = ['-conf', 'Corefile']
  assert.deepEqual(folder.runAfter(code, corefile(0, 'greet hello'), ...args), {
    code: 1,
    out: '',
    err: `plugin/greet: Corefile:3 - ${says}\n`,
  })
  folder.write('node_modules/greet/index.js', '')
  folder.give('greet', 'greet')
  assert.deepEqual(folder.runAfter(code, corefile(0, 'greet hello'), ...args), {
    code: 2,
    out: '',
    err: `plugin/greet: ${says}\n`,
  })
})
