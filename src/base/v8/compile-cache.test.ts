import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const print = (env: Record<string, string | undefined>): string =>
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { keepCompiled } from ${JSON.stringify(import.meta.resolve('./compile-cache.ts'))}
       import { getCompileCacheDir } from 'node:module'
       keepCompiled()
       console.log(String(getCompileCacheDir()), process.env.NODE_COMPILE_CACHE)`,
    ],
    { env: { ...process.env, NODE_COMPILE_CACHE: undefined, ...env }, encoding: 'utf8' },
  ).trim()

test('a checkout keeps what was compiled beside the dependencies, for main and for its threads', () => {
  const folder = fileURLToPath(new URL('../../../node_modules/.cache/shardns', import.meta.url))
  const [used = '', told] = print({ NODE_DISABLE_COMPILE_CACHE: undefined }).split(' ')
  assert.ok(used.startsWith(folder), used)
  assert.equal(told, folder)
})

test("the operator's own choice comes first", () => {
  assert.equal(print({ NODE_DISABLE_COMPILE_CACHE: '1' }), 'undefined undefined')
  assert.match(print({ NODE_COMPILE_CACHE: '/nowhere/at/all' }), / \/nowhere\/at\/all$/)
})
