// Rules that hold for every source file, tested because what is not tested does not stay true.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIRECTIVES } from '../src/corefile/order.ts'
import { PLUGINS } from '../src/plugins/index.ts'
import { readRepositoryFile, repositoryPaths, type SourceFile, sourceFiles } from './support/source-files.ts'

const all = sourceFiles('src', 'workers', 'bench', 'test')
const shipped = all.filter(file => /^(src|workers)\//.test(file.path) && !file.isTest)

/** `FILE:LINE` of each line that matches, in files that pass. */
const linesWith = (pattern: RegExp, files: readonly SourceFile[]): string[] =>
  files.flatMap(file => file.text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}`] : [])))

test('a shipped file opens with a comment on what it owns', () => {
  assert.deepEqual(
    shipped.filter(file => !/^(#!.*\n)?\/\/ /.test(file.text)).map(file => file.path),
    [],
  )
})

test('random numbers come from node:crypto', () => assert.deepEqual(linesWith(/Math\.random\(/, all), []))

test('only core/clock.ts and the engine read a clock', () => {
  const clocks = ['src/core/clock.ts', 'src/net/mmsg/monotonic.ts']
  const others = shipped.filter(file => !clocks.includes(file.path))
  assert.deepEqual(
    linesWith(/\b(Date\.now|performance\.now|process\.hrtime|clock_gettime)\b(?!\(clock|:)|new Date\(\)/, others),
    [],
  )
})

test('a rule of the linter is passed over with a reason only', () => {
  assert.deepEqual(linesWith(/biome-ignore(?! [a-zA-Z/]+: \S)/, all.filter(isNotThisFile)), [])
})

test('no test is skipped for good, and none runs alone', () => {
  assert.deepEqual(linesWith(/\b(test|it|describe|suite)\.(only|skip|todo)\(/, all.filter(isNotThisFile)), [])
})

function isNotThisFile(file: SourceFile): boolean {
  return file.path !== 'test/repository.test.ts'
}

// What a file of each folder may import besides its own folder. main, workers and commands may import all.
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  memory: [],
  corefile: [],
  zone: ['wire'],
  cache: ['wire', 'memory', 'core'],
  records: ['wire', 'memory'],
  core: ['wire', 'memory', 'corefile', 'cache', 'records'],
  upstream: ['wire', 'memory', 'corefile', 'cache', 'records', 'core'],
  net: ['wire', 'memory', 'corefile', 'cache', 'records', 'core'],
  kube: ['core'],
  plugins: ['wire', 'memory', 'corefile', 'zone', 'cache', 'records', 'core', 'upstream', 'net', 'kube'],
  server: ['wire', 'memory', 'corefile', 'cache', 'records', 'core', 'upstream', 'net', 'kube', 'plugins'],
}

const layerOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? 'top'

for (const [layer, allowed] of Object.entries(LAYERS))
  test(`layers: ${layer} imports ${allowed.join(', ') || 'no other folder'}`, () => {
    const files = shipped.filter(file => layerOf(file.path) === layer)
    const wrong = files.flatMap(file =>
      file.imports
        .filter(target => /^(src|workers|test|bench)\//.test(target) && ![layer, ...allowed].includes(layerOf(target)))
        .map(target => `${file.path} -> ${target}`),
    )
    assert.deepEqual(wrong, [])
  })

test('no plugin imports another plugin', () => {
  const pluginOf = (path: string): string | undefined => /^src\/plugins\/([^/]+)\//.exec(path)?.[1]
  const wrong = shipped
    .filter(file => pluginOf(file.path) !== undefined)
    .flatMap(file =>
      file.imports
        .filter(target => target.startsWith('src/plugins/') && pluginOf(target) !== pluginOf(file.path))
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
  commander: 'src/command-line.ts',
  'dns-packet': 'src/core/message.ts',
  'ipaddr.js': 'src/core/ip.ts',
  piscina: 'src/pool.ts',
  'prom-client': 'src/server/metrics-registry.ts',
  re2js: 'src/core/regexp.ts',
  yaml: 'src/kube/kubeconfig.ts',
}

for (const [name, importer] of Object.entries(IMPORTERS))
  test(`${name} is imported by ${importer} only`, () => {
    const importers = shipped.filter(file => file.imports.some(target => target === name || target.startsWith(`${name}/`)))
    assert.deepEqual(
      importers.map(file => file.path),
      [importer],
    )
  })

test('every dependency of package.json has its one importer', () => {
  const { dependencies } = JSON.parse(readRepositoryFile('package.json')) as { dependencies: Record<string, string> }
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
    const names = repositoryPaths(`src/plugins/${plugin.name}/*`).map(path => path.split('/')[3] ?? '')
    assert.ok(names.includes('README.md'), 'README.md')
    assert.ok(
      names.some(name => name.endsWith('.test.ts')),
      'a test file',
    )
  })
