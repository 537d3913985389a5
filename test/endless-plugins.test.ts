// Plugins that never come to an end, that die, or that leave something to fail: they are told, the
// load fails or goes on without them, and the server serves and can be stopped. Each test has a
// copy of the program, since it takes its seconds beside the others.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { query } from './support/messages.ts'
import {
  CONTROL,
  controlled,
  index,
  named,
  OPTIONS,
  PASSES,
  SERVE,
  served,
} from './support/plugin-files.ts'
import { ProgramCopy } from './support/program-copy.ts'
import { askUdp } from './support/raw-client.ts'
import { freePorts, type WatchedProcess } from './support/server-process.ts'

type Files = Readonly<Record<string, string>>

const PASSING: Files = { 'index.ts': index(`${OPTIONS}, ${SERVE}`), 'serve.ts': PASSES }

/** A copy in which *whoami* passes on all questions and *erratic* has these files. */
const copyWith = (t: TestContext, files: Files): ProgramCopy => {
  const program = new ProgramCopy(t)
  program.plugin('whoami', PASSING)
  program.plugin('erratic', named('erratic', files))
  return program
}

const corefile = async (...directives: readonly string[]): Promise<string> => {
  const [port] = await freePorts(1)
  return `.:${port} {\n  bind 127.0.0.1\n  ${directives.join('\n  ')}\n}\n`
}

interface Reloaded {
  readonly server: WatchedProcess
  readonly port: number
}

/** Serves with *whoami* alone, then is told to load *erratic* beside it. */
const reloaded = async (t: TestContext, files: Files, shards = 1): Promise<Reloaded> => {
  const program = copyWith(t, files)
  const text = await corefile('whoami')
  const server = program.start(t, text, 'Corefile', shards)
  await server.seen(/^\[INFO\] engine/m)
  program.write(text.replace('whoami', 'erratic\n  whoami'))
  server.child.kill('SIGUSR1')
  return { server, port: Number(/\d+/.exec(text)) }
}

const NEVER = 'new Promise(() => {})'
/** What the server says; `isChecked`: *check* too. */
const endless: readonly {
  name: string
  rule: string
  files: Readonly<Record<string, string>>
  text: string
  isChecked?: true
}[] = [
  {
    name: 'any',
    rule: 'an index.ts that is never loaded',
    files: { 'index.ts': `await ${NEVER}\n` },
    text: 'src/plugins/any/index.ts cannot be loaded: it does not come to an end',
    isChecked: true,
  },
  {
    name: 'chaos',
    rule: 'a serve half that is never loaded',
    files: { 'index.ts': index(`${OPTIONS}, ${SERVE}`), 'serve.ts': `${PASSES}await ${NEVER}\n` },
    text: 'its serve half (src/plugins/chaos/serve.ts) cannot be loaded: it does not come to an end',
    isChecked: true,
  },
  {
    name: 'debug',
    rule: 'a control half that is never loaded',
    files: { 'index.ts': index(`${OPTIONS}, ${CONTROL}`), 'control.ts': `await ${NEVER}\n` },
    text: 'its control half (src/plugins/debug) cannot be loaded: it does not come to an end',
    isChecked: true,
  },
  {
    name: 'erratic',
    rule: 'a control half that never settles',
    files: controlled(`return ${NEVER}`),
    text: 'its control half fails: it does not come to an end',
  },
  {
    name: 'nsid',
    rule: 'a load that waits for what never settles',
    files: controlled(`scope.hold(${NEVER})`),
    text: 'what it lets the load wait for fails: it does not come to an end',
  },
]

const inspecting: (typeof endless)[number] = {
  name: 'nsid',
  rule: 'an inspect half that never settles',
  files: {
    'index.ts': index(`${OPTIONS}, inspect: () => import('./control.ts')`),
    'control.ts': `export const inspect = () => ${NEVER}\n`,
  },
  text: 'its inspect half fails: it does not come to an end',
}

const STRAYS: readonly { rule: string; body: string; text: string }[] = [
  {
    rule: 'a promise that fails',
    body: `void Promise.reject(new Error('stray'))`,
    text: 'plugin/erratic: stray',
  },
  {
    rule: 'a timer that throws',
    body: `scope.onStart(() => void setTimeout(() => { throw new Error('tick') }, 1))`,
    text: 'plugin/erratic: tick',
  },
  {
    rule: 'a promise that fails with nothing',
    body: 'void Promise.reject(undefined)',
    text: 'undefined',
  },
]

describe('plugins without an end', { concurrency: 3 }, () => {
  test('what never comes to an end is told, then fails the load', async t => {
    const program = new ProgramCopy(t)
    const fails = async ({ name, files, rule, text }: (typeof endless)[number]) => {
      program.plugin(name, named(name, files))
      const file = `Corefile.${name}`
      const server = program.start(t, await corefile(name), file)
      assert.equal(await server.exited, 1, rule)
      assert.equal(server.err, `plugin/${name}: ${file}:3 - ${text}\n`, rule)
      const who = name === 'chaos' ? 'shard 0' : 'main'
      assert.equal(server.out, `[WARNING] ${who} takes long to load plugin/${name}\n`, rule)
    }
    await Promise.all(endless.map(fails))
  })

  test('check ends, and names what never comes to an end', async t => {
    const program = new ProgramCopy(t)
    const fails = async ({ name, files, rule, text }: (typeof endless)[number]) => {
      program.plugin(name, named(name, files))
      const file = `Corefile.${name}`
      const checked = program.begin(t, await corefile(name), file, 'check')
      assert.equal(await checked.exited, 1, rule)
      const [said = ''] = checked.out.split('\n')
      assert.equal(said, `${file}:3:3: error: plugin/${name}: ${text}`, rule)
    }
    await Promise.all([...endless.filter(({ isChecked }) => isChecked), inspecting].map(fails))
  })

  test('a reload that hangs is told, and does not keep SIGTERM from ending the server', async t => {
    const { server } = await reloaded(t, controlled(`return ${NEVER}`))
    await server.seen(/^\[WARNING\] main takes long to load plugin\/erratic$/m)
    assert.equal(await server.stop(), 0)
    assert.match(server.out, /^\[ERROR\] Restart failed: the server is shutting down$/m)
  })

  test('tasks that never settle end neither a reload nor the process', async t => {
    const hooks = `['onStart', 'onShutdown', 'onFinalShutdown', 'onRetire']`
    const body = `for (const hook of ${hooks}) scope[hook](() => ${NEVER})`
    const program = copyWith(t, controlled(body))
    const text = await corefile('erratic')
    const server = program.start(t, text)
    await server.seen(/onStart failed/)
    await server.seen(/^\[INFO\] engine/m)
    program.write(text.replace('erratic', 'erratic\n  whoami'))
    server.child.kill('SIGUSR1')
    await server.seen(/onRetire failed/)
    await server.seen(/^\[INFO\] Reloading complete$/m)
    assert.equal(await server.stop(), 4)
    const failed = ['onStart', 'onRetire', 'onStart', 'onShutdown', 'onFinalShutdown', 'onRetire']
    assert.deepEqual(
      server.out.match(/^\[ERROR\] .*$/gm),
      failed.map(hook => `[ERROR] plugin/erratic: ${hook} failed: it does not come to an end`),
    )
  })

  test('a last task has the time that it says it takes', async t => {
    const task = '() => new Promise(resolve => setTimeout(resolve, 5500))'
    const program = copyWith(t, controlled(`scope.onFinalShutdown(${task}, 5500)`))
    const server = program.start(t, await corefile('erratic'))
    await server.seen(/^\[INFO\] engine/m)
    assert.equal(await server.stop(), 0)
    assert.doesNotMatch(server.out, /ERROR/)
  })

  test('one shard tries a configuration, and what it hangs at leaves the others serving', async t => {
    const { server, port } = await reloaded(t, served('for (;;);'), 2)
    await server.seen(/^\[WARNING\] shard 0 takes long to load plugin\/erratic$/m)
    assert.doesNotMatch(server.out, /shard 1/)
    const asked = Array.from({ length: 20 }, () => askUdp(port, [query('example.org.').bytes]))
    assert.equal((await Promise.any(asked)).length, 1)
  })

  for (const { rule, body, text } of STRAYS) {
    const line = new RegExp(`^\\[ERROR\\] Recovered from panic in main: ${text}$`, 'm')
    test(`main goes on after ${rule}, at the start`, async t => {
      const server = copyWith(t, controlled(body)).start(t, await corefile('erratic'))
      await server.seen(/^\[INFO\] engine/m)
      await server.seen(line)
      assert.equal(await server.stop(), 0)
    })

    test(`main goes on after ${rule}, in a reload`, async t => {
      const { server } = await reloaded(t, controlled(body))
      await server.seen(line)
      await server.seen(/^\[INFO\] Reloading complete$/m)
      assert.equal(await server.stop(), 0)
    })
  }

  test('what a serve half leaves to fail is logged in a reload', async t => {
    const { server } = await reloaded(t, served(`void Promise.reject(new Error('stray'))`))
    await server.seen(/^\[ERROR\] Recovered from panic in server: plugin\/erratic: stray$/m)
    await server.seen(/^\[INFO\] Reloading complete$/m)
    assert.equal(await server.stop(), 0)
  })

  const DEATH = 'its serve half ends the shard that loads it'
  test('a serve half that ends its thread is named, with any number of shards', async t => {
    const program = copyWith(t, served('process.exit(3)'))
    const server = program.start(t, await corefile('erratic'), 'Corefile', 6)
    assert.equal(await server.exited, 1)
    assert.equal(server.err, `plugin/erratic: Corefile:3 - ${DEATH}\n`)
  })

  test('in a reload two shards die of it, and no more', async t => {
    const { server } = await reloaded(t, served('process.exit(3)'), 6)
    await server.seen(new RegExp(`Restart failed: plugin/erratic: Corefile:3 - ${DEATH}$`, 'm'))
    assert.equal(server.out.match(/shard \d died/g)?.length, 2)
    assert.equal(await server.stop(), 0)
  })
})
