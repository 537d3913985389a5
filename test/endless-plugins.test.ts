// Plugins that never come to an end, that die, or that leave something to fail: they are told, the
// load fails or goes on without them, and the server serves and can be stopped. The tests run
// beside each other, since each takes its seconds.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { query } from './support/messages.ts'
import {
  CONTROL,
  controlled,
  defined,
  index,
  named,
  OPTIONS,
  PASSES,
  PASSING,
  SERVE,
  served,
} from './support/plugin-files.ts'
import { PluginFolder } from './support/plugin-folder.ts'
import { ProgramCopy } from './support/program-copy.ts'
import { askTcp, askUdp } from './support/raw-client.ts'
import { freePorts, type WatchedProcess } from './support/server-process.ts'

/** With a plugin *example* of that module. */
const folderWith = (t: TestContext, module: string): PluginFolder => {
  const folder = new PluginFolder(t)
  folder.plugin('example', module)
  return folder
}

const corefile = async (...directives: readonly string[]): Promise<string> => {
  const [port] = await freePorts(1)
  return `.:${port} {\n  bind 127.0.0.1\n  ${directives.join('\n  ')}\n}\n`
}

interface Reloaded {
  readonly server: WatchedProcess
  readonly port: number
}

/** Serves with *whoami* alone, then is told to load *example* beside it. */
const reloaded = async (t: TestContext, module: string, shards = 1): Promise<Reloaded> => {
  const folder = folderWith(t, module)
  const text = await corefile('whoami')
  const server = folder.start(t, text, { shards })
  await server.seen(/^\[INFO\] engine/m)
  folder.write('Corefile', text.replace('whoami', 'example\n  whoami'))
  server.child.kill('SIGUSR1')
  return { server, port: Number(/\d+/.exec(text)) }
}

const NEVER = 'new Promise(() => {})'

interface Endless {
  readonly name: string
  readonly rule: string
  /** `FILE` is the module's path. */
  readonly text: string
  /** *check* says the same. */
  readonly isChecked?: true
}

/** Of modules from outside. */
const endless: readonly (Endless & { readonly module: string })[] = [
  {
    name: 'waiting',
    rule: 'a module that is never loaded',
    module: `setInterval(() => {}, 1000)\nawait ${NEVER}\n${defined(PASSES)}`,
    text: 'FILE cannot be loaded: it does not come to an end',
    isChecked: true,
  },
  {
    name: 'looping',
    rule: 'a module with a loop without an end',
    module: `for (;;);\n${defined(PASSES)}`,
    text: 'FILE cannot be loaded: it does not come to an end',
    isChecked: true,
  },
  {
    name: 'setting',
    rule: 'a control half that never settles',
    module: controlled(`return ${NEVER}`),
    text: 'its control half fails: it does not come to an end',
  },
  {
    name: 'holding',
    rule: 'a load that waits for what never settles',
    module: controlled(`scope.hold(${NEVER})`),
    text: 'what it lets the load wait for fails: it does not come to an end',
  },
]

const inspecting: (typeof endless)[number] = {
  name: 'looking',
  rule: 'an inspect half that never settles',
  module: defined(`inspect: () => ${NEVER}, ${PASSES}`),
  text: 'its inspect half fails: it does not come to an end',
}

/** Of folders under src/plugins, whose files are loaded one by one. */
const folders: readonly (Endless & { readonly files: Readonly<Record<string, string>> })[] = [
  {
    name: 'any',
    rule: 'an index.ts that is never loaded',
    files: { 'index.ts': `await ${NEVER}\n` },
    text: 'src/plugins/any/index.ts cannot be loaded: it does not come to an end',
  },
  {
    name: 'chaos',
    rule: 'a serve half that is never loaded',
    files: { 'index.ts': index(`${OPTIONS}, ${SERVE}`), 'serve.ts': `${PASSING}await ${NEVER}\n` },
    text: 'its serve half (src/plugins/chaos/serve.ts) cannot be loaded: it does not come to an end',
  },
  {
    name: 'debug',
    rule: 'a control half that is never loaded',
    files: { 'index.ts': index(`${OPTIONS}, ${CONTROL}`), 'control.ts': `await ${NEVER}\n` },
    text: 'its control half (src/plugins/debug) cannot be loaded: it does not come to an end',
  },
]

const STRAYS: readonly { rule: string; body: string; text: string }[] = [
  {
    rule: 'a promise that fails',
    body: `void Promise.reject(new Error('stray'))`,
    text: 'plugin/example: stray',
  },
  {
    rule: 'a timer that throws',
    body: `scope.onStart(() => void setTimeout(() => { throw new Error('tick') }, 1))`,
    text: 'plugin/example: tick',
  },
  {
    rule: 'a promise that fails with nothing',
    body: 'void Promise.reject(undefined)',
    text: 'undefined',
  },
]

describe('plugins without an end', { concurrency: 3 }, () => {
  test('what never comes to an end is told, then fails the load', async t => {
    const folder = new PluginFolder(t)
    for (const { name, module } of endless) folder.plugin(name, module)
    const fails = async ({ name, rule, text }: (typeof endless)[number]) => {
      const file = `Corefile.${name}`
      const server = folder.start(t, await corefile(name), { file })
      assert.equal(await server.exited, 1, rule)
      const told = text.replaceAll('FILE', folder.path(`${name}.ts`))
      assert.equal(server.err, `plugin/${name}: ${file}:3 - ${told}\n`, rule)
      assert.equal(server.out, `[WARNING] main takes long to load plugin/${name}\n`, rule)
    }
    await Promise.all(endless.map(fails))
  })

  test('check ends, and names what never comes to an end', async t => {
    const folder = new PluginFolder(t)
    const checked = [...endless.filter(({ isChecked }) => isChecked), inspecting]
    for (const { name, module } of checked) folder.plugin(name, module)
    const fails = async ({ name, rule, text }: (typeof endless)[number]) => {
      const file = `Corefile.${name}`
      const checking = folder.begin(t, await corefile(name), file, 'check')
      assert.equal(await checking.exited, 1, rule)
      const [said = ''] = checking.out.split('\n')
      const told = text.replaceAll('FILE', folder.path(`${name}.ts`))
      assert.equal(said, `${file}:3:3: error: plugin/${name}: ${told}`, rule)
    }
    await Promise.all(checked.map(fails))
  })

  test('files of a folder that are never loaded are told, by the server and by check', async t => {
    const program = new ProgramCopy(t)
    const fails = async ({ name, files, rule, text }: (typeof folders)[number]) => {
      program.plugin(name, named(name, files))
      const file = `Corefile.${name}`
      const written = await corefile(name)
      const server = program.start(t, written, file)
      const checking = program.begin(t, written, file, 'check')
      assert.equal(await server.exited, 1, rule)
      assert.equal(server.err, `plugin/${name}: ${file}:3 - ${text}\n`, rule)
      const who = name === 'chaos' ? 'shard 0' : 'main'
      assert.equal(server.out, `[WARNING] ${who} takes long to load plugin/${name}\n`, rule)
      assert.equal(await checking.exited, 1, rule)
      const [said = ''] = checking.out.split('\n')
      assert.equal(said, `${file}:3:3: error: plugin/${name}: ${text}`, rule)
    }
    await Promise.all(folders.map(fails))
  })

  test('a reload that hangs is told, and does not keep SIGTERM from ending the server', async t => {
    const { server } = await reloaded(t, controlled(`return ${NEVER}`))
    await server.seen(/^\[WARNING\] main takes long to load plugin\/example$/m)
    assert.equal(await server.stop(), 0)
    assert.match(server.out, /^\[ERROR\] Restart failed: the server is shutting down$/m)
  })

  test('a trial that hangs does not keep SIGTERM from ending the server', async t => {
    const { server } = await reloaded(t, `for (;;);\n${defined(PASSES)}`)
    await server.seen(/^\[INFO\] Reloading$/m)
    assert.equal(await server.stop(), 0)
    assert.match(server.out, /^\[ERROR\] Restart failed: the server is shutting down$/m)
  })

  test('tasks that never settle end neither a reload nor the process', async t => {
    const hooks = `['onStart', 'onShutdown', 'onFinalShutdown', 'onRetire']`
    const body = `for (const hook of ${hooks}) scope[hook](() => ${NEVER})`
    const folder = folderWith(t, controlled(body))
    const text = await corefile('example')
    const server = folder.start(t, text)
    await server.seen(/onStart failed/)
    await server.seen(/^\[INFO\] engine/m)
    folder.write('Corefile', text.replace('example', 'example\n  whoami'))
    server.child.kill('SIGUSR1')
    await server.seen(/onRetire failed/)
    await server.seen(/^\[INFO\] Reloading complete$/m)
    assert.equal(await server.stop(), 4)
    const failed = ['onStart', 'onRetire', 'onStart', 'onShutdown', 'onFinalShutdown', 'onRetire']
    assert.deepEqual(
      server.out.match(/^\[ERROR\] .*$/gm),
      failed.map(hook => `[ERROR] plugin/example: ${hook} failed: it does not come to an end`),
    )
  })

  test('a last task has the time that it says it takes', async t => {
    const task = '() => new Promise(resolve => setTimeout(resolve, 5500))'
    const folder = folderWith(t, controlled(`scope.onFinalShutdown(${task}, 5500)`))
    const server = folder.start(t, await corefile('example'))
    await server.seen(/^\[INFO\] engine/m)
    assert.equal(await server.stop(), 0)
    assert.doesNotMatch(server.out, /ERROR/)
  })

  test('one shard tries a configuration, and what it hangs at leaves the others serving', async t => {
    const { server, port } = await reloaded(t, served('for (;;);'), 2)
    await server.seen(/^\[WARNING\] shard 0 takes long to load plugin\/example$/m)
    assert.doesNotMatch(server.out, /shard 1/)
    const asked = Array.from({ length: 20 }, () => askUdp(port, [query('example.org.').bytes]))
    assert.equal((await Promise.any(asked)).length, 1)
  })

  for (const { rule, body, text } of STRAYS) {
    const line = new RegExp(`^\\[ERROR\\] Recovered from panic in main: ${text}$`, 'm')
    test(`main goes on after ${rule}, at the start`, async t => {
      const server = folderWith(t, controlled(body)).start(t, await corefile('example'))
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
    await server.seen(/^\[ERROR\] Recovered from panic in server: plugin\/example: stray$/m)
    await server.seen(/^\[INFO\] Reloading complete$/m)
    assert.equal(await server.stop(), 0)
  })

  for (const { rule, body } of [
    { rule: 'loops', body: 'for (;;);' },
    { rule: 'waits', body: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)' },
  ])
    test(`at the start one shard alone hangs in a serve half that ${rule}`, async t => {
      const folder = folderWith(t, served(body))
      const server = folder.start(t, await corefile('example'), { shards: 3 })
      assert.equal(await server.exited, 1)
      assert.equal(
        server.err,
        'plugin/example: Corefile:3 - its serve half does not come to an end\n',
      )
      assert.deepEqual(server.out.match(/shard \d (?:takes long|does not respond)/g), [
        'shard 0 takes long',
        'shard 0 does not respond',
      ])
    })

  for (const { rule, body, text, died } of [
    {
      rule: 'hangs',
      body: 'for (;;);',
      text: 'its serve half does not come to an end',
      died: ['shard 4 died'],
    },
    {
      rule: 'ends its thread',
      body: 'process.exit(3)',
      text: 'its serve half ends the shard that loads it',
      died: ['shard 4 died', 'shard 5 died'],
    },
  ])
    test(`stream shards try by themselves what is theirs alone, and end if it ${rule}`, async t => {
      const folder = folderWith(t, served(body))
      const [dns = 0, tls = 0] = await freePorts(2)
      const plain = `.:${dns} {\n  bind 127.0.0.1\n  whoami\n}\n`
      // Half as many stream shards: 4 and 5.
      const server = folder.start(t, plain, { shards: 4 })
      await server.seen(/^\[INFO\] engine/m)
      const tried = `${plain}tls://.:${tls} {\n  bind 127.0.0.1\n  example\n  whoami\n}\n`
      folder.write('Corefile', tried)
      server.child.kill('SIGUSR1')
      const failed = `^\\[ERROR\\] Restart failed: plugin/example: Corefile:7 - ${text}$`
      while (!new RegExp(failed, 'm').test(server.out)) {
        assert.equal((await askUdp(dns, [query('example.org.').bytes])).length, 1)
        await pause(50)
      }
      assert.deepEqual(server.out.match(/shard \d died/g), died)
      folder.write('Corefile', tried.replace('  example\n', ''))
      server.child.kill('SIGUSR1')
      await server.seen(/^\[INFO\] Reloading complete$/m)
      assert.equal((await askTcp(tls, [query('example.org.').bytes])).length, 1)
      assert.equal(await server.stop(), 0)
    })

  const DEATH = 'its serve half ends the shard that loads it'
  test('a serve half that ends its thread is named, with any number of shards', async t => {
    const folder = folderWith(t, served('process.exit(3)'))
    const server = folder.start(t, await corefile('example'), { shards: 6 })
    assert.equal(await server.exited, 1)
    assert.equal(server.err, `plugin/example: Corefile:3 - ${DEATH}\n`)
    assert.equal(server.out.match(/shard \d died/g)?.length, 2)
  })

  test('in a reload two shards die of it, and no more', async t => {
    const { server } = await reloaded(t, served('process.exit(3)'), 6)
    await server.seen(new RegExp(`Restart failed: plugin/example: Corefile:3 - ${DEATH}$`, 'm'))
    assert.equal(server.out.match(/shard \d died/g)?.length, 2)
    assert.equal(await server.stop(), 0)
  })
})
