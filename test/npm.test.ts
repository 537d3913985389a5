// The npm scripts, in a copy of the checkout: what they start ends with them, and they change
// nothing that is tracked.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, sep } from 'node:path'
import { test } from 'node:test'
import { copyCheckout } from './support/checkout-copy.ts'
import { freePorts, temporaryFolder, WatchedProcess, without } from './support/server-process.ts'
import { ROOT } from './support/source-files.ts'

const LIMIT = { skip: without('npm'), timeout: 60_000 }

interface LockedPackage {
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
}

test('package-lock.json has every package that it asks for, those of other platforms too', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>
  }
  const missing: string[] = []
  for (const [place, { dependencies, optionalDependencies }] of Object.entries(packages)) {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const nested = `${place === '' ? '' : `${place}/`}node_modules/${name}`
      if (packages[nested] === undefined && packages[`node_modules/${name}`] === undefined)
        missing.push(`${place} -> ${name}`)
    }
  }
  assert.deepEqual(missing, [])
})

/** Stands for npm: says what it was called with, and fails if told to. */
const fakeNpm = (folder: string, code: number): string => {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$@" > called\nexit ${code}\n`, { mode: 0o755 })
  return bin
}

for (const { code, status } of [
  { code: 0, status: 0 },
  { code: 7, status: 1 },
])
  test(`what is missing is installed by npm ci, which leaves package-lock.json alone; npm ends with ${code}`, t => {
    const folder = temporaryFolder(t)
    for (const file of ['.install.mjs', 'package.json', 'package-lock.json'])
      cpSync(join(ROOT, file), join(folder, file))
    const env = { ...process.env, PATH: `${fakeNpm(folder, code)}:${process.env.PATH}` }
    assert.equal(spawnSync(process.execPath, ['.install.mjs'], { cwd: folder, env }).status, status)
    assert.match(readFileSync(join(folder, 'called'), 'utf8'), /^ci( --\S+)*\n$/)
  })

const fingerprint = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => !path.startsWith(`node_modules${sep}`) && statSync(join(folder, path)).isFile())
    .map(
      path =>
        `${path} ${createHash('sha256')
          .update(readFileSync(join(folder, path)))
          .digest('hex')}`,
    )
    .toSorted()

test(
  'npm start: SIGUSR1 reloads, a signal to npm ends the server, and no file is another than before',
  LIMIT,
  async t => {
    const folder = temporaryFolder(t)
    copyCheckout(folder)
    const [port] = await freePorts(1)
    writeFileSync(join(folder, 'Corefile'), `.:${port} {\n bind 127.0.0.1\n whoami\n}\n`)
    const before = fingerprint(folder)
    const pidfile = join(temporaryFolder(t), 'pid')
    const npm = new WatchedProcess(t, 'npm', ['start', '--', '-pidfile', pidfile], folder)
    await npm.seen(/engine /)
    while (!existsSync(pidfile)) await new Promise(setImmediate)
    const pid = Number(readFileSync(pidfile, 'utf8'))
    assert.notEqual(pid, npm.pid)
    process.kill(pid, 'SIGUSR1')
    await npm.seen(/Reloading complete/)
    npm.child.kill('SIGTERM')
    await npm.exited
    assert.match(npm.out, /SIGTERM: Shutting down servers then terminating/)
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    assert.deepEqual(fingerprint(folder), before)
  },
)
