// Which files `check` looks at, and what it says of those that cannot be read.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { folderWith } from '../../test/fakes/check.ts'
import { TEXT_FILE_BYTES } from '../base/files/text-file.ts'
import { check } from './check.ts'

const GOOD = '. {\n whoami\n}\n'

const checked = async (
  args: readonly string[],
  folder: string,
): Promise<{ code: number; out: string }> => {
  let out = ''
  const world = { out: (part: string) => void (out += part), stdin: () => '.:5300 {\n whoami\n}\n' }
  const code = await check(args, { format: 'text', strict: false, elsewhere: false }, world)
  return { code, out: out.replaceAll(folder, '@') }
}

const folders: readonly { name: string; files: readonly string[]; checked: readonly string[] }[] = [
  { name: 'one Corefile', files: ['Corefile'], checked: ['Corefile'] },
  {
    name: 'Corefiles beside other files, in order',
    files: ['db.example.org', 'b.Corefile', 'Corefile-a', 'corefile.txt', '.Corefile.swp'],
    checked: ['Corefile-a', 'b.Corefile', 'corefile.txt'],
  },
  {
    name: 'files that have other names',
    files: ['two', 'one', '.hidden'],
    checked: ['one', 'two'],
  },
]
for (const c of folders)
  test(`check of a folder: ${c.name}`, async t => {
    const folder = folderWith(t, Object.fromEntries(c.files.map(name => [name, GOOD])))
    mkdirSync(join(folder, 'Corefile.d'))
    const out = c.checked.map(name => `@/${name}: ok\n`).join('')
    assert.deepEqual(await checked([folder], folder), { code: 0, out })
  })

test('check of a mounted ConfigMap follows its links', async t => {
  const folder = folderWith(t)
  mkdirSync(join(folder, '..data'))
  writeFileSync(join(folder, '..data', 'Corefile'), GOOD)
  symlinkSync('..data/Corefile', join(folder, 'Corefile'))
  assert.deepEqual(await checked([folder], folder), { code: 0, out: '@/Corefile: ok\n' })
})

test('check of a folder passes over links that lead nowhere', async t => {
  const folder = folderWith(t, { Corefile: GOOD })
  symlinkSync('Corefile.loop', join(folder, 'Corefile.loop'))
  symlinkSync('nowhere', join(folder, 'Corefile.lost'))
  assert.deepEqual(await checked([folder], folder), { code: 0, out: '@/Corefile: ok\n' })
})

for (const word of ['-', 'stdin'])
  test(`check of ${word} reads standard input`, async t =>
    assert.deepEqual(await checked([word], folderWith(t)), { code: 0, out: '/dev/stdin: ok\n' }))

const unreadable: readonly { name: string; make: (path: string) => void; why: string }[] = [
  { name: 'a file that is not there', make: () => {}, why: 'open @/x: no such file or directory' },
  {
    name: 'a folder without files',
    make: path => mkdirSync(path),
    why: 'no Corefile in the folder @/x',
  },
  {
    name: 'a named pipe',
    make: path => execFileSync('mkfifo', [path]),
    why: 'open @/x: a named pipe cannot be read',
  },
  {
    name: 'a device without end',
    make: path => symlinkSync('/dev/zero', path),
    why: `open @/x: larger than ${TEXT_FILE_BYTES} bytes`,
  },
  {
    name: 'a large file',
    make: path => {
      writeFileSync(path, '')
      truncateSync(path, 100 * 1024 * 1024)
    },
    why: `open @/x: larger than ${TEXT_FILE_BYTES} bytes`,
  },
  {
    name: 'a link to itself',
    make: path => symlinkSync(path, path),
    why: 'open @/x: too many levels of symbolic links',
  },
]
for (const c of unreadable)
  test(`check says in one sentence: ${c.name}`, async t => {
    const folder = folderWith(t)
    c.make(join(folder, 'x'))
    const out = `error: ${c.why}\n@/x: 1 error\n`
    assert.deepEqual(await checked([join(folder, 'x')], folder), { code: 2, out })
  })

test('check says in one sentence: a path that is none', async t =>
  assert.deepEqual(await checked(['x\0'], folderWith(t)), {
    code: 2,
    out: 'error: open x·: invalid argument\nx\0: 1 error\n',
  }))

test('a second place is shown like the first', async t => {
  const folder = folderWith(t, { Corefile: '.:53 {\n    whoami\n}\n. {\n    whoami\n}\n' })
  assert.deepEqual(await checked([join(folder, 'Corefile')], folder), {
    code: 1,
    out: [
      '@/Corefile:4:1: error: cannot serve dns://.:53 - it is already defined',
      '    . {',
      '    ^',
      '@/Corefile:1:1: note: the first one stands here',
      '    .:53 {',
      '    ^^^^',
      '@/Corefile: 1 error',
      '',
    ].join('\n'),
  })
})
