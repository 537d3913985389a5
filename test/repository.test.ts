// Rules that hold for every source file, tested because what is not tested does not stay true.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadPlugin, loadServeHalf, PLUGIN_NAMES } from '../src/plugins/index.ts'
import {
  readRepositoryFile,
  repositoryPaths,
  type SourceFile,
  sourceFiles,
} from './support/source-files.ts'

const all = sourceFiles('src', 'workers', 'bench', 'test')
const shipped = all.filter(file => /^(src|workers)\//.test(file.path) && !file.isTest)

/** `FILE:LINE` of each line that matches, in files that pass. */
const linesWith = (pattern: RegExp, files: readonly SourceFile[]): string[] =>
  files.flatMap(file =>
    file.text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}`] : [])),
  )

test('a shipped file opens with a comment on what it owns', () => {
  assert.deepEqual(
    shipped.filter(file => !/^(#!.*\n)?\/\/ /.test(file.text)).map(file => file.path),
    [],
  )
})

test('memory that threads share is made by memory/shared-buffer.ts', () => {
  const makers = [
    'src/memory/shared-buffer.ts',
    // A word that is shared with nobody: Atomics.wait takes no other.
    'src/base/time/sleep.ts',
  ]
  const others = shipped.filter(file => !makers.includes(file.path))
  assert.deepEqual(linesWith(/new SharedArrayBuffer\(/, others), [])
})

test('docs/shared-memory.md names every file that asks for such memory', () => {
  const askers = shipped
    .filter(file => file.imports.includes('src/memory/shared-buffer.ts'))
    .map(file => file.path)
  const rows = readRepositoryFile('docs/shared-memory.md').matchAll(/^\| [^|]+ \| `(src\/[^`]+)`/gm)
  assert.deepEqual([...rows].map(([, path]) => path).sort(), askers.sort())
})

test('random numbers come from node:crypto', () =>
  assert.deepEqual(linesWith(/Math\.random\(/, all), []))

test('only base/time/clock.ts and the engine read a clock', () => {
  const clocks = ['src/base/time/clock.ts', 'src/net/mmsg/monotonic.ts']
  const others = shipped.filter(file => !clocks.includes(file.path))
  assert.deepEqual(
    linesWith(
      /\b(Date\.now|performance\.now|process\.hrtime|clock_gettime)\b(?!\(clock|:)|new Date\(\)/,
      others,
    ),
    [],
  )
})

test('a rule of the linter is passed over with a reason only', () => {
  assert.deepEqual(linesWith(/biome-ignore(?! [a-zA-Z/]+: \S)/, all.filter(isNotThisFile)), [])
})

test('no test is skipped for good, and none runs alone', () => {
  assert.deepEqual(
    linesWith(/\b(test|it|describe|suite)\.(only|skip|todo)\(/, all.filter(isNotThisFile)),
    [],
  )
})

function isNotThisFile(file: SourceFile): boolean {
  return file.path !== 'test/repository.test.ts'
}

test('a function of a module is a const with an arrow, unless it generates or is overloaded', () => {
  const wrong = shipped.flatMap(file => {
    const names = [...file.text.matchAll(/^(?:export )?(?:async )?function (\w+)/gm)].map(
      ([, name = '']) => name,
    )
    return names
      .filter(name => names.indexOf(name) === names.lastIndexOf(name))
      .map(name => `${file.path}: ${name}`)
  })
  assert.deepEqual(wrong, [])
})

const COMMENT = /^\s*(?:\/\/|\/?\*)|\/\/ .*$/

/** `FILE:LINE: WHAT` of what `find` gives for the comments of files that pass. */
const inComments = (
  files: readonly SourceFile[],
  find: (comment: string, file: SourceFile) => Iterable<string>,
): string[] =>
  files.flatMap(file =>
    file.text.split('\n').flatMap((line, index) => {
      const start = COMMENT.exec(line)?.index
      const found = start === undefined ? [] : [...find(line.slice(start), file)]
      return found.map(what => `${file.path}:${index + 1}: ${what}`)
    }),
  )

test('comments and prose are at most 100 columns wide', () => {
  const wide = (line: string): boolean => line.length > 100
  const comments = all.flatMap(file =>
    file.text
      .split('\n')
      .flatMap((line, index) =>
        /^\s*(\/\/|\/?\*)/.test(line) && !/^\s*\/\/ biome-ignore /.test(line) && wide(line)
          ? [`${file.path}:${index + 1}`]
          : [],
      ),
  )
  // Tables, code and the targets of links cannot be broken.
  const prose = repositoryPaths('*.md', '{docs,src,bench,test}/**/*.md').flatMap(path => {
    let isCode = false
    return readRepositoryFile(path)
      .split('\n')
      .flatMap((line, index) => {
        const isFence = /^\s*(?:```|~~~)/.test(line)
        if (isFence) isCode = !isCode
        const isText = !isFence && !isCode && !line.startsWith('|')
        return isText && wide(line.replaceAll(/\]\([^)]*\)/g, ']')) ? [`${path}:${index + 1}`] : []
      })
  })
  assert.deepEqual([...comments, ...prose], [])
})

// What stands in no file of this repository is of no use to whoever reads it. The rows of
// test/trust and docs/trust.md have numbers of their own, which test/trust/bars.ts explains.
const DANGLING =
  /\breference: \S+|\b[a-z]+-core\b|(?<!RFC \d+,? )§\s?\d[\d.]*|\b[RF]-?\d{1,2}[a-z]?\b(?! *=)/g

test('comments and documents refer to nothing that is not in the repository', () => {
  const comments = inComments(
    all.filter(file => isNotThisFile(file) && !file.path.startsWith('test/trust/')),
    comment => (comment.match(DANGLING) ?? []).values(),
  )
  const documents = repositoryPaths('*.md', '{docs,src,bench,test}/**/*.md')
    .filter(path => path !== 'docs/trust.md')
    .flatMap(path =>
      (readRepositoryFile(path).match(DANGLING) ?? []).map(what => `${path}: ${what}`),
    )
  assert.deepEqual([...comments, ...documents], [])
})

test('a file that a comment names is there', () => {
  const paths = repositoryPaths('{src,test,bench,workers,docs}/**/*', '*.{md,json}', '.*.mjs')
  const isThere = (name: string): boolean =>
    paths.some(path => path === name || path.endsWith(`/${name}`))
  const lost = inComments(all.filter(isNotThisFile), comment =>
    (comment.match(/(?<![\w*/.-])[\w-][\w./-]*\.(?:ts|mjs|md|pml)\b/g) ?? []).filter(
      name => !isThere(name),
    ),
  )
  assert.deepEqual(lost, [])
})

// Rooms by floor, as docs/architecture.md draws them: a file imports from its own room and from
// lower floors. Files in no room (src/cli.ts, workers) are doors.
const FLOORS: readonly (readonly string[])[] = [
  ['wire', 'memory', 'corefile', 'base'],
  ['zone', 'cache', 'records', 'metrics', 'log', 'expression'],
  ['chain'],
  ['upstream', 'net', 'kube', 'authority', 'outside'],
  ['plugins'],
  ['shard', 'process'],
  ['commands', 'library'],
]
/** What main and a shard say to each other: the one file that both sides of the house import. */
const MESSAGES = 'src/shard/messages.ts'

const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1]
const floorOf = (room: string): number => FLOORS.findIndex(floor => floor.includes(room))

test('every room has its floor', () => {
  const rooms = [...new Set(shipped.flatMap(file => roomOf(file.path) ?? []))]
  assert.deepEqual(
    rooms.filter(room => floorOf(room) < 0),
    [],
  )
})

test('docs/architecture.md draws the same house: its rooms, and their floors', () => {
  const page = readRepositoryFile('docs/architecture.md')
  const rooms = [...page.matchAll(/^src\/([a-z]+)(?:\/\*)? +\S/gm)].map(([, room]) => room)
  assert.deepEqual(rooms.toSorted(), FLOORS.flat().toSorted())
  const floors = [...page.matchAll(/^\d {2}([a-z, ]+)$/gm)].map(([, floor = '']) =>
    floor.split(', '),
  )
  assert.deepEqual(floors, FLOORS)
})

for (const room of FLOORS.flat())
  test(`rooms: ${room} imports from its own and from lower floors only`, () => {
    const wrong = shipped
      .filter(file => roomOf(file.path) === room)
      .flatMap(file =>
        file.imports
          .filter(target => /^(src|workers|test|bench)\//.test(target) && target !== MESSAGES)
          .filter(
            target => roomOf(target) !== room && !(floorOf(roomOf(target) ?? '') < floorOf(room)),
          )
          .concat(file.imports.filter(target => /^(test|bench)\//.test(target)))
          .map(target => `${file.path} -> ${target}`),
      )
    assert.deepEqual(wrong, [])
  })

/** The room within the room, of a file that lies in one: `parse` of src/corefile/parse/lexer.ts. */
const innerRoomOf = (path: string): string | undefined =>
  /^src\/(?!plugins\/)[^/]+\/([^/]+)\//.exec(path)?.[1]

for (const room of FLOORS.flat()) {
  const inner = [
    ...new Set(
      shipped.flatMap(file => (roomOf(file.path) === room ? (innerRoomOf(file.path) ?? []) : [])),
    ),
  ]

  test(`docs/architecture.md names the rooms within ${room}`, () => {
    const page = readRepositoryFile('docs/architecture.md')
    const row =
      new RegExp(`^src/${room}(?:/\\*)? +(\\S.*(?:\\n {15}.*)*)`, 'm').exec(page)?.[1] ?? ''
    assert.deepEqual(
      inner.filter(name => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(row)),
      [],
    )
  })

  test(`rooms within ${room} import each other in one direction`, () => {
    const targetsOf = (name: string): string[] => [
      ...new Set(
        shipped
          .filter(({ path }) => roomOf(path) === room && innerRoomOf(path) === name)
          .flatMap(({ imports }) =>
            imports.flatMap(to => (roomOf(to) === room ? (innerRoomOf(to) ?? []) : [])),
          )
          .filter(to => to !== name),
      ),
    ]
    // One after the other, those that import nothing of those that are left.
    let left = inner
    for (;;) {
      const next = left.filter(name => targetsOf(name).some(to => left.includes(to)))
      if (next.length === left.length) break
      left = next
    }
    assert.deepEqual(left, [])
  })
}

/** Where a plugin's name is a word of something else. */
const OTHER_WORDS: readonly string[] = [
  // What failures of an HTTP listener come to.
  "src/chain/plugin/control-scope.ts 'log'",
  "src/process/http/endpoints.ts 'log'",
  // Members of types.
  "src/chain/plugin/inspect-scope.ts 'log'",
  "src/process/load/load.ts 'errors'",
  // What a path leads to.
  "src/corefile/diagnostics/hints.ts 'file'",
  "src/corefile/parse/loader.ts 'file'",
  "src/process/load/file-loader.ts 'file'",
  // Options of createServer, their values, and a function of the server.
  "src/library/create-server.ts 'file'",
  "src/library/create-server.ts 'reload'",
  "src/library/given-lines.ts 'log'",
  "src/library/server-options.ts 'auto'",
  "src/library/server-options.ts 'file'",
  "src/library/server-options.ts 'log'",
  // What to write in a Corefile.
  "src/library/server-options.ts 'bind'",
  // Further meanings of words in a Corefile, for hints.
  "src/corefile/diagnostics/hints.ts 'header'",
  "src/corefile/diagnostics/hints.ts 'reload'",
  // Which engine is to be found out.
  "src/commands/about-json.ts 'auto'",
  "src/net/mmsg/support.ts 'auto'",
  "src/process/serve-options.ts 'auto'",
  // Functions of expressions, a kind of offer, a label of metrics.
  "src/chain/query/asked-test.ts 'bufsize'",
  "src/chain/offers/metadata.ts 'metadata'",
  "src/chain/query/query-functions.ts 'bufsize'",
  "src/chain/query/query-functions.ts 'metadata'",
  "src/metrics/dns-metrics.ts 'view'",
  "src/expression/builtin-names.ts 'any'",
  // A system call.
  "src/net/mmsg/sockets.ts 'bind'",
  // On which side an exchange has failed.
  "src/upstream/exchange-error.ts 'local'",
  "src/upstream/pooled-udp-client.ts 'local'",
  "src/upstream/stream-dial.ts 'local'",
  "src/upstream/udp-client.ts 'local'",
  // A PROXY header that names nobody.
  "src/metrics/shard-counts.ts 'local'",
  "src/net/proxy/judge.ts 'local'",
]

/** Directives that are named like a scheme, which is a word of addresses everywhere. */
const SCHEMES = ['tls', 'quic', 'https', 'https3', 'grpc']

test('plugins are named by their own folders and by the order list, by nobody else', () => {
  const names = PLUGIN_NAMES.filter(each => !SCHEMES.includes(each))
  const name = new RegExp(`['"\`](?:${names.join('|')})['"\`]`, 'g')
  const others = shipped.filter(
    ({ path }) => !path.startsWith('src/plugins/') && path !== 'src/corefile/order.ts',
  )
  const found = others.flatMap(({ path, text, imports }) => [
    ...(text.replace(/^ *(?:\/\/|\/?\*).*$/gm, '').match(name) ?? []).map(
      word => `${path} ${word}`,
    ),
    ...imports.filter(target => /^src\/plugins\/.+\//.test(target)).map(to => `${path} -> ${to}`),
  ])
  assert.deepEqual([...new Set(found)].sort(), [...OTHER_WORDS].sort())
})

test('what may come later is told from what is there in one place, chain/reply/after.ts', () => {
  const others = [
    'src/chain/reply/after.ts',
    // It keeps the promise itself: others wait for it.
    'src/plugins/cache/fetch/miss.ts',
    // A query that waits holds room.
    'src/shard/answer/dispatch.ts',
  ]
  const forks = shipped.filter(file => file.text.includes('instanceof Promise'))
  assert.deepEqual(
    forks.map(file => file.path),
    others,
  )
})

test('no plugin imports another plugin', () => {
  const pluginOf = (path: string): string | undefined => /^src\/plugins\/([^/]+)\//.exec(path)?.[1]
  const wrong = shipped
    .filter(file => pluginOf(file.path) !== undefined)
    .flatMap(file =>
      file.imports
        .filter(
          target => target.startsWith('src/plugins/') && pluginOf(target) !== pluginOf(file.path),
        )
        .map(target => `${file.path} -> ${target}`),
    )
  assert.deepEqual(wrong, [])
})

test('imports make no cycle, of types neither', () => {
  const files = new Map(shipped.map(file => [file.path, file]))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (trail.includes(path) || done.has(path)) return
    for (const target of files.get(path)?.imports ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of files.keys()) visit(path, [])
  assert.deepEqual(cycles, [])
})

/**
 * Files that a thread may load that starts with this one: what it imports, at once or later, but
 * for the doors that `isShut` names.
 */
const closure = (entry: string, isShut: (path: string) => boolean): string[] => {
  const files = new Map(shipped.map(file => [file.path, file]))
  const seen = new Set([entry])
  for (const path of seen)
    for (const target of files.get(path)?.valueImports ?? [])
      if (files.has(target) && !isShut(target)) seen.add(target)
  return [...seen]
}

const halvesOf = (file: string): string[] => repositoryPaths(`src/plugins/*/${file}`)
const SERVE_HALF = /^src\/plugins\/[^/]+\/serve\.ts$/

test('main loads nothing of a shard', () => {
  // An index.ts names both halves; main asks for those that are its own.
  const doors = ['src/cli.ts', 'src/library/create-server.ts', ...halvesOf('index.ts')]
  const loaded = doors.flatMap(path => closure(path, target => SERVE_HALF.test(target)))
  assert.ok(loaded.includes('src/process/run.ts') && loaded.includes('src/plugins/log/options.ts'))
  assert.deepEqual(
    loaded.filter(
      path =>
        (path.startsWith('src/shard/') && path !== MESSAGES) || /\bfast(-\w+)?\.ts$/.test(path),
    ),
    [],
  )
})

test('a shard loads nothing of main: no process, no control half, no reader of options', () => {
  const doors = ['workers/serve.ts', 'src/library/function-serve.ts', ...halvesOf('serve.ts')]
  const loaded = doors.flatMap(path => closure(path, () => false))
  assert.ok(loaded.includes('src/shard/shard.ts') && loaded.includes('src/plugins/log/fast.ts'))
  assert.deepEqual(
    loaded.filter(
      path =>
        /^src\/(process|commands)\//.test(path) ||
        /^src\/plugins\/[^/]+\/(index|control|(\w+-)?options)\.ts$/.test(path),
    ),
    [],
  )
})

test('workers/serve.ts, which is required, is linked with nothing', () => {
  const { text } = all.find(({ path }) => path === 'workers/serve.ts')!
  assert.doesNotMatch(text, /^(?:import|export)\s(?!type\b)[^;(]*?\sfrom\s|^import '/m)
})

const IMPORTERS: Readonly<Record<string, string>> = {
  commander: 'src/commands/command-line.ts',
  'dns-packet': 'src/chain/message.ts',
  'ipaddr.js': 'src/base/ip.ts',
  piscina: 'src/process/shards/pool.ts',
  'prom-client': 'src/metrics/registry.ts',
  re2js: 'src/base/text/regexp.ts',
  yaml: 'src/base/yaml.ts',
}

for (const [name, importer] of Object.entries(IMPORTERS))
  test(`${name} is imported by ${importer} only`, () => {
    const importers = shipped.filter(file =>
      file.imports.some(target => target === name || target.startsWith(`${name}/`)),
    )
    assert.deepEqual(
      importers.map(file => file.path),
      [importer],
    )
  })

test('docs/architecture.md names each of them, and its importer', () => {
  const page = readRepositoryFile('docs/architecture.md')
  const rows = page.matchAll(/^\| ([\w.-]+) \| [^|]+ \| `(src\/[^`]+)` \|$/gm)
  const named = Object.fromEntries([...rows].map(([, name = '', importer]) => [name, importer]))
  assert.deepEqual(named, IMPORTERS)
})

test('all of them are bundled: whoever installs shardns installs nothing else', () => {
  const { dependencies, devDependencies } = JSON.parse(readRepositoryFile('package.json')) as {
    dependencies?: Record<string, string>
    devDependencies: Record<string, string>
  }
  assert.equal(dependencies, undefined)
  assert.deepEqual(
    Object.keys(IMPORTERS).filter(name => !Object.hasOwn(devDependencies, name)),
    [],
  )
})

test('every plugin folder is on the order list of the chain', () => {
  const folders = repositoryPaths('src/plugins/*/').map(path => path.split('/')[2] ?? '')
  assert.deepEqual([...PLUGIN_NAMES].sort(), folders)
})

for (const name of PLUGIN_NAMES)
  test(`plugins/${name} has a README, tests, and its halves where they are looked for`, async () => {
    const files = repositoryPaths(`src/plugins/${name}/*`).map(path => path.split('/')[3] ?? '')
    assert.ok(files.includes('README.md'), 'README.md')
    assert.ok(
      files.some(file => file.endsWith('.test.ts')),
      'a test file',
    )
    const plugin = await loadPlugin(name)
    assert.equal(plugin.serve !== undefined, files.includes('serve.ts'), 'serve.ts')
    if (plugin.serve !== undefined)
      assert.equal(await plugin.serve(), await loadServeHalf(name), 'serve.ts and nothing else')
    if (files.includes('control.ts'))
      assert.equal(await plugin.control?.(), await import(`../src/plugins/${name}/control.ts`))
  })
