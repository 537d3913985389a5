// The command as a process: exit codes, and which stream is written to.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './support/source-files.ts'

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const spawn = (
  argv: readonly string[],
  input = '',
  command = join(ROOT, 'src/cli.ts'),
): Outcome => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...argv], {
    cwd: ROOT,
    input,
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  return { code: status, out: stdout, err: stderr }
}

test('-version', () => {
  const { code, out, err } = spawn(['-version'])
  assert.deepEqual({ code, err }, { code: 0, err: '' })
  assert.match(out, /^shardns-\S+ \(CoreDNS-1\.14\.7 compatible\)\n\S+, node\d\S+, \S+\n$/)
})

test('an unknown flag: usage on stderr, then the error, exit 2', () => {
  const { code, out, err } = spawn(['-bogus'])
  assert.deepEqual({ code, out }, { code: 2, out: '' })
  assert.match(err, /^Usage: shardns [\s\S]*\nflag provided but not defined: -bogus\n$/)
})

test('extra arguments: stderr, exit 1', () =>
  assert.deepEqual(spawn(['a', 'b']), {
    code: 1,
    out: '',
    err: 'extra command line arguments: [a b]\n',
  }))

for (const argv of [
  ['check', 'Corefile'],
  ['check'],
  ['check', '-conf', 'Corefile'],
  ['check', '--conf=Corefile'],
  ['check', '-conf', ''],
])
  test(`the repository serves a Corefile without fault: ${argv.join(' ')}`, () =>
    assert.deepEqual(spawn([...argv, '-elsewhere']), { code: 0, out: 'Corefile: ok\n', err: '' }))

test('a folder is no Corefile: one sentence on stderr, exit 1', () =>
  assert.deepEqual(spawn(['-conf', 'src']), {
    code: 1,
    out: '',
    err: 'loading Caddyfile via flag: read src: is a directory\n',
  }))

test('check of a Corefile with an error: stdout, exit 1', () => {
  const { code, out, err } = spawn(['check', '-'], '. {\nfoo\n}')
  assert.deepEqual({ code, err }, { code: 1, err: '' })
  assert.match(out, /^\/dev\/stdin:2:1: error: Unknown directive 'foo'\n/)
})

for (const [argument, code] of [
  ['--strict', 1],
  ['--strict=true', 1],
  ['-strict=1', 1],
  ['--strict=false', 0],
  ['--strict=maybe', 2],
] as const)
  test(`check ${argument} of a Corefile with a warning`, () =>
    assert.equal(spawn(['check', '-elsewhere', argument, '-'], '. {\n cache 30s\n}\n').code, code))

test('check writes all that it has to say before it exits', () => {
  const text = Array.from({ length: 100 }, (_, index) => `x${index}.${'y'.repeat(50_000)}\n`).join(
    '',
  )
  const { code, out } = spawn(['check', '--format', 'json', '-'], `. {\n${text}}\n`)
  assert.equal(code, 1)
  assert.equal(JSON.parse(out)[0].diagnostics.length, 100)
})

for (const argv of ['check -elsewhere Corefile', '-version', '-plugins', 'check --help'])
  test(`a standard output that takes nothing is said in one sentence: ${argv}`, () => {
    const shell = ['-c', `exec "$0" src/cli.ts ${argv} > /dev/full`, process.execPath]
    const { status, stderr } = spawnSync('sh', shell, { cwd: ROOT, encoding: 'utf8' })
    assert.deepEqual(
      { status, stderr },
      { status: 1, stderr: 'write /dev/stdout: no space left on device\n' },
    )
  })

test('a standard error that takes nothing changes no exit code', () => {
  const shell = ['-c', 'exec "$0" src/cli.ts -bogus 2> /dev/full', process.execPath]
  assert.equal(spawnSync('sh', shell, { cwd: ROOT }).status, 2)
})

test('the command works through a link, as npm installs it', t => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-link-'))
  t.after(() => rmSync(folder, { recursive: true }))
  symlinkSync(join(ROOT, 'src/cli.ts'), join(folder, 'shardns.ts'))
  assert.equal(spawn(['-plugins'], '', join(folder, 'shardns.ts')).code, 0)
})
