import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { LOOKS, onceWritten, readCorefile, rereadCorefile } from './corefile-source.ts'

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

const TEXT = '. {\nwhoami\n}\n'
const conf = join(folder, 'Corefile')
/** What is there; undefined: no file. */
const put = (text: string | undefined): void =>
  text === undefined ? rmSync(conf, { force: true }) : writeFileSync(conf, text)

const MISSING = `loading Caddyfile via flag: open ${conf}: no such file or directory`
const NO_BLOCK = `${conf} has no server block`
const rereads: {
  rule: string
  /** At the first look, the second and so on; from the last on it stays. */
  seen: readonly (string | undefined)[]
  text?: string
  error?: string
  looks: number
}[] = [
  { rule: 'what is there is taken at once', seen: [TEXT], text: TEXT, looks: 1 },
  { rule: 'empty while it is written', seen: ['', '', TEXT], text: TEXT, looks: 3 },
  { rule: 'away, then empty', seen: [undefined, '', TEXT], text: TEXT, looks: 3 },
  { rule: 'comments come first', seen: ['# my dns\n', '# my dns\n\n', TEXT], text: TEXT, looks: 3 },
  { rule: 'a byte order mark and blank lines', seen: ['\ufeff\n\n', TEXT], text: TEXT, looks: 2 },
  { rule: 'empty for good', seen: [''], error: NO_BLOCK, looks: LOOKS },
  { rule: 'comments for good', seen: ['# . {\n  # }'], error: NO_BLOCK, looks: LOOKS },
  { rule: 'gone for good', seen: [undefined], error: MISSING, looks: LOOKS },
]
for (const { rule, seen, text, error, looks } of rereads)
  test(`a reload reads again: ${rule}`, async () => {
    let look = 1
    put(seen[0])
    const reading = rereadCorefile(conf, async () => {
      look++
      if (look <= seen.length) put(seen[look - 1])
    })
    if (error === undefined) assert.equal((await reading).text, text)
    else await assert.rejects(reading, { message: error })
    assert.equal(look, looks)
  })

test('what cannot be read is not looked at twice', async () => {
  let looks = 0
  const read = async (): Promise<never> => {
    looks++
    throw Object.assign(new Error('denied'), { code: 'EACCES' })
  }
  await assert.rejects(onceWritten(read, assert.fail), /^Error: denied$/)
  assert.equal(looks, 1)
})
