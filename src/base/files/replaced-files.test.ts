import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Cleanup, temporaryFolder } from '../../../test/support/server-process.ts'
import { ReplacedFiles } from './replaced-files.ts'

const setUp = (t: Cleanup) => {
  const folder = temporaryFolder(t)
  const at = (name: string): string => join(folder, name)
  const write = (name: string, text: string): void => writeFileSync(at(name), text)
  write('a', 'one')
  write('b', 'two')
  const files = new ReplacedFiles(read => `${read(at('a'))} ${read(at('b'))}`)
  /** Of a look: `changes` happen in its pauses, one in each. */
  const look = async (...changes: (() => void)[]): Promise<unknown> => {
    const reading = await files.look(async () => changes.shift()?.())
    if (reading === undefined) return undefined
    return 'value' in reading.made ? reading.made.value : String(reading.made.error)
  }
  return { at, write, files, look }
}

test('files that nobody has touched are not read again', async t => {
  const { files, look } = setUp(t)
  assert.deepEqual(files.read().made, { value: 'one two' })
  assert.equal(await look(), undefined)
})

test('a change is seen once, also one that leaves length and time as they were', async t => {
  const { files, write, look, at } = setUp(t)
  const times = new Date(1_700_000_000_000)
  utimesSync(at('b'), times, times)
  const { version } = files.read()
  write('b', 'six')
  utimesSync(at('b'), times, times)
  assert.equal(await look(), 'one six')
  assert.equal(await look(), undefined)
  assert.notEqual(files.read().version, version)
})

test('the same contents again are no change', async t => {
  const { files, write, look } = setUp(t)
  const { version } = files.read()
  write('a', 'one')
  assert.equal(await look(), undefined)
  assert.equal(files.read().version, version)
})

test('files that are still being written are waited for', async t => {
  const { files, write, look } = setUp(t)
  files.read()
  write('a', '')
  const found = await look(
    () => write('a', 'o'),
    () => write('a', 'on'),
    () => write('b', 'three'),
  )
  assert.equal(found, 'on three')
})

test('files that never hold still are left to the next look, which sees them', async t => {
  const { files, write, look } = setUp(t)
  files.read()
  write('a', 'x')
  let count = 0
  const restless = Array.from({ length: 20 }, () => () => write('a', `x${count++}`))
  assert.equal(await look(...restless), undefined)
  assert.ok(count > 1 && count < 20)
  assert.equal(await look(), `x${count - 1} two`)
})

test('a file that goes is a change, and so is one that comes', async t => {
  const { files, write, look, at } = setUp(t)
  files.read()
  rmSync(at('b'))
  assert.equal(await look(), `Error: open ${at('b')}: no such file or directory`)
  assert.equal(await look(), undefined)
  write('b', 'back')
  assert.equal(await look(), 'one back')
})

test('a file that could not be read from the first is looked for', async t => {
  const { files, write, look, at } = setUp(t)
  rmSync(at('a'))
  assert.ok('error' in files.read().made)
  assert.equal(await look(), undefined)
  write('a', 'late')
  assert.equal(await look(), 'late two')
})

test('a link above the files that leads elsewhere is a change of all of them', async t => {
  const folder = temporaryFolder(t)
  const at = (name: string): string => join(folder, name)
  for (const name of ['old', 'new']) {
    mkdirSync(at(name))
    for (const file of ['a', 'b']) writeFileSync(join(at(name), file), `${name} ${file}`)
  }
  symlinkSync('old', at('data'))
  const files = new ReplacedFiles(read => `${read(at('data/a'))}, ${read(at('data/b'))}`)
  assert.deepEqual(files.read().made, { value: 'old a, old b' })
  symlinkSync('new', at('next'))
  renameSync(at('next'), at('data'))
  const reading = await files.look(async () => {})
  assert.deepEqual(reading?.made, { value: 'new a, new b' })
})
