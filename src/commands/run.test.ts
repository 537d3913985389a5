import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

/** More than a version or a list needs, and less than anything that reads flags. */
const A_HANDFUL = 20

/** Says on standard error which files are loaded. */
const LISTER = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context) } })
`)}`

const ROOT = join(import.meta.dirname, '../..')

const filesOf = (...argv: string[]): readonly string[] => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', LISTER, join(ROOT, 'src/cli.ts'), ...argv],
    { encoding: 'utf8', cwd: ROOT },
  )
  assert.equal(status, 0, stderr)
  return stderr.split('\n').filter(line => line.startsWith('file:'))
}

for (const word of ['version', '-version', '--version', 'plugins', '-plugins', '--plugins'])
  test(`${word} loads a handful of files, and nothing of a plugin or a package`, () => {
    const files = filesOf(word)
    assert.ok(files.length > 3 && files.length <= A_HANDFUL, files.join('\n'))
    assert.deepEqual(
      files.filter(url => /\/node_modules\/|\/src\/plugins\/.+\//.test(url)),
      [],
    )
  })

test('with other flags beside it, -version is read as all flags are', () => {
  const files = filesOf('-quiet', '-version')
  assert.ok(files.some(url => url.includes('/node_modules/commander/')))
  assert.deepEqual(
    files.filter(url => /\/src\/(shard|plugins\/.+)\//.test(url)),
    [],
  )
})

for (const argv of [
  ['fmt', '-check', 'Corefile'],
  ['version', '--json'],
])
  test(`${argv.join(' ')} loads no plugin, no part of the server, no package`, () => {
    const heavy = /\/node_modules\/|\/src\/(?:shard|cache|plugins\/.+)\/|\/process\/server/
    assert.deepEqual(
      filesOf(...argv).filter(url => heavy.test(url)),
      [],
    )
  })
