// Programs that are started in a folder that has been deleted already: the command and the library
// work where no relative path is needed, and say so where one is.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { query, show } from './support/messages.ts'
import { askUdp } from './support/raw-client.ts'
import { freePorts, temporaryFolder, WatchedProcess } from './support/server-process.ts'
import { ROOT } from './support/source-files.ts'

const LIMIT = {
  timeout: 30_000,
  skip: process.platform === 'win32' && 'a folder that is in use stays',
}
const BIN = join(ROOT, 'src/bin.cjs')
const GONE = 'the working folder is gone: give an absolute path'
const WARNING = '[WARNING] the working folder is gone: relative paths begin at / from now on'

/** Runs Node in a folder that a shell has just deleted. */
const runLost = (t: TestContext, ...args: string[]): WatchedProcess => {
  const folder = join(temporaryFolder(t), 'gone')
  mkdirSync(folder)
  const script = 'rmdir "$PWD" && exec "$0" "$@"'
  return new WatchedProcess(t, 'sh', ['-c', script, process.execPath, ...args], folder)
}

interface Files {
  readonly port: number
  readonly conf: string
  /** Of the plugin *greet*, which answers all names. */
  readonly plugin: string
}

const filesFor = async (t: TestContext): Promise<Files> => {
  const [port = 0] = await freePorts(1)
  const folder = temporaryFolder(t)
  const files = { port, conf: join(folder, 'Corefile'), plugin: join(folder, 'greet.mjs') }
  writeFileSync(files.conf, `.:${port} {\nbind 127.0.0.1\ngreet\n}\n`)
  const record = "{ name: query.qname, type: 'A', ttl: 60, data: '192.0.2.1' }"
  writeFileSync(
    files.plugin,
    `import { answer } from 'shardns'
export default { serve: () => ({ handle: query => answer(query, { answers: [${record}] }) }) }`,
  )
  return files
}

test(
  'the command serves a Corefile with an absolute path, and plugins, and says so',
  LIMIT,
  async t => {
    const { port, conf, plugin } = await filesFor(t)
    const server = runLost(t, BIN, '-conf', conf, '--plugin', `greet=${plugin}`, '--workers', '2')
    await server.seen(/^\[INFO\] engine/m)
    const [reply] = await askUdp(port, [query('a.test').bytes])
    assert.deepEqual(show(reply!).answer, ['a.test. 60 IN A 192.0.2.1'])
    server.child.kill('SIGUSR1')
    await server.seen(/Reloading complete/)
    assert.equal(await server.stop(), 0)
    assert.equal(server.err, '')
    assert.deepEqual(server.out.match(/^\[(?:WARNING|ERROR)\].*$/gm), [WARNING])
  },
)

for (const { args, code, says } of [
  { args: ['-conf', 'Corefile'], code: 1, says: `-conf Corefile: ${GONE}\n` },
  { args: ['-conf', '@CONF@', '-pidfile', 'pid'], code: 1, says: `-pidfile pid: ${GONE}\n` },
  { args: ['--plugin', 'x=./x.ts'], code: 2, says: `plugin/x: ${GONE}\n` },
  { args: ['--plugin', 'x=some-package'], code: 2, says: `plugin/x: ${GONE}\n` },
  { args: ['check', '@CONF@', '--plugin', 'greet=@PLUGIN@'], code: 0, says: '' },
  {
    args: ['fmt', '--check', 'Corefile'],
    code: 2,
    says: 'open Corefile: no such file or directory\n',
  },
  { args: ['-version'], code: 0, says: '' },
])
  test(`the command: ${args.join(' ')}`, LIMIT, async t => {
    const { conf, plugin } = await filesFor(t)
    const given = args.map(word => word.replace('@CONF@', conf).replace('@PLUGIN@', plugin))
    const command = runLost(t, BIN, ...given)
    assert.equal(await command.exited, code, command.err + command.out)
    assert.equal(command.err, says)
  })

const LIBRARY = JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href)

/** What a program of one's own, in such a folder, prints of a server with these options. */
const served = async (t: TestContext, options: string): Promise<string> => {
  const file = join(temporaryFolder(t), 'program.mjs')
  writeFileSync(
    file,
    `
import { Resolver } from 'node:dns/promises'
import { createServer } from ${LIBRARY}
try {
  const server = await createServer(${options})
  const resolver = new Resolver()
  resolver.setServers(['127.0.0.1:' + server.addresses[0].port])
  console.log(await resolver.resolve4('a.test'))
  await server.close()
} catch (error) {
  console.log(error.name, error.code, error.message)
}
`,
  )
  const program = runLost(t, file)
  assert.equal(await program.exited, 0, program.err)
  assert.equal(program.err, '')
  return program.out.trim()
}

const ADDRESS = "[ '192.0.2.1' ]"
const BLOCK = String.raw`.:0 {\n bind 127.0.0.1\n hosts {\n 192.0.2.1 a.test\n }\n}\n`
const refusal = (option: string): string => `ShardnsError FOLDER createServer: ${option}: ${GONE}`

for (const { options, says } of [
  {
    options: `{ handler: ({ name, type }) => ({ answers: [{ name, type, data: '192.0.2.1' }] }) }`,
    says: ADDRESS,
  },
  { options: `{ workers: 2, corefile: '${BLOCK}' }`, says: ADDRESS },
  { options: `{ file: './Corefile' }`, says: refusal("file: './Corefile'") },
  {
    options: `{ corefile: '', plugins: { greet: './greet.ts' } }`,
    says: refusal("plugins.greet: './greet.ts'"),
  },
  {
    options: `{ corefile: '', plugins: { greet: { module: 'greet' } } }`,
    says: refusal("plugins.greet.module: 'greet'"),
  },
])
  test(`the library: createServer(${options})`, LIMIT, async t => {
    assert.equal(await served(t, options), says)
  })

test('the library: a Corefile and a plugin with absolute paths', LIMIT, async t => {
  const { conf, plugin } = await filesFor(t)
  assert.equal(
    await served(
      t,
      `{ file: ${JSON.stringify(conf)}, plugins: { greet: ${JSON.stringify(plugin)} } }`,
    ),
    ADDRESS,
  )
})
