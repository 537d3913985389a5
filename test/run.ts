// What `npm test` runs: node's test runner on all tests, or on what the command line names.
//
//   npm test                        everything
//   npm test -- PATH...             test files, folders, glob patterns
//   npm test -- GROUP...            groups, one after the other, up to the first that fails
//
// What begins with a dash goes to node (`--test-name-pattern=...`, `--watch`). Groups are `rules`
// (of the repository), `fast` (unit tests that take less than a second), `unit` (all in src) and
// `whole` (the whole program). Ends with the runner's summary, of several groups with their sum.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const RULES = ['test/repository.test.ts', 'test/documents.test.ts', 'test/hot-path.test.ts']
/**
 * Unit tests that take longer (threads that die at random, real time-outs, many draws), or that
 * need an event loop of their own.
 */
const SLOW = [
  '**/*.torture.test.ts',
  'src/base/v8/collector.test.ts',
  'src/cache/table.interleave.test.ts',
  'src/cache/table.walk.test.ts',
  'src/commands/check-faults.test.ts',
  'src/corefile/parse/fuzz.test.ts',
  'src/log/log.test.ts',
  'src/net/mmsg/pool/pooled-socket.test.ts',
  'src/net/mmsg/waiting.test.ts',
  'src/net/stream/listener.test.ts',
  'src/net/stream/secure-opening.test.ts',
  'src/plugins/hosts/fast.test.ts',
  'src/plugins/loop/loop.test.ts',
  'src/process/http/connections.test.ts',
  'src/process/http/endpoints-tls.test.ts',
  'src/process/shards/thread-reading.test.ts',
  'src/upstream/pooled-burst.test.ts',
  'src/upstream/pooled-udp-client.test.ts',
  'src/upstream/udp-client.test.ts',
]

const files = (include: string, exclude: readonly string[] = []): string[] =>
  globSync(include, { cwd: ROOT, exclude }).sort()

/** Dealt out to so many. */
const dealt = (all: readonly string[], hands: number): string[][] =>
  Array.from({ length: hands }, (_, hand) => all.filter((_, k) => k % hands === hand))

/** What the runner is given for each; several are run beside each other. */
const GROUPS: Readonly<Record<string, () => string[][]>> = {
  rules: () => [RULES],
  // One process for each processor: to start one for each file takes longer than the tests.
  fast: () =>
    dealt(files('src/**/*.test.ts', SLOW), availableParallelism()).map(hand => [
      '--test-isolation=none',
      ...hand,
    ]),
  unit: () => [files('src/**/*.test.ts')],
  whole: () => [files('test/**/*.test.ts', RULES)],
}

/** A folder stands for the tests in it. */
const patternOf = (path: string): string =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    ? join(path, '**/*.test.ts')
    : path

interface Outcome {
  readonly code: number
  /** `tests 12`, `pass 12` and so on, of the runner's summary. */
  readonly counts: ReadonlyMap<string, number>
}

const run = async (flags: readonly string[], patterns: readonly string[]): Promise<Outcome> => {
  const child = spawn(
    process.execPath,
    ['--test', '--test-timeout=120000', ...flags, ...patterns],
    {
      stdio: ['inherit', 'pipe', 'inherit'],
      env: {
        // What is stripped of types once is not stripped again for each test file.
        NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/shardns'),
        ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
        ...process.env,
      },
    },
  )
  const pass = (signal: NodeJS.Signals): boolean => child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass)
  const counts = new Map<string, number>()
  let tail = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text)
    tail = (tail + text).slice(-4096)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const summary = /^\S*(?:ℹ|#) (tests|suites|pass|fail|cancelled|skipped|todo) (\d+)/gm
  for (const [, name = '', count] of tail.matchAll(summary)) counts.set(name, Number(count))
  return { code: code ?? 1, counts }
}

const args = process.argv.slice(2)
const flags = args.filter(arg => arg.startsWith('-'))
const named = args.filter(arg => !arg.startsWith('-'))
const groups = named.flatMap(name => (Object.hasOwn(GROUPS, name) ? GROUPS[name]! : []))

if (groups.length === 0 || groups.length < named.length) {
  const all = ['src/**/*.test.ts', 'test/**/*.test.ts']
  process.exitCode = (await run(flags, named.length === 0 ? all : named.map(patternOf))).code
} else {
  const sums = new Map<string, number>()
  for (const group of groups) {
    const outcomes = await Promise.all(group().map(patterns => run(flags, patterns)))
    for (const { counts } of outcomes)
      for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count)
    const failed = outcomes.find(({ code }) => code !== 0)
    process.exitCode = failed?.code ?? 0
    if (failed !== undefined) break
  }
  if (groups.length > 1) for (const [name, sum] of sums) console.log(`ℹ ${name} ${sum}`)
}
