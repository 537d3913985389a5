import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readCorefile } from './corefile-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'shardns-source-'))
after(() => rmSync(folder, { recursive: true }))

execFileSync('mkfifo', [join(folder, 'pipe')])
symlinkSync('/dev/zero', join(folder, 'zero'))

const refused = [
  { name: 'a file that is not there', path: 'none', why: 'open @/none: no such file or directory' },
  { name: 'a folder', path: '', why: 'read @/: is a directory' },
  {
    name: 'a named pipe, which may have no writer',
    path: 'pipe',
    why: 'open @/pipe: a named pipe cannot be read',
  },
  {
    name: 'a device that never ends',
    path: 'zero',
    why: 'open @/zero: larger than 16777216 bytes',
  },
]
for (const c of refused)
  test(`-conf refuses ${c.name}`, async () =>
    assert.rejects(readCorefile(`${folder}/${c.path}`, 53), {
      message: `loading Caddyfile via flag: ${c.why.replace('@', folder)}`,
    }))

test('-conf takes a file without end of its own: /dev/null is an empty one', async () =>
  assert.equal((await readCorefile('/dev/null', 53)).text, ''))
