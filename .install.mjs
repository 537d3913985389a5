// Run by npm before start, test, ok and build: installs what package-lock.json names, when it is missing or older.
// `npm install` and not `npm ci`: both take the versions of package-lock.json, but `ci` refuses a lock file that lacks optional packages for
// other platforms, and a registry mirror may not have had them when it was written.
// Plain JavaScript without syntax newer than Node 20, since this is what a fresh machine runs it with.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

const modified = path => statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0
if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  process.stderr.write('shardns: installing dependencies (npm install)\n')
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: new URL('.', import.meta.url),
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    process.stderr.write('shardns: npm install failed\n')
    process.exit(1)
  }
}
