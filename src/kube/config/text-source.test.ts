import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { ManualTimers } from '../../../test/fakes/api-server.ts'
import { readText, TextFile } from './text-source.ts'

const file = (t: TestContext, text: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-text-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'token')
  writeFileSync(path, text)
  const timers = new ManualTimers()
  const source = new TextFile(path, { ms: () => timers.nowMs(), seconds: () => 0, wallMs: () => 0 })
  return { folder, path, source }
}

test('a file that is replaced is read anew', async t => {
  const { path, source } = file(t, 'one')
  assert.equal(await source.read(), 'one')
  rmSync(path)
  writeFileSync(path, 'two')
  assert.equal(await source.read(), 'two')
})

test('a file that is gone, or has become too large, leaves the last text in use', async t => {
  const { path, source } = file(t, 'one')
  await source.read()
  truncateSync(path, 5 * 1024 * 1024)
  source.expire()
  assert.equal(await source.read(), 'one')
  rmSync(path)
  source.expire()
  assert.equal(await source.read(), 'one')
})

const UNREADABLE: readonly { name: string; prepare: (path: string) => string; error: RegExp }[] = [
  {
    name: 'no file',
    prepare: path => `${path}-not`,
    error: /token-not cannot be read: there is no such file$/,
  },
  { name: 'a folder', prepare: path => join(path, '..'), error: /is no file$/ },
  {
    name: 'a path through a file',
    prepare: path => join(path, 'x'),
    error: /cannot be read: not a directory$/,
  },
  {
    name: 'a path with a NUL',
    prepare: path => `${path}\0`,
    error: /cannot be read: invalid argument$/,
  },
  {
    name: 'a very large file',
    prepare: path => {
      truncateSync(path, 5 * 1024 * 1024)
      return path
    },
    error: /is larger than 4194304 bytes$/,
  },
]

for (const { name, prepare, error } of UNREADABLE)
  test(`${name} is refused in one sentence`, async t => {
    const path = prepare(file(t, 'text').path)
    await assert.rejects(readText(path), { kind: 'credentials', message: error })
    await assert.rejects(
      new TextFile(path, { ms: () => 0, seconds: () => 0, wallMs: () => 0 }).read(),
      { message: error },
    )
  })
