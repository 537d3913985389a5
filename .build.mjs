// Makes `dist` for the package: `node .build.mjs [FOLDER]`. The compiler writes the types, one file
// for each source. The bundler writes the JavaScript, in few files, since each file that is loaded
// at the start costs time and memory in each thread.
//
// The layout is the sources': what is loaded by its name (src/base/program.ts) has its name here.
// What several of these files need lies in `chunks`. Packages that are loaded by `require` lie in
// `vendor`.
import { execFileSync } from 'node:child_process'
import { globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const ROOT = dirname(fileURLToPath(import.meta.url))
const OUT = resolve(process.argv[2] ?? join(ROOT, 'dist'))

/** The oldest Node that the package runs on. */
const TARGET = 'node22.15'

/** What is started, imported by others, or loaded by its name. */
const ENTRIES = [
  'src/cli.ts',
  'src/index.ts',
  'src/options.ts',
  'src/wire.ts',
  'src/library/function-serve.ts',
  'src/outside/trial-thread.ts',
  'workers/serve.ts',
  ...globSync('src/plugins/*/{index,control,serve}.ts', { cwd: ROOT }).toSorted(),
]

const { resolve: pathOf } = createRequire(import.meta.url)
/** By loadPackage. */
const PACKAGES = [
  'dns-packet',
  'piscina',
  'prom-client/lib/defaultMetrics',
  'prom-client/lib/metrics/eventLoopLag',
  'prom-client/lib/registry',
  're2js',
  'yaml',
]
/** Never loaded: piscina asks for it to change a thread's priority. */
const EXTERNAL = ['@napi-rs/nice']

/** Most Corefiles have most of these. */
const USUAL =
  /\/(?:bind|cache|errors|forward|health|loadbalance|log|loop|prometheus|ready|reload)\//
const PLUGINS = ENTRIES.filter(path => /\/(?:index|control)\.ts$/.test(path))

/** What loads the modules of each kind of start; what a shard warms up with comes after its own. */
const STARTS = {
  first: ['src/cli.ts'],
  commands: ['src/commands/run.ts', 'src/process/version.ts'],
  check: ['src/commands/command-line.ts', 'src/commands/check.ts'],
  server: ['src/commands/command-line.ts', 'src/process/run.ts'],
  shard: ['src/shard/shard.ts', 'src/base/time/patience.ts'],
  warmUp: ['src/shard/warm-up/warm-up.ts'],
  // What main loads of one or the other: it is to load neither the server nor a shard for it.
  plugins: PLUGINS,
  usualMain: PLUGINS.filter(path => USUAL.test(path)),
  usualShard: ENTRIES.filter(path => path.endsWith('/serve.ts') && USUAL.test(path)),
}

/** Modules that one of `files` imports, directly or not, before it runs. */
const closureOf = (files, modules) => {
  const seen = new Set(files.map(file => join(ROOT, file)))
  for (const id of seen)
    for (const other of modules.getModuleInfo(id)?.importedIds ?? []) seen.add(other)
  return seen
}

/**
 * Chunks of what comes together at most starts, so that few files are loaded. All else is split by
 * what needs it.
 */
const chunkGroups = () => {
  let sets
  let entries
  /** By the names of STARTS; and whether several of ENTRIES need it. */
  const membership = (id, modules) => {
    sets ??= Object.entries(STARTS).map(([name, files]) => [name, closureOf(files, modules)])
    entries ??= ENTRIES.map(file => closureOf([file], modules))
    const is = Object.fromEntries(sets.map(([name, set]) => [name, set.has(id)]))
    const isShared = entries.filter(set => set.has(id)).length > 1
    return {
      ...is,
      shard: is.shard || (is.usualShard && isShared),
      load: (is.server && (is.check || is.plugins)) || (is.usualMain && isShared),
    }
  }
  const group = (name, priority, isMember) => ({
    test: id => !ENTRIES.some(entry => join(ROOT, entry) === id),
    name: (id, modules) => (isMember(membership(id, modules)) ? name : null),
    debugName: name,
    priority,
  })
  // A group takes along what its modules import: what others need as well comes first.
  return [
    group('first', 5, ({ first }) => first),
    group('commands', 4, ({ commands }) => commands),
    group('threads', 3, ({ server, shard, warmUp }) => server && (shard || warmUp)),
    group('halves', 2, ({ plugins, shard }) => plugins && shard),
    group('load', 1, ({ load }) => load),
    group('server', 0, ({ server }) => server),
    group('shard', 0, ({ shard }) => shard),
  ]
}

const bundleModules = async () => {
  const bundle = await rolldown({
    cwd: ROOT,
    input: Object.fromEntries(ENTRIES.map(path => [path.replace(/\.ts$/, ''), path])),
    platform: 'node',
    tsconfig: false,
    resolve: { symlinks: false },
    transform: { target: TARGET },
    onLog: refuseWarnings,
  })
  return bundle.write({
    dir: OUT,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups: chunkGroups() },
    comments: false,
    minifyInternalExports: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
  })
}

const bundlePackages = async () => {
  const bundle = await rolldown({
    cwd: ROOT,
    input: {
      ...Object.fromEntries(PACKAGES.map(name => [name, pathOf(name)])),
      // It looks for this file beside itself.
      worker: join(dirname(pathOf('piscina')), 'worker.js'),
    },
    external: EXTERNAL,
    platform: 'node',
    tsconfig: false,
    resolve: { symlinks: false },
    transform: { target: TARGET },
    onLog: refuseWarnings,
  })
  return bundle.write({
    dir: join(OUT, 'vendor'),
    format: 'cjs',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    comments: false,
  })
}

const IMPORTED = /^import (.+) from "(node:[\w/]+)";$/gm
const REQUIRED = /\brequire\("((?:node:)?[\w/]+)"\)/g

/**
 * Node's own modules without `import` and `require`: those read every export, and many exports load
 * further modules when they are read (a third of all that a start loads).
 */
const takeBuiltins = text =>
  text
    .replace(IMPORTED, (_, names, id) => {
      const [, whole, parts] = /^(?:([\w$]+)(?:, )?)?(\{.*\})?$/.exec(names)
      const take = `globalThis.process.getBuiltinModule("${id}")`
      const bound = parts?.replaceAll(' as ', ': ')
      return [whole, bound].flatMap(name => (name && `const ${name} = ${take};`) || []).join(' ')
    })
    .replace(REQUIRED, (call, id) =>
      isBuiltin(id) ? `globalThis.process.getBuiltinModule("${id}")` : call,
    )

/** A chunk that only gives on what another has, for an `import()`. */
const FACADE = /^export \{ [\w$, ]* \} from "\.\/([\w-]+\.js)";\s*$/
const LATER = /(?<=\bimport\("[./]+\/(?:chunks\/)?)[\w-]+\.js(?="\))/g

/** The other chunk by the name of such a chunk, which is gone then: a file less to load. */
const takeFacades = () => {
  const facades = new Map()
  for (const file of globSync('*.js', { cwd: join(OUT, 'chunks') })) {
    const path = join(OUT, 'chunks', file)
    const [, other] = FACADE.exec(readFileSync(path, 'utf8')) ?? []
    if (other === undefined) continue
    facades.set(file, other)
    rmSync(path)
  }
  return facades
}

const rewriteFiles = () => {
  const facades = takeFacades()
  for (const file of globSync('**/*.js', { cwd: OUT })) {
    const path = join(OUT, file)
    const text = takeBuiltins(readFileSync(path, 'utf8'))
    writeFileSync(
      path,
      text.replace(LATER, name => facades.get(name) ?? name),
    )
  }
}

const refuseWarnings = (level, log) => {
  // Modules that are loaded late in a checkout may come early here.
  if (level === 'warn' && log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(log.message)
}

/** The folder of the package that a file belongs to; undefined for our own. */
const packageOf = path => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0]

const licenceText = folder => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry))
  if (file === undefined) throw new Error(`${name} has no file with its licence`)
  const text = readFileSync(join(folder, file), 'utf8').trim()
  return `${name} ${version} (${license})\n\n${text}\n`
}

const writeLicences = outputs => {
  const paths = outputs.flatMap(({ output }) => output.flatMap(({ moduleIds = [] }) => moduleIds))
  const folders = new Set(paths.flatMap(path => packageOf(path.replaceAll('\\', '/')) ?? []))
  const texts = [...folders].toSorted().map(licenceText)
  const head = `Packages of which parts are in the files of this folder, and their licences.\n`
  const line = `\n${'-'.repeat(80)}\n\n`
  writeFileSync(join(OUT, 'THIRD-PARTY-LICENSES.txt'), [head, ...texts].join(line))
}

const writeTypes = () => {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const flags = ['-p', '.tsconfig.build.json', '--emitDeclarationOnly', '--outDir', OUT]
  execFileSync(process.execPath, [compiler, ...flags], { cwd: ROOT, stdio: 'inherit' })
}

rmSync(OUT, { recursive: true, force: true })
writeTypes()
const written = [await bundleModules(), await bundlePackages()]
writeFileSync(join(OUT, 'vendor/package.json'), '{ "type": "commonjs" }\n')
writeLicences(written)
rewriteFiles()
