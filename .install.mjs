// Run by npm before start, test, ok and build: installs exactly what package-lock.json names, when
// it is missing or older. `npm ci` and not `npm install`, which may write package-lock.json: no
// script of this package changes a tracked file. Plain JavaScript without syntax newer than Node
// 20, since this is what a fresh machine runs it with.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

const modified = path =>
  statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0
if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  process.stderr.write('shardns: installing dependencies (npm ci)\n')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: new URL('.', import.meta.url),
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    process.stderr.write('shardns: npm ci failed\n')
    process.exit(1)
  }
}
