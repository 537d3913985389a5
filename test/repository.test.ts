// Rules that hold for every source file, tested because what is not tested does not stay true.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIRECTIVES } from '../src/corefile/order.ts'
import { PLUGINS } from '../src/plugins/index.ts'
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

test('random numbers come from node:crypto', () =>
  assert.deepEqual(linesWith(/Math\.random\(/, all), []))

test('only base/clock.ts and the engine read a clock', () => {
  const clocks = ['src/base/clock.ts', 'src/net/mmsg/monotonic.ts']
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

// Rooms by floor, as docs/architecture.md draws them: a file imports from its own room and from
// lower floors. Files in no room (src/cli.ts, workers) are doors.
const FLOORS: readonly (readonly string[])[] = [
  ['wire', 'memory', 'corefile', 'base'],
  ['zone', 'cache', 'records', 'metrics', 'log'],
  ['chain'],
  ['upstream', 'net', 'kube'],
  ['plugins'],
  ['shard', 'process'],
  ['commands'],
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

test('what may come later is told from what is there in one place, chain/after.ts', () => {
  const others = [
    'src/chain/after.ts',
    // Both keep the promise itself: it is waited for by others, or no longer than a time.
    'src/plugins/cache/miss.ts',
    'src/plugins/cache/within.ts',
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

test('imports make no cycle', () => {
  const files = new Map(shipped.map(file => [file.path, file]))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (trail.includes(path) || done.has(path)) return
    for (const target of files.get(path)?.valueImports ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of files.keys()) visit(path, [])
  assert.deepEqual(cycles, [])
})

const IMPORTERS: Readonly<Record<string, string>> = {
  commander: 'src/commands/command-line.ts',
  'dns-packet': 'src/chain/message.ts',
  'ipaddr.js': 'src/base/ip.ts',
  piscina: 'src/process/shards/pool.ts',
  'prom-client': 'src/metrics/registry.ts',
  re2js: 'src/base/regexp.ts',
  yaml: 'src/kube/config/kubeconfig.ts',
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

test('every dependency of package.json has its one importer', () => {
  const { dependencies } = JSON.parse(readRepositoryFile('package.json')) as {
    dependencies: Record<string, string>
  }
  assert.deepEqual(Object.keys(dependencies).sort(), Object.keys(IMPORTERS).sort())
})

test('the plugin folders and the order list name the same plugins', () => {
  const folders = repositoryPaths('src/plugins/*/index.ts').map(path => path.split('/')[2])
  assert.deepEqual(PLUGINS.map(plugin => plugin.name).sort(), folders)
})

test('the order list follows CoreDNS', () => {
  const names = PLUGINS.map(plugin => plugin.name)
  assert.deepEqual(
    names,
    DIRECTIVES.filter(name => names.includes(name)),
  )
})

for (const plugin of PLUGINS)
  test(`plugins/${plugin.name} has a README and tests`, () => {
    const names = repositoryPaths(`src/plugins/${plugin.name}/*`).map(
      path => path.split('/')[3] ?? '',
    )
    assert.ok(names.includes('README.md'), 'README.md')
    assert.ok(
      names.some(name => name.endsWith('.test.ts')),
      'a test file',
    )
  })
