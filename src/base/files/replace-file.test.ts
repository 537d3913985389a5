import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/support/server-process.ts'
import { replaceFile } from './replace-file.ts'

test('a file is replaced whole: whoever has opened the old one keeps it, mode and owner stay', t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'a')
  writeFileSync(path, 'old')
  chmodSync(path, 0o604)
  const before = statSync(path)
  replaceFile(path, 'new')
  const after = statSync(path)
  assert.equal(readFileSync(path, 'utf8'), 'new')
  assert.notEqual(after.ino, before.ino)
  assert.deepEqual([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid])
  assert.deepEqual(readdirSync(folder), ['a'])
})

const failures: { rule: string; make(path: string): void; text: string }[] = [
  { rule: 'nothing there', make: () => {}, text: 'no such file or directory' },
  { rule: 'a folder', make: path => mkdirSync(path), text: 'not a regular file' },
  {
    rule: 'a link in a circle',
    make: path => symlinkSync(path, path),
    text: 'too many levels of symbolic links',
  },
]
for (const { rule, make, text } of failures)
  test(`refused in one sentence, and nothing is left: ${rule}`, t => {
    const folder = temporaryFolder(t)
    const path = join(folder, 'a')
    make(path)
    const names = readdirSync(folder)
    assert.throws(() => replaceFile(path, 'new'), { message: `write ${path}: ${text}` })
    assert.deepEqual(readdirSync(folder), names)
  })

test('a folder that takes no file leaves the old one', () => {
  // Root is refused as well there.
  const path = '/proc/self/comm'
  const before = readFileSync(path, 'utf8')
  assert.throws(() => replaceFile(path, 'new'), /^Error: write \/proc\/self\/comm: /)
  assert.equal(readFileSync(path, 'utf8'), before)
})
