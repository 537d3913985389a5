// The package that `npm pack` makes: what is in it, and that it serves on each Node that it says.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../src/chain/errors.ts'
import { fakeUpstream } from './fakes/fake-upstream.ts'
import { type InstalledPackage, installPackage } from './support/checkout-copy.ts'
import { query, show } from './support/messages.ts'
import { OLDEST, otherNode } from './support/other-nodes.ts'
import { askTcp, askUdp } from './support/raw-client.ts'
import {
  freePorts,
  runProgram,
  temporaryFolder,
  WatchedProcess,
  without,
} from './support/server-process.ts'
import { repositoryPaths } from './support/source-files.ts'

/** Of those that cannot run it. */
const OLD = '12.22.12'

/** What a process or a thread starts with does its work as it is loaded. */
const STARTED = new Set(['dist/src/cli.js', 'dist/src/outside/trial-thread.js'])

const LICENCES = 'dist/THIRD-PARTY-LICENSES.txt'

const BIN = 'node_modules/shardns/src/bin.cjs'
const BAD = '. {\n whoam\n}\n'

/** What is being written has another name. */
const cacheFiles = (folder: string): string[] =>
  globSync('*/*', { cwd: folder })
    .filter(file => /\W[0-9a-f]+$/.test(file))
    .toSorted()
    .map(file => join(folder, file))

const eachFile = (change: (bytes: Buffer) => Buffer) => (folder: string) => {
  for (const file of cacheFiles(folder)) writeFileSync(file, change(readFileSync(file)))
}

/** This Node, without what the tests' own environment says of its cache. */
const PLAIN = ['-u', 'NODE_COMPILE_CACHE', '-u', 'NODE_DISABLE_COMPILE_CACHE']

/** The program in `folder`. */
const alone = (folder: string, variables: readonly string[] = []): [string, ...string[]] => [
  'env',
  ...PLAIN,
  ...variables,
  process.execPath,
  join(folder, BIN),
]

interface CacheFault {
  readonly variables?: readonly string[]
  /** Of the cache's folder, and the package's. */
  readonly damage?: (cache: string, root: string) => void
}

const CACHE_FAULTS: Readonly<Record<string, CacheFault>> = {
  stale: {
    damage: (_cache, root) => {
      // As long as before: the engine itself compares lengths.
      const file = join(root, 'dist/chunks/commands.js')
      const text = readFileSync(file, 'utf8')
      writeFileSync(file, text.replace('const EXIT_FAILURE', ' const EXIT_FAILURE').slice(0, -1))
    },
  },
  cut: { damage: eachFile(bytes => bytes.subarray(0, bytes.length >> 1)) },
  empty: { damage: eachFile(() => Buffer.alloc(0)) },
  'changed inside': {
    damage: eachFile(bytes => {
      for (let at = bytes.length >> 1; at < bytes.length; at += 97) bytes[at]! ^= 0x55
      return bytes
    }),
  },
  'that of other files': {
    damage: folder => {
      const files = cacheFiles(folder)
      const bytes = files.map(file => readFileSync(file))
      for (const [at, file] of files.entries()) writeFileSync(file, bytes.at(at - 1)!)
    },
  },
  'not to be written': {
    damage: folder => {
      rmSync(folder, { recursive: true })
      writeFileSync(folder, '')
    },
  },
  'not to be read': {
    damage: folder => {
      for (const file of cacheFiles(folder)) {
        rmSync(file)
        mkdirSync(file)
      }
    },
  },
  'where nobody may write': { variables: ['NODE_COMPILE_CACHE=/dev/null/cache'] },
  'switched off': { variables: ['NODE_DISABLE_COMPILE_CACHE=1'] },
}

/** What is loaded by its name has its own file; all else lies in shared ones. */
const isDoor = (path: string): boolean =>
  /^src\/(?:cli|index|options|wire|library\/function-serve)\.ts$|^workers\/|^src\/plugins\/[^/]+\/(?:index|control|serve)\.ts$|\/trial-thread\.ts$/.test(
    path,
  )

const sourcesOf = (map: string): readonly string[] =>
  (JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] }).sources

/** Undefined, and the test skipped, where there is no registry. */
const fetched = async (t: TestContext, version: string): Promise<string | undefined> => {
  try {
    return await otherNode(version)
  } catch (error) {
    t.skip(`Node ${version} cannot be fetched: ${messageOf(error)}`)
    return undefined
  }
}

/** Each module by itself: what an engine lacks is found out when a module is linked. */
const loadsAll = async (node: string, modules: readonly string[]): Promise<void> => {
  const urls = modules.map(path => pathToFileURL(path).href)
  const code = `for (const url of ${JSON.stringify(urls)}) await import(url)`
  const ended = await runProgram(node, ['--input-type=module', '-e', code])
  assert.deepEqual(ended, { code: 0, out: '', err: '' })
}

/** Writes down what each thread loads. */
const LOADS = `
const { appendFileSync } = require('node:fs')
const { registerHooks } = require('node:module')
const { threadId } = require('node:worker_threads')
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADS, threadId + ' ' + url + '\\n')
    return next(url, context)
  },
})
`

const usualFiles = (plugins: readonly string[], half: string): string[] =>
  plugins.map(name => `dist/src/plugins/${name}/${half}.js`)

/**
 * All that a server with these plugins loads, with Node 26. Each file costs each thread half a
 * millisecond at least, and memory: what few servers need has no place here.
 */
const LOADED = {
  plugins: ['bind', 'cache', 'errors', 'forward', 'loadbalance', 'prometheus'],
  main: [
    'src/bin.cjs',
    'package.json',
    'dist/src/cli.js',
    ...['commands', 'first', 'halves', 'load', 'server', 'threads'].map(
      name => `dist/chunks/${name}.js`,
    ),
    'dist/vendor/chunks/common.js',
    'dist/vendor/chunks/rolldown-runtime.js',
    'dist/vendor/piscina.js',
    ...['lib/defaultMetrics', 'lib/metrics/eventLoopLag', 'lib/registry'].map(
      name => `dist/vendor/prom-client/${name}.js`,
    ),
    'dist/vendor/chunks/eventLoopLag.js',
    'dist/vendor/chunks/registry.js',
  ],
  shard: [
    ...['commands', 'first', 'halves', 'shard', 'task', 'threads', 'warm-up'].map(
      name => `dist/chunks/${name}.js`,
    ),
    'dist/vendor/chunks/common.js',
    'dist/vendor/chunks/rolldown-runtime.js',
    'dist/vendor/worker.js',
    'dist/workers/serve.js',
  ],
}

const corefile = (port: number, upstream: number, address: string): string => `.:${port} {
  bind 127.0.0.1
  errors
  log
  cache 30
  forward . 127.0.0.1:${upstream}
}
own.test:${port} {
  bind 127.0.0.1
  hosts {
    ${address} a.own.test
  }
}
`

const askBoth = async (port: number, name: string): Promise<(readonly string[])[]> => {
  const { bytes } = query(name, 'A')
  const replies = await Promise.all([askUdp(port, [bytes]), askTcp(port, [bytes])])
  return replies.map(([reply]) => show(reply!).answer)
}

const serves = async (t: TestContext, command: readonly string[]): Promise<void> => {
  const [program = '', ...args] = command
  const upstream = await fakeUpstream(asked =>
    asked.reply({ answer: ['www.example.org. 300 IN A 192.0.2.1'] }),
  )
  t.after(() => upstream.close())
  const [port = 0] = await freePorts(1)
  const folder = temporaryFolder(t)
  const write = (address: string): void =>
    writeFileSync(join(folder, 'Corefile'), corefile(port, upstream.port, address))
  write('192.0.2.2')
  const server = new WatchedProcess(t, program, [...args, '--workers', '2'], folder)
  const [engine] = await server.seen(/^\[INFO\] .*engine \w+.*$/m)
  // What has no FFI says so, once.
  const isOld = !/, node26\./.test(server.out)
  assert.equal(/engine dgram \(mmsg is not available: node:ffi: /.test(engine), isOld, engine)
  for (const answer of await askBoth(port, 'www.example.org.'))
    assert.match(answer.join(), /^www\.example\.org\. \d+ IN A 192\.0\.2\.1$/)
  for (const answer of await askBoth(port, 'a.own.test.'))
    assert.match(answer.join(), /^a\.own\.test\. \d+ IN A 192\.0\.2\.2$/)
  write('192.0.2.3')
  server.child.kill('SIGUSR1')
  await server.seen(/Reloading complete/)
  for (const answer of await askBoth(port, 'a.own.test.'))
    assert.match(answer.join(), /^a\.own\.test\. \d+ IN A 192\.0\.2\.3$/)
  assert.equal(await server.stop(), 0)
  assert.equal(server.err, '')
}

describe('the package', { skip: without('npm'), concurrency: true }, () => {
  let installed: InstalledPackage
  const cleanups: (() => void | Promise<void>)[] = []
  before(() => {
    installed = installPackage({ after: run => cleanups.push(run) })
  })
  after(async () => {
    for (const run of cleanups) await run()
  })
  const at = (path: string): string => join(installed.folder, 'node_modules/shardns', path)
  const urlAt = (path: string): string => pathToFileURL(at(path)).href

  test('has the program, its types and its sources, and no test', () => {
    const sources = repositoryPaths('{src,workers}/**/*.ts').filter(
      path => !/\.test\.ts$/.test(path),
    )
    const types = sources.map(path => `dist/${path.replace(/ts$/, 'd.ts')}`)
    const doors = sources
      .filter(path => isDoor(path))
      .map(path => `dist/${path.replace(/ts$/, 'js')}`)
    const shared = installed.files.filter(path => /^dist\/chunks\/[\w-]+\.js$/.test(path))
    const maps = [...doors, ...shared]
      .filter(path => readFileSync(at(path), 'utf8').includes('\n//# sourceMappingURL='))
      .map(path => `${path}.map`)
    const vendor = installed.files.filter(path => path.startsWith('dist/vendor/'))
    assert.ok(shared.includes('dist/chunks/threads.js') && vendor.includes('dist/vendor/re2js.js'))
    const built = [...types, ...doors, ...shared, ...maps, ...vendor, LICENCES]
    const readable = repositoryPaths(
      '{package.json,README.md,LICENSE,Corefile}',
      'src/*.cjs',
      'src/plugins/*/README.md',
      'docs/**/*',
    ).filter(path => statSync(path).isFile())
    const hidden = 'docs/deploy/Dockerfile.dockerignore'
    assert.deepEqual(
      installed.files.toSorted(),
      [...new Set([...sources, ...built, ...readable, hidden])].toSorted(),
    )
  })

  test('names the packages that are in its files, with licences that ask no more than that', () => {
    // Of what is built, maps name the sources; of the packages that lie alone, comments.
    const places = installed.files.flatMap(path => {
      if (/^dist\/.*\.js\.map$/.test(path)) return sourcesOf(at(path))
      if (!/^dist\/vendor\/.*\.js$/.test(path)) return []
      return readFileSync(at(path), 'utf8').match(/^\/\/ .*node_modules\/.*$/gm) ?? []
    })
    const found = places.flatMap(
      place => /node_modules\/((?:@[\w-]+\/)?[\w.-]+)\//.exec(place)?.[1] ?? [],
    )
    const texts = readFileSync(at(LICENCES), 'utf8')
      .split(/^-{80}\n\n/m)
      .slice(1)
    const named = texts.map(text => /^(\S+) \S+ \((.+)\)\n\n[^\n]/.exec(text) ?? [])
    assert.deepEqual(named.map(([, name]) => name).toSorted(), [...new Set(found)].toSorted())
    assert.ok(found.includes('piscina') && found.includes('ipaddr.js'))
    for (const [, name, licence = ''] of named)
      assert.match(licence, /^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause)$/, name)
  })

  test('its maps lead from the built files to the sources', () => {
    const maps = installed.files.filter(path => path.endsWith('.js.map'))
    const lost = maps.flatMap(path => {
      return sourcesOf(at(path))
        .filter(source => !source.includes('node_modules/'))
        .filter(source => !existsSync(at(normalize(join(dirname(path), source)))))
        .map(source => `${path}: ${source}`)
    })
    assert.deepEqual(lost, [])
  })

  test('a fault in it is told with the plugin, and its place in the sources', async () => {
    // A half without what it needs.
    const code = `const { faultByStack, stackOf } = await import(${JSON.stringify(urlAt('dist/chunks/commands.js'))})
      const { serve } = await import(${JSON.stringify(urlAt('dist/src/plugins/hosts/serve.js'))})
      try { serve() } catch (error) {
        console.log(faultByStack(error).plugin, /\\(\\S*\\)/.exec(stackOf(error))[0])
      }`
    const { out } = await runProgram(process.execPath, ['--input-type=module', '-e', code])
    const [, url = '', line] = /^hosts \((file:.*\/hosts\/serve\.ts):(\d+):\d+\)\n$/.exec(out) ?? []
    assert.equal(url, urlAt('src/plugins/hosts/serve.ts'), out)
    assert.match(
      readFileSync(at('src/plugins/hosts/serve.ts'), 'utf8').split('\n')[Number(line) - 1] ?? '',
      /records/,
    )
  })

  for (const isWatched of [false, true])
    test(`a server loads what it needs, ${isWatched ? 'with' : 'without'} prometheus`, async t => {
      const folder = temporaryFolder(t)
      const [port, metrics] = await freePorts(2)
      const plugins = LOADED.plugins.filter(name => isWatched || name !== 'prometheus')
      const lines = [
        ...['bind 127.0.0.1', 'cache', 'errors', 'forward . 127.0.0.1:9', 'loadbalance'],
        ...(isWatched ? [`prometheus 127.0.0.1:${metrics}`] : []),
      ]
      writeFileSync(join(folder, 'Corefile'), `.:${port} {\n${lines.join('\n')}\n}\n`)
      const [hooks, list] = [join(folder, 'hooks.cjs'), join(folder, 'loads')]
      writeFileSync(hooks, LOADS)
      writeFileSync(list, '')
      const variables = [`NODE_OPTIONS=--require=${hooks}`, `LOADS=${list}`]
      const [program, ...args] = alone(installed.folder, variables)
      const server = new WatchedProcess(t, program, [...args, '--workers', '1'], folder)
      await server.seen(/engine /)
      const loaded = (thread: number): string[] =>
        readFileSync(list, 'utf8')
          .split('\n')
          .filter(line => line.startsWith(`${thread} file:`))
          .map(line => line.slice(`${thread} ${urlAt('')}/`.length))
      while (!loaded(1).includes('dist/chunks/warm-up.js')) await new Promise(setImmediate)
      assert.equal(await server.stop(), 0)
      const main = LOADED.main.filter(path => isWatched || !/prom-client|Lag|registry/.test(path))
      assert.deepEqual(
        loaded(0).toSorted(),
        [...main, ...usualFiles(plugins, 'index'), ...usualFiles(plugins, 'control')].toSorted(),
      )
      const served = plugins.filter(name => name !== 'bind')
      assert.deepEqual(
        loaded(1).toSorted(),
        [...LOADED.shard, ...usualFiles(served, 'serve')].toSorted(),
      )
    })

  describe('its compile cache', { concurrency: false }, () => {
    const cacheOf = (folder: string): string => join(folder, 'node_modules/shardns/dist/.cache')
    /** The package alone, in a folder of its own. */
    const copyOf = (t: TestContext): string => {
      const folder = temporaryFolder(t)
      cpSync(at('.'), join(folder, 'node_modules/shardns'), {
        recursive: true,
        filter: path => !path.endsWith('/.cache'),
      })
      return folder
    }
    const checkIn = (folder: string, variables?: readonly string[]) => {
      const [program, ...args] = alone(folder, variables)
      return runProgram(program, [...args, 'check', '-'], BAD)
    }

    test('keeps what it has compiled in its own folder', async t => {
      const folder = copyOf(t)
      const first = await checkIn(folder)
      assert.equal(first.code, 1)
      const files = cacheFiles(cacheOf(folder))
      assert.ok(files.length > 5, `${files.length} files`)
      const written = files.map(file => statSync(file).ino)
      assert.deepEqual(await checkIn(folder), first)
      assert.deepEqual(
        cacheFiles(cacheOf(folder)).map(file => statSync(file).ino),
        written,
        'what is there is not written again',
      )
    })

    test('a server keeps what it has compiled before it ends', async t => {
      const folder = copyOf(t)
      const [port] = await freePorts(1)
      writeFileSync(join(folder, 'Corefile'), `.:${port} {\n bind 127.0.0.1\n whoami\n}\n`)
      const [program, ...args] = alone(folder)
      const server = new WatchedProcess(t, program, [...args, '--workers', '2'], folder)
      await server.seen(/engine /)
      // Of main, and of a shard.
      const isKept = (name: string): boolean =>
        cacheFiles(cacheOf(folder)).some(file => readFileSync(file).includes(name))
      while (!isKept('runServer') || !isKept('WaitingRoom')) await new Promise(setImmediate)
      assert.equal(await server.stop(), 0)
    })

    test("root leaves nothing in a package that is another user's", async t => {
      if (process.geteuid?.() !== 0) return t.skip('only root can give files away')
      const folder = copyOf(t)
      chownSync(join(folder, 'node_modules/shardns'), 65534, 65534)
      assert.equal((await checkIn(folder)).code, 1)
      assert.equal(existsSync(cacheOf(folder)), false)
    })

    for (const [name, { variables, damage }] of Object.entries(CACHE_FAULTS))
      test(`a compile cache that is ${name} changes nothing`, async t => {
        const folder = copyOf(t)
        const { code, out, err } = await checkIn(folder)
        damage?.(cacheOf(folder), join(folder, 'node_modules/shardns'))
        assert.deepEqual(await checkIn(folder, variables), { code, out, err })
        await serves(t, alone(folder, variables))
      })
  })

  test('the library starts nothing as it is loaded, and leaves the cache to its host', async () => {
    const code = `import { getCompileCacheDir } from 'node:module'
      await import('shardns')
      await new Promise(setImmediate)
      const running = process.getActiveResourcesInfo()
      console.log(String(getCompileCacheDir()), running.filter(kind => kind !== 'PipeWrap'))`
    const { stdout } = spawnSync(
      'env',
      [...PLAIN, process.execPath, '--input-type=module', '-e', code],
      {
        cwd: installed.folder,
        encoding: 'utf8',
      },
    )
    assert.equal(stdout, 'undefined []\n')
  })

  test('links of its pages lead to what is in it', () => {
    const dead = installed.files
      .filter(path => path.endsWith('.md'))
      .flatMap(path =>
        [...readFileSync(at(path), 'utf8').matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)]
          .filter(([, link = '']) => !existsSync(at(normalize(join(dirname(path), link)))))
          .map(([, link]) => `${path}: ${link}`),
      )
    assert.deepEqual(dead, [])
  })

  for (const version of [process.versions.node, OLDEST, '24.22.3'])
    test(`serves on Node ${version}`, async t => {
      const node = version === process.versions.node ? process.execPath : await fetched(t, version)
      if (node === undefined) return
      const bin = at('src/bin.cjs')
      const { out } = await runProgram(node, [bin, '-version'])
      assert.match(out, new RegExp(`, node${version}, release\n?$`))
      const examples = { good: '. {\n whoami\n}\n', bad: '. {\n whoam\n}\n' }
      for (const [name, code] of [
        ['good', 0],
        ['bad', 1],
      ] as const)
        assert.equal((await runProgram(node, [bin, 'check', '-'], examples[name])).code, code)
      const modules = installed.files.filter(path => /^dist\/src\/.*\.js$/.test(path))
      await loadsAll(node, modules.filter(path => !STARTED.has(path)).map(at))
      await serves(t, [node, bin])
    })

  test(`says on Node ${OLD} what it needs`, async t => {
    const node = await fetched(t, OLD)
    if (node === undefined) return
    assert.deepEqual(await runProgram(node, [at('src/bin.cjs'), 'check', 'Corefile']), {
      code: 1,
      out: '',
      err: `shardns needs Node.js 22.15 or newer, and this is v${OLD}: npx -y -p node@26 -p shardns shardns check Corefile\n`,
    })
  })
})
