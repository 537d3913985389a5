// Bars that the ordinary tests try: run once more, so that what is said of them is what came of it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { messageOf } from '../../../src/chain/errors.ts'
import { THOROUGH_VARIABLE } from '../../support/effort.ts'
import { NEWER, otherNode } from '../../support/other-nodes.ts'
import { ROOT, readRepositoryFile, repositoryPaths } from '../../support/source-files.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import type { World } from '../world.ts'

const TEST_LIMIT_MS = 120_000
/** Of all tests, one after the other on a slow machine. */
const SUITE_LIMIT_MS = 40 * 60_000

interface Runner {
  readonly node?: string
  /** Of Node. */
  readonly flags?: readonly string[]
  readonly isThorough?: boolean
}

const passed = async (
  world: World,
  files: readonly string[],
  { node = process.execPath, flags: further = [], isThorough = true }: Runner = {},
): Promise<Figure> => {
  const flags = ['--test', '--test-reporter=tap', `--test-timeout=${TEST_LIMIT_MS}`, ...further]
  // A test that runs tests takes this variable to mean that it is one of theirs.
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  const env = isThorough ? { ...own, [THOROUGH_VARIABLE]: '1' } : own
  const child = spawn(node, [...flags, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  })
  world.after(() => void child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const [code] = await once(child, 'close')
  const count = (name: string): number =>
    Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(out)?.[1] ?? 0)
  const failed = [...out.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, name]) => name ?? '')
  return {
    figure: `${count('pass')} tests pass, ${count('skipped')} are skipped`,
    faults: faultsOf(
      [code !== 0, `failed: ${failed.join(', ')}`],
      [count('pass') === 0, 'no test was run'],
    ),
  }
}

const suite = (
  bar: string,
  name: string,
  tried: string,
  files: readonly string[],
  pattern?: string,
): Row => ({
  bar,
  name,
  tried: `tests: ${tried} (${files.map(file => `\`${file}\``).join(', ')})`,
  run: world =>
    passed(world, files, {
      flags: pattern === undefined ? [] : [`--test-name-pattern=${pattern}`],
    }),
})

/** What runs on the pinned Node alone: rules, what npm does, and this campaign. */
const PINNED =
  /^test\/(trust\/|(repository|documents|hot-path|deploy|npm|bin|package|run)\.test\.ts$)/

const onOtherNode = (version: string): Row => ({
  bar: 'R-66',
  name: `suite-node-${version.split('.')[0]}`,
  tried: `tests: all that are not of the repository, on Node ${version}, which has no FFI`,
  limitMs: SUITE_LIMIT_MS,
  run: async world => {
    let node: string
    try {
      node = await otherNode(version)
    } catch (error) {
      return { figure: `it cannot be fetched: ${messageOf(error)}`, faults: [], isUntried: true }
    }
    const files = repositoryPaths('{src,test}/**/*.test.ts').filter(path => !PINNED.test(path))
    const flags = ['--import', './test/support/older-engines.ts']
    return passed(world, files, { node, flags, isThorough: false })
  },
})

/** Of what runs in production: no package may run a script when it is installed. */
const noScripts = async (): Promise<Figure> => {
  const { packages } = JSON.parse(readRepositoryFile('package-lock.json')) as {
    packages: Record<
      string,
      { readonly hasInstallScript?: true; readonly dev?: true; readonly optional?: true }
    >
  }
  const needed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  const scripted = needed
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path)
  return {
    figure: `${needed.length} packages outside of development, ${scripted.length} with an install script`,
    faults: faultsOf([scripted.length > 0, scripted.join(', ')]),
  }
}

const CACHE = 'src/plugins/cache'

export const SUITE_ROWS: readonly Row[] = [
  suite(
    'R-01c',
    'random-source',
    'source files are searched',
    ['test/repository.test.ts'],
    'random numbers',
  ),
  suite('R-02b', 'forged-ids', 'mismatches and malformed replies make TCP be tried', [
    'src/upstream/pooled-udp-client.test.ts',
    'src/upstream/udp-client.test.ts',
  ]),
  suite('R-05', 'reply-sizes', 'sizes, TC, and the whole answer over TCP', [
    'src/chain/answer/finish.test.ts',
    'test/answers.test.ts',
  ]),
  suite('R-06', 'extra-records', 'what counts as an answer to a question, and what is kept', [
    `${CACHE}/entries/storable.test.ts`,
    'src/upstream/judge.test.ts',
  ]),
  suite('R-07', 'cache-keys', 'DO, CD, class, type, case, blocks; acl before cache', [
    `${CACHE}/entries/hit.test.ts`,
    `${CACHE}/entries/own-opt.test.ts`,
    'src/plugins/acl/acl.test.ts',
  ]),
  suite('R-07b', 'one-hash', 'a hash that is the same for all keys', [
    'src/cache/table.test.ts',
    'src/cache/table-model.test.ts',
  ]),
  suite('R-08', 'ttls', 'TTLs at their limits, expiry, changes', [
    `${CACHE}/entries/hit.test.ts`,
    `${CACHE}/fetch/miss.test.ts`,
    `${CACHE}/changes.test.ts`,
  ]),
  suite('R-09', 'stale', 'stale answers in both modes, with upstreams that fail and recover', [
    `${CACHE}/fetch/stale.test.ts`,
  ]),
  suite('R-12b', 'recorded-reactions', "CoreDNS's recorded answers", [
    'test/golden/scenarios.test.ts',
    'test/rejected.test.ts',
  ]),
  suite('R-12c', 'round-trips', 'read, write, read; against dns-packet', [
    'src/wire/dns-packet.test.ts',
    'src/wire/writer.test.ts',
    'src/wire/mutation.test.ts',
  ]),
  suite('R-13', 'names', 'pointers, lengths, bytes', [
    'src/wire/name.test.ts',
    'src/wire/question.test.ts',
    'src/wire/layout.test.ts',
    'test/packets.test.ts',
  ]),
  suite('R-14', 'pointer-bombs', 'messages that cost most to read', ['src/wire/bomb.test.ts']),
  suite('R-15', 'edns', 'options, versions, second OPT records', ['src/wire/edns.test.ts']),
  suite('R-16', 'javascript-names', 'names of Object.prototype in Corefiles and environments', [
    'src/corefile/parse/fuzz.test.ts',
    'src/corefile/parse/parser.test.ts',
    'src/corefile/parse/env.test.ts',
  ]),
  suite('R-16', 'keyed-hashes', 'hashes that clients cannot steer', [
    'src/memory/keyed-hash.test.ts',
  ]),
  suite('R-17', 'patterns', 'a pattern that makes backtracking engines hang', [
    'src/base/text/regexp.test.ts',
  ]),
  suite('R-18', 'log-lines', 'escapes in the log', [
    'src/plugins/log/format.test.ts',
    'src/wire/name-text.test.ts',
  ]),
  suite('R-22', 'loops', 'a server that forwards to itself; the loop plugin', [
    'test/upstreams.test.ts',
    'src/plugins/loop/loop.test.ts',
  ]),
  suite(
    'R-40',
    'silent-one',
    'one of three upstreams never answers',
    ['test/upstreams.test.ts'],
    'one of three',
  ),
  suite('R-41', 'refusing-upstream', 'closed ports and the order of attempts', [
    'src/plugins/forward/attempts.test.ts',
  ]),
  suite('R-43', 'late-upstreams', 'time-outs and budgets of attempts', [
    'src/plugins/forward/attempts.test.ts',
    'src/upstream/upstream.test.ts',
  ]),
  suite('R-45', 'lying-upstreams', 'TC over TCP, connections that break, certificates', [
    'src/upstream/upstream.test.ts',
    'src/upstream/stream-pool.test.ts',
  ]),
  suite('R-50', 'api-outages', 'outages, refusals, hangs and slow starts of a fake API server', [
    'test/kubernetes-outage.test.ts',
    'test/kubernetes-startup.test.ts',
    'test/kubernetes-faults.test.ts',
  ]),
  suite('R-51', 'api-changes', 'changes and reconnections', [
    'test/kubernetes-changes.test.ts',
    'src/kube/reflector.test.ts',
  ]),
  suite('R-52', 'missed-deletions', 'a relist replaces what there was', [
    'src/kube/reflector-failures.test.ts',
    'test/kubernetes-recovery.test.ts',
  ]),
  suite('R-53', 'hidden-namespaces', 'names outside of what is served', [
    'test/kubernetes-hidden.test.ts',
  ]),
  suite('R-55b', 'bad-corefiles', 'a Corefile that cannot be served; listeners that come and go', [
    'test/reload.test.ts',
    'test/stop.test.ts',
  ]),
  suite(
    'R-60d',
    'deadly-question',
    'a question that kills twice is refused, and only that one; five deaths end the process',
    ['test/shard-death.test.ts', 'test/mmsg-death.test.ts'],
  ),
  suite('R-61a', 'torture', 'threads that write, read and die', [
    'src/cache/table.torture.test.ts',
    'src/cache/table.interleave.test.ts',
    'src/records/records.torture.test.ts',
    'src/memory/claims.torture.test.ts',
    'src/memory/claims.interleave.test.ts',
  ]),
  suite('R-61b', 'permits', 'threads that take, give back and die', [
    'src/memory/permits.torture.test.ts',
    'src/memory/permits.test.ts',
  ]),
  suite(
    'R-62',
    'clocks',
    'nothing but one file and the engine reads a clock, and that is monotonic; expiry by number',
    ['test/repository.test.ts', `${CACHE}/entries/hit.test.ts`],
    'clock|TTL|second',
  ),
  suite('R-65', 'engine', 'the batch engine on a libc of its own and on the real one', [
    'src/net/mmsg/inbound.test.ts',
    'src/net/mmsg/outbound.test.ts',
    'src/net/mmsg/journal.test.ts',
    'src/net/mmsg/sockets.test.ts',
    'src/net/mmsg/engine.test.ts',
    'test/engines.test.ts',
  ]),
  ...NEWER.map(onOtherNode),
  {
    bar: 'R-64',
    name: 'install-scripts',
    tried: 'the lockfile is searched for packages that run something when installed',
    run: noScripts,
  },
]
