import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Logger } from '../../core/logger.ts'
import { nameFromText } from '../../wire/name.ts'
import { HostsSource, MAX_FILE_BYTES } from './hosts-source.ts'
import { HostsTable } from './table.ts'

const setUp = async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'hosts')
  const logged: string[] = []
  const add = (text: string): void => void logged.push(text)
  const log: Logger = { debug: add, info: add, warning: add, error: add }
  const source = new HostsSource({ path, zones: ['.'], inline: ['192.0.2.100 inline'], autoReverse: true }, log)
  const knows = (name: string): boolean => new HostsTable(source.table).has(nameFromText(name) ?? assert.fail())
  return { folder, path, source, logged, knows }
}

test('a missing file leaves the inline entries', async t => {
  const { source, knows } = await setUp(t)
  assert.equal(await source.refresh(), false)
  assert.equal(source.parsed, undefined)
  assert.equal(knows('inline.'), true)
})

test('the file is read once per change of time or size', async t => {
  const { path, source, logged, knows } = await setUp(t)
  await writeFile(path, '192.0.2.1 a')
  await utimes(path, 1000, 1000.5)
  assert.equal(await source.refresh(), true)
  assert.deepEqual(source.parsed, { entries: 4, modifiedSeconds: 1000.5 })
  assert.deepEqual(logged, ['Parsed hosts file into 4 entries'])
  assert.equal(await source.refresh(), false)

  await writeFile(path, '192.0.2.1 b')
  await utimes(path, 1000, 1000.5)
  assert.equal(await source.refresh(), false, 'neither has changed')

  await utimes(path, 1000, 1001)
  assert.equal(await source.refresh(), true, 'the time has')
  assert.deepEqual([knows('a.'), knows('b.'), knows('inline.')], [false, true, true])

  await writeFile(path, '192.0.2.1 long')
  await utimes(path, 1000, 1001)
  assert.equal(await source.refresh(), true, 'the size has')
  assert.equal(knows('long.'), true)
})

test('a file that vanishes keeps its entries, and one that appears is read', async t => {
  const { folder, path, source, knows } = await setUp(t)
  assert.equal(await source.refresh(), false)
  await writeFile(path, '192.0.2.1 a')
  assert.equal(await source.refresh(), true)
  await unlink(path)
  assert.equal(await source.refresh(), false)
  assert.equal(knows('a.'), true)
  await writeFile(join(folder, 'next'), '192.0.2.1 bb')
  await rename(join(folder, 'next'), path)
  assert.equal(await source.refresh(), true)
  assert.deepEqual([knows('a.'), knows('bb.')], [false, true])
})

test('one refresh at a time', async t => {
  const { path, source } = await setUp(t)
  await writeFile(path, '192.0.2.1 a')
  assert.deepEqual(await Promise.all([source.refresh(), source.refresh()]), [true, false])
})

test('a folder is not read', async t => {
  const { folder } = await setUp(t)
  const log: Logger = { debug() {}, info() {}, warning() {}, error() {} }
  const source = new HostsSource({ path: folder, zones: ['.'], inline: [], autoReverse: true }, log)
  assert.equal(await source.refresh(), false)
})

test('a file beyond the limit is refused once, and what was there stays', async t => {
  const { path, source, logged, knows } = await setUp(t)
  await writeFile(path, '192.0.2.1 a')
  await source.refresh()
  await truncate(path, MAX_FILE_BYTES + 1)
  assert.equal(await source.refresh(), false)
  assert.equal(await source.refresh(), false)
  assert.deepEqual(logged.slice(1), [`Hosts file ${JSON.stringify(path)} is larger than ${MAX_FILE_BYTES} bytes: not read`])
  assert.equal(knows('a.'), true)
})
