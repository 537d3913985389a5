// The command as npm installs it, started by a Node that is too old for the program. That Node is
// this one, which says so: package.test.ts asks real ones.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePorts, temporaryFolder, WatchedProcess, without } from './support/server-process.ts'
import { ROOT } from './support/source-files.ts'

const LIMIT = { skip: without('script') }
const BIN = join(ROOT, 'src/bin.cjs')

const loading = (code: string): string =>
  `--import=data:text/javascript;base64,${Buffer.from(code).toString('base64')}`

/** A flag that makes of this Node an old one, for one process: its children are what they are. */
const aged = (version: string): string =>
  loading(`
    Object.defineProperty(process, 'version', { value: 'v${version}' })
    Object.defineProperty(process, 'versions', { value: { node: '${version}' } })
    Object.defineProperty(process, 'execve', { value: undefined })
  `)

/** One that strips no types: `process.execve` came before that did. */
const UNSTRIPPED = '--no-strip-types'

const run = (flags: readonly string[], args: readonly string[], bin = BIN) =>
  spawnSync(process.execPath, [...flags, bin, ...args], { cwd: ROOT, encoding: 'utf8' })

for (const { name, flags } of [
  { name: 'new enough', flags: [] },
  { name: 'too old', flags: [aged('20.20.2')] },
  { name: 'older than execve', flags: [aged('12.22.12')] },
  { name: 'that strips no types', flags: [UNSTRIPPED] },
])
  for (const { args, status, out } of [
    { args: ['-version'], status: 0, out: /, node26\./ },
    { args: ['check', 'Corefile', '-elsewhere'], status: 0, out: /^Corefile: ok\n$/ },
    { args: ['check', 'LICENSE', '-elsewhere'], status: 1, out: /error/ },
    { args: ['check', 'no-such-file'], status: 2, out: /no such file/ },
  ])
    test(`a checkout and a Node ${name}: ${args.join(' ')} ends with ${status}`, () => {
      const ended = run(flags, args)
      assert.match(ended.stdout, out)
      assert.equal(ended.status, status)
    })

/** Tells at the first word that the file loads another which signals have a handler. */
const TELLS = loading(`
  import { registerHooks } from 'node:module'
  let isTold = false
  registerHooks({
    resolve(specifier, context, next) {
      if (!isTold && /[/]src[/]bin[.]cjs$/.test(context.parentURL ?? '')) {
        isTold = true
        const signals = ['SIGUSR1', 'SIGUSR2', 'SIGHUP']
        console.error(...signals.map(signal => process.listenerCount(signal)))
      }
      return next(specifier, context)
    },
  })
`)

test('the command takes the signals of the start before it loads anything', () => {
  const ended = run([TELLS], ['-version'])
  assert.equal(ended.stderr, '1 1 1\n')
  assert.equal(ended.status, 0)
})

/** The command without a Node beside it: of a checkout, or of a package. */
const lonely = (t: TestContext, files: readonly string[]): string => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'src'))
  for (const file of ['package.json', 'src/bin.cjs'])
    copyFileSync(join(ROOT, file), join(folder, file))
  for (const file of files) writeFileSync(join(folder, file), '')
  return join(folder, 'src/bin.cjs')
}

const NPX = 'npx -y -p node@26 -p shardns shardns'
for (const { files, version, args, says } of [
  { files: [], version: '20.20.2', args: [], says: `22.15 or newer%: ${NPX}` },
  { files: [], version: '22.14.0', args: [], says: `22.15 or newer%: ${NPX}` },
  {
    files: [],
    version: '8.0.0',
    args: ['check', "it's", '--format=json', './a b'],
    says: `22.15 or newer%: ${NPX} check 'it'\\''s' --format=json './a b'`,
  },
  {
    files: ['tsconfig.json'],
    version: '22.17.1',
    args: ['check'],
    says: '22.18 or newer%: npm ci installs one here',
  },
])
  test(`without a newer Node: ${[version, ...args].join(' ')}`, t => {
    const ended = run([aged(version)], args, lonely(t, files))
    const sentence = says.replace('%', `, and this is v${version}`)
    assert.equal(ended.stderr, `shardns needs Node.js ${sentence}\n`)
    assert.deepEqual([ended.status, ended.stdout], [1, ''])
  })

const OLD = aged('20.20.2')

/** Serves; gives the process that was started, and the number of the one that serves. */
const serving = async (
  t: TestContext,
  flags: readonly string[],
  [program = '', ...first]: readonly string[] = [process.execPath],
) => {
  const [port] = await freePorts(1)
  const folder = temporaryFolder(t)
  const pidfile = join(folder, 'pid')
  writeFileSync(join(folder, 'Corefile'), `.:${port} {\n bind 127.0.0.1\n whoami\n}\n`)
  const args = [...first, ...flags, BIN, '-pidfile', pidfile, '--workers', '1']
  // Before the other, which waits for the end of all output: an orphan does not end by itself.
  t.after(() => {
    if (existsSync(pidfile)) process.kill(Number(readFileSync(pidfile, 'utf8')), 'SIGKILL')
  })
  const started = new WatchedProcess(t, program, args, folder)
  await started.seen(/engine /)
  while (!existsSync(pidfile)) await new Promise(setImmediate)
  return { started, pid: Number(readFileSync(pidfile, 'utf8')) }
}

for (const { name, flags, isSame } of [
  { name: 'a Node that is new enough serves itself', flags: [], isSame: true },
  { name: 'one that can turns into another', flags: [UNSTRIPPED], isSame: true },
  { name: 'an old one starts another', flags: [OLD], isSame: false },
])
  test(`${name}; signals reach the one that serves, and its end is that of the command`, async t => {
    const { started, pid } = await serving(t, flags)
    assert.equal(pid === started.pid, isSame)
    started.child.kill('SIGUSR1')
    await started.seen(/Reloading complete/)
    assert.equal(await started.stop('SIGTERM'), 0)
    assert.match(started.out, /SIGTERM: Shutting down servers then terminating/)
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  })

test('the server is killed: the command ends by the same signal', async t => {
  const { started, pid } = await serving(t, [OLD])
  process.kill(pid, 'SIGKILL')
  await started.exited
  assert.equal(started.child.signalCode, 'SIGKILL')
})

test('the command is killed: the server ends in its own time', async t => {
  const { started } = await serving(t, [OLD])
  started.child.kill('SIGKILL')
  await started.seen(/SIGTERM: Shutting down servers then terminating/)
  // The end of its output is that of the server.
  await started.exited
})

/** A shell as npm has it between itself and a command: it passes on no signal. */
const behind = (script: string): string[] => [
  'sh',
  '-c',
  `npm_lifecycle_event=${script} "$0" "$@"; :`,
  process.execPath,
]

for (const { script, flags, by } of [
  { script: 'npx', flags: [], by: 'SIGTERM' },
  { script: 'npx', flags: [], by: 'SIGHUP' },
  { script: 'npx', flags: [OLD], by: 'SIGTERM' },
  { script: 'start', flags: [], by: 'SIGKILL' },
] as const)
  test(`the shell of npm's '${script}' ends by ${by}: so does the server behind it${flags.length === 0 ? '' : ', which another Node started'}`, async t => {
    const { started } = await serving(t, flags, behind(script))
    started.child.kill(by)
    await started.seen(/SIGTERM: Shutting down servers then terminating/)
    await started.exited
  })

test(
  'an interrupt from a terminal, which sends it to both, is one for the server',
  LIMIT,
  async t => {
    const [port, health] = await freePorts(2)
    const corefile = join(temporaryFolder(t), 'Corefile')
    const block = `bind 127.0.0.1\n whoami\n health 127.0.0.1:${health} {\n lameduck 1s\n }`
    writeFileSync(corefile, `.:${port} {\n ${block}\n}\n`)
    const command = [process.execPath, OLD, BIN, '-conf', corefile, '--workers', '1']
    const args = ['-qec', command.map(word => `'${word}'`).join(' '), '/dev/null']
    const script = new WatchedProcess(t, 'script', args, ROOT, 'pipe')
    await script.seen(/engine /)
    script.child.stdin?.write('\x03')
    await script.exited
    assert.match(script.out, /SIGINT: Shutting down/)
    assert.doesNotMatch(script.out, /Force quit/)
  },
)
