import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Room, room, seenIn } from '../../../test/fakes/host-records.ts'
import type { Logger } from '../../log/logger.ts'
import { nameToText } from '../../wire/name.ts'
import { KIND_NAME } from './host-records.ts'
import { HostsSource, MAX_FILE_BYTES } from './hosts-source.ts'

const setUp = async (t: TestContext, memory: Room = room(), inline = ['192.0.2.100 inline']) => {
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'hosts')
  const logged: string[] = []
  const add = (text: string): void => void logged.push(text)
  const log: Logger = { debug: add, info: add, warning: add, error: add }
  const sourceOf = (file: string): HostsSource =>
    new HostsSource({ path: file, zones: ['.'], inline, autoReverse: true }, memory, log)
  const source = sourceOf(path)
  return { folder, path, source, logged, sourceOf, knows: seenIn(source.records).has }
}

/** Names that the source says have changed, in the order told. */
const namesTold = (source: HostsSource): string[] => {
  const told: string[] = []
  source.follow(({ keys }) => {
    for (const { kind, bytes } of keys) if (kind === KIND_NAME) told.push(nameToText(bytes))
  })
  source.serve(() => {})
  return told
}

test('a missing file leaves the inline entries', async t => {
  const { source, knows } = await setUp(t)
  assert.equal(await source.refresh(), false)
  assert.equal(source.parsed, undefined)
  assert.equal(knows('inline.'), true)
})

test('the file is read once per change', async t => {
  const { path, source, logged, knows } = await setUp(t)
  await writeFile(path, '192.0.2.1 a')
  await utimes(path, 1000, 1000.5)
  assert.equal(await source.refresh(), true)
  assert.deepEqual(source.parsed, { entries: 4, modifiedSeconds: 1000.5 })
  assert.deepEqual(logged, ['Parsed hosts file into 4 entries'])
  assert.equal(await source.refresh(), false)

  await writeFile(path, '192.0.2.1 b')
  assert.equal(await source.refresh(), true, 'the time has changed')
  assert.deepEqual([knows('a.'), knows('b.'), knows('inline.')], [false, true, true])

  await writeFile(path, '192.0.2.1 c')
  await utimes(path, 1000, 1000.5)
  assert.equal(await source.refresh(), true, 'an earlier time is another one')
  assert.equal(knows('c.'), true)

  await writeFile(path, '192.0.2.1 d')
  await utimes(path, 1000, 1000.5)
  assert.equal(await source.refresh(), true, 'as of before by size and time')
  assert.equal(knows('d.'), true)
})

test('a file that is swapped for one of the same size and time is read', async t => {
  const { folder, path, source, knows } = await setUp(t)
  for (const name of ['a', 'b']) {
    await writeFile(join(folder, name), `192.0.2.1 ${name}`)
    await utimes(join(folder, name), 1000, 1000)
  }
  const linkTo = async (name: string): Promise<void> => {
    await symlink(name, join(folder, 'link'))
    await rename(join(folder, 'link'), path)
  }
  await linkTo('a')
  assert.equal(await source.refresh(), true)
  await linkTo('b')
  assert.equal(await source.refresh(), true)
  assert.deepEqual([knows('a.'), knows('b.')], [false, true])
  assert.equal(await source.refresh(), false)
})

test('forced, the file is read though it is the same', async t => {
  const { path, source } = await setUp(t)
  await writeFile(path, '192.0.2.1 a')
  assert.deepEqual(
    [await source.refresh(), await source.refresh(), await source.refresh(true)],
    [true, false, true],
  )
})

test('a file that vanishes keeps its entries, and one that appears is read', async t => {
  const { folder, path, source, knows } = await setUp(t)
  assert.equal(await source.refresh(), false)
  await writeFile(path, '192.0.2.1 a')
  assert.equal(await source.refresh(), true)
  await unlink(path)
  assert.equal(await source.refresh(), false)
  assert.equal(await source.refresh(true), false)
  assert.equal(knows('a.'), true)
  await writeFile(join(folder, 'next'), '192.0.2.1 bb')
  await rename(join(folder, 'next'), path)
  assert.equal(await source.refresh(), true)
  assert.deepEqual([knows('a.'), knows('bb.')], [false, true])
})

test('one refresh at a time: those that wait for it are one more', async t => {
  const { path, source } = await setUp(t)
  await writeFile(path, '192.0.2.1 a')
  const first = source.refresh()
  // The first has begun when this is over, and has not ended: it waits for the disk.
  await Promise.resolve()
  const [second, third] = [source.refresh(), source.refresh()]
  assert.equal(second, third)
  assert.notEqual(first, second)
  assert.deepEqual(await Promise.all([first, second]), [true, false])
})

test('a folder is not read', async t => {
  const { folder, sourceOf } = await setUp(t)
  assert.equal(await sourceOf(folder).refresh(), false)
})

test('a file beyond the limit is refused once, and what was there stays', async t => {
  const { path, source, logged, knows } = await setUp(t)
  await writeFile(path, '192.0.2.1 a')
  await source.refresh()
  await truncate(path, MAX_FILE_BYTES + 1)
  assert.equal(await source.refresh(), false)
  assert.equal(await source.refresh(), false)
  assert.deepEqual(logged.slice(1), [
    `Hosts file ${JSON.stringify(path)} is larger than ${MAX_FILE_BYTES} bytes: not read`,
  ])
  assert.equal(knows('a.'), true)
})

test('followers are told what differs, once shards can read it, and nothing before they serve', async t => {
  const { path, source, knows } = await setUp(t)
  let calls = 0
  const unfollow = source.follow(({ keys }) => {
    calls++
    for (const { kind, bytes } of keys)
      if (kind === KIND_NAME) assert.equal(knows(nameToText(bytes)), nameToText(bytes) !== 'b.')
  })
  await writeFile(path, '192.0.2.1 a b')
  await source.refresh()
  assert.equal(calls, 0)

  const told = namesTold(source)
  await writeFile(path, '192.0.2.1 a ccc')
  await source.refresh()
  assert.deepEqual(told.sort(), ['b.', 'ccc.'])
  assert.equal(calls, 1)

  unfollow()
  await writeFile(path, '# the same\n192.0.2.1 a ccc')
  await source.refresh()
  assert.deepEqual([told.length, calls], [2, 1], 'nothing differs')
})

test('what a source had is told to the last that served it, when it is disposed of; it reads nothing any more', async t => {
  const memory = room()
  const { path, source, knows } = await setUp(t, memory)
  await writeFile(path, '192.0.2.1 a')
  await source.refresh()
  const told: string[] = []
  source.serve(() => assert.fail('another one serves it'))
  source.serve(
    ({ keys }) =>
      void told.push(
        ...keys.map(({ kind, bytes }) => (kind === KIND_NAME ? nameToText(bytes) : 'address')),
      ),
  )
  await writeFile(path, '192.0.2.1 late')
  const late = source.refresh()
  source.dispose()
  assert.deepEqual(told.sort(), ['a.', 'address', 'address', 'inline.'])
  assert.equal(await late, false)
  assert.equal(knows('late.'), false)
  assert.equal(memory.used(), 0)
})

const FILL = 40_000
const fill = (letter: string): string =>
  Array.from({ length: FILL }, (_, n) => `192.0.2.2 ${letter}${n}`).join('\n')

const NO_ROOM = 'the records memory has no room for hosts file'

test('without room for all of it, what there was stays and one line says so; what is short enough later has room again', async t => {
  const { path, source, logged, knows } = await setUp(t, room(1 << 20))
  const seen = (): string[] => logged.splice(0).filter(text => !text.startsWith('Parsed'))
  const file = JSON.stringify(path)
  await writeFile(path, '192.0.2.1 old')
  await source.refresh()
  const parsed = source.parsed
  await writeFile(path, fill('a'))
  assert.equal(await source.refresh(), false)
  assert.deepEqual(seen(), [`${NO_ROOM} ${file}: what it said before stays; raise --records-bytes`])
  assert.deepEqual([knows('inline.'), knows('old.'), knows('a0.')], [true, true, false])
  assert.deepEqual(source.parsed, parsed)

  assert.equal(await source.refresh(), false, 'once more, as what was replaced may have made room')
  assert.equal(await source.refresh(), false)
  assert.deepEqual(seen(), [])

  await writeFile(path, '192.0.2.2 short')
  await source.refresh()
  assert.deepEqual(seen(), [`the records memory has room for hosts file ${file} again`])
  assert.deepEqual([knows('short.'), knows('old.')], [true, false])
})

test('what readers still held makes room at the next look', async t => {
  const memory = room(1 << 20, true)
  const { path, source, logged, knows } = await setUp(t, memory)
  const part = (letter: string): string => fill(letter).split('\n').slice(0, 5000).join('\n')
  const isShown: boolean[] = []
  for (const [n, letter] of ['a', 'b', 'c', 'd', 'e'].entries()) {
    await writeFile(path, part(letter) + '\n'.repeat(n))
    isShown.push(await source.refresh())
  }
  assert.deepEqual([isShown[0], isShown.at(-1)], [true, false])
  assert.match(
    logged.filter(text => !text.startsWith('Parsed')).at(-1) ?? '',
    /^the records memory has no room/,
  )
  assert.equal(knows('e4999.'), false)
  memory.letGo()
  await writeFile(path, part('f'))
  assert.equal(await source.refresh(), true)
  assert.equal(knows('f4999.'), true)
  assert.match(
    logged.filter(text => !text.startsWith('Parsed')).at(-1) ?? '',
    /^the records memory has room/,
  )
  assert.equal(await source.refresh(), false)
})

test('inline entries without room are told, too', async t => {
  const inline = [fill('a')]
  const { path, logged, knows } = await setUp(t, room(1 << 20), inline)
  assert.deepEqual(logged, [
    `${NO_ROOM} ${JSON.stringify(path)}: what it said before stays; raise --records-bytes`,
  ])
  assert.equal(knows('a0.'), false)
})

test('a large file is read in turns, and a source that is disposed of at any of them gives everything back', async t => {
  let mostTurns = 0
  for (let last = 1; last <= 60; last++) {
    const memory = room(16 << 20)
    const { path, source } = await setUp(t, memory)
    await writeFile(path, fill('a'))
    let turns = 0
    let isRead = false
    const turn = (): void => {
      if (isRead) return
      turns++
      if (turns === last) source.dispose()
      else setImmediate(turn)
    }
    setImmediate(turn)
    await source.refresh()
    isRead = true
    mostTurns = Math.max(mostTurns, turns)
    if (turns < last) source.dispose()
    // What is given back in later turns.
    while (memory.used() > 0) await new Promise(setImmediate)
  }
  assert.ok(mostTurns > 5, `${mostTurns}`)
})

test('a memory without room for a single record says which flag helps', async t => {
  const memory = room(1 << 20)
  await assert.rejects(
    setUp(t, {
      ...memory,
      newRecords: () => {
        throw new RangeError('the records memory is full')
      },
    }),
    { message: 'the records memory is full; raise --records-bytes' },
  )
})
