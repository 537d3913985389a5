import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { wire } from '../../test/fakes/raw-message.ts'
import { NOBODY, Readers, readerOf, SEED } from '../../test/fakes/records-world.ts'
import { fakeLogger } from '../../test/support/plugin-harness.ts'
import { temporaryFolder } from '../../test/support/server-process.ts'
import type { Quiescence } from '../records/heap.ts'
import { RecordKey } from '../records/reader.ts'
import { RecordsMemory } from '../records/records-memory.ts'
import { TYPE_A } from '../wire/rrtypes.ts'
import { recordsOf, ZoneTree } from '../zone/tree.ts'
import { KIND_ZONE } from './zone-map.ts'
import { type LoadRule, ZoneSource } from './zone-source.ts'

const ORIGIN = wire('example.org')
const soa = (serial: number): string => `$TTL 60\n@ SOA ns x ${serial} 2 3 4 5\n`

interface World {
  readonly source: ZoneSource
  readonly memory: RecordsMemory
  readonly folder: string
  /** Writes a file and renames it over `name`, as editors do. */
  write(text: string, name?: string): void
  remove(): void
  tree(): ZoneTree | undefined
  /** The last byte of the address of `a.example.org` that is served; undefined: there is none. */
  served(): number | undefined
  look(rule?: LoadRule): Promise<string>
}

const world = (
  t: TestContext,
  { bytes = 1 << 20, readers = NOBODY }: { bytes?: number; readers?: Quiescence } = {},
): World => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'db')
  const memory = new RecordsMemory(bytes, readers, SEED)
  const map = memory.newMap()
  const source = new ZoneSource({
    path,
    origin: 'example.org.',
    map,
    collectGarbage: () => undefined,
  })
  const reader = readerOf(map.ref)
  const tree = (): ZoneTree | undefined => {
    const entry = reader.find(KIND_ZONE, new RecordKey().set(ORIGIN, 0, ORIGIN.length))
    return entry === 0 ? undefined : new ZoneTree(reader.bytes.buffer, reader.valueAt(entry))
  }
  return {
    source,
    memory,
    folder,
    tree,
    served: () => addressIn(tree()),
    write(text, name = 'db') {
      writeFileSync(join(folder, `${name}.new`), text)
      renameSync(join(folder, `${name}.new`), join(folder, name))
    },
    remove: () => rmSync(path),
    async look(rule = 'serial') {
      const outcome = await source.refresh(rule)
      const text = 'message' in outcome ? `${outcome.kind}: ${outcome.message}` : outcome.kind
      return text.replaceAll(`${folder}/`, '')
    },
  }
}

const addressIn = (tree: ZoneTree | undefined): number | undefined => {
  const set = tree?.rrset(tree.find(wire('a.example.org')), TYPE_A)
  return set && recordsOf(set)[0]?.rdata[3]
}

const zone = (serial: number, address: number): string => `${soa(serial)}a A 192.0.2.${address}\n`

for (const { name, rule, text, outcome, address } of [
  { name: 'another serial', rule: 'serial', text: zone(8, 2), outcome: 'loaded', address: 2 },
  { name: 'an older serial', rule: 'serial', text: zone(6, 2), outcome: 'loaded', address: 2 },
  { name: 'serial 0', rule: 'serial', text: zone(0, 2), outcome: 'loaded', address: 2 },
  { name: 'the same serial', rule: 'serial', text: zone(7, 2), outcome: 'same', address: 1 },
  {
    name: 'the same serial, where any change counts',
    rule: 'changed',
    text: zone(7, 2),
    outcome: 'loaded',
    address: 2,
  },
  {
    name: 'the same serial, when a configuration starts',
    rule: 'start',
    text: zone(7, 2),
    outcome: 'loaded',
    address: 2,
  },
] as const)
  test(`zone source: a file that changes: ${name}`, async t => {
    const { look, write, served } = world(t)
    write(zone(7, 1))
    assert.equal(await look('start'), 'loaded')
    assert.equal(served(), 1)
    assert.equal(await look(rule), 'same', 'nothing has changed')
    write(text)
    assert.equal(await look(rule), outcome)
    assert.equal(served(), address)
    assert.equal(await look(rule), 'same')
  })

test('zone source: what a look has not taken a start takes', async t => {
  const { look, write, served } = world(t)
  write(zone(7, 1))
  await look('start')
  write(zone(7, 2))
  assert.deepEqual([await look('serial'), served()], ['same', 1])
  assert.deepEqual([await look('start'), served()], ['loaded', 2])
})

const PARSE = 'failed: failed to parse file "db" for origin example.org. with error '

for (const { name, text, message } of [
  {
    name: 'a bad line',
    text: `${zone(8, 2)}b NOPE x\n`,
    message: `${PARSE}db:4:3: NOPE is neither a TTL, a class nor a record type`,
  },
  {
    name: 'several bad lines',
    text: `${zone(8, 2)}b NOPE x\nc A 1.2.3\n`,
    message: `${PARSE}db:4:3: NOPE is neither a TTL, a class nor a record type, and 1 more`,
  },
  {
    name: 'no SOA record',
    text: '$TTL 5\na A 192.0.2.2\n',
    message: 'failed: file "db" has no SOA record for origin example.org.',
  },
  {
    name: 'an $INCLUDE of itself',
    text: `${zone(8, 2)}$INCLUDE db\n`,
    message: `${PARSE}db:4:10: file db includes itself`,
  },
  {
    name: 'a line of 10 MiB',
    text: `${zone(8, 2)}b TXT ${'x'.repeat(10 << 20)}\n`,
    message: `${PARSE}db:4:1: a record has more than 1048576 bytes of text`,
  },
])
  test(`zone source: ${name} is told once, and leaves what was there`, async t => {
    const { look, write, served } = world(t)
    write(zone(7, 1))
    await look('start')
    write(text)
    assert.equal(await look(), message)
    assert.equal(await look(), 'same')
    assert.equal(served(), 1)
    write(zone(8, 3))
    assert.deepEqual([await look(), served()], ['loaded', 3])
  })

for (const { name, make, message } of [
  {
    name: 'a folder',
    make: (path: string) => mkdirSync(path),
    message: 'read db: is a directory',
  },
  {
    name: 'a pipe',
    make: (path: string) => assert.equal(spawnSync('mkfifo', [path]).status, 0),
    message: 'read db: is not a regular file',
  },
  {
    name: 'a file of 1 GiB',
    make(path: string) {
      writeFileSync(path, '')
      truncateSync(path, 2 ** 30)
    },
    message: 'read db: the zone is larger than 268435456 bytes',
  },
])
  test(`zone source: ${name} is no zone file, and is told of once`, async t => {
    const { look, folder } = world(t)
    make(join(folder, 'db'))
    assert.equal(await look('start'), PARSE + message)
    assert.equal(await look(), 'same')
  })

test('zone source: a file that is missing is told of at each look, and leaves what was there', async t => {
  const { look, write, remove, served } = world(t)
  write(zone(7, 1))
  await look('start')
  remove()
  const missing = 'missing: open db: no such file or directory'
  assert.deepEqual([await look(), await look(), served()], [missing, missing, 1])
  write(zone(7, 1))
  assert.equal(await look(), 'same')
})

test('zone source: serial 0 is refused at the start only, and not of a file that was missing', async t => {
  const first = world(t)
  first.write(zone(0, 1))
  assert.equal(
    await first.look('start'),
    'failed: no change in SOA serial for origin example.org. in file db, with 0 SOA serial',
  )
  const second = world(t)
  assert.match(await second.look('start'), /^missing/)
  second.write(zone(0, 1))
  assert.deepEqual([await second.look(), second.served()], ['loaded', 1])
})

test('zone source: files that are included are looked at, too', async t => {
  const { look, write, served } = world(t)
  write(`${soa(7)}$INCLUDE more\n`)
  assert.equal(
    await look('start'),
    `${PARSE}db:3:10: file more cannot be read: open more: no such file or directory`,
  )
  write('a A 192.0.2.1\n', 'more')
  assert.deepEqual([await look(), served()], ['loaded', 1])
  write('a A 192.0.2.2\n', 'more')
  assert.deepEqual([await look('changed'), served()], ['loaded', 2])
})

const largeZone = (serial: number, records: number): string =>
  zone(serial, serial) +
  Array.from({ length: records }, (_, n) => `n${n} TXT ${'x'.repeat(100)}\n`).join('')

test('zone source: without room what was there stays; the file is tried once more', async t => {
  const { look, write, served } = world(t)
  write(largeZone(1, 4000))
  assert.equal(await look('start'), 'loaded')
  write(largeZone(2, 4000))
  const full =
    'failed: the records memory has no room for zone "example.org." of "db": raise --records-bytes'
  assert.deepEqual([await look(), await look(), await look()], [full, full, 'same'])
  assert.equal(served(), 1)
  write(largeZone(3, 100))
  assert.deepEqual([await look(), served()], ['loaded', 3])
})

test('zone source: a zone is not touched while somebody reads it, and its room is used again afterwards', async t => {
  const readers = new Readers(2)
  const { look, write, tree, memory } = world(t, { readers })
  write(largeZone(1, 1000))
  await look('start')
  const used = memory.usedBytes
  const read = tree()
  for (let serial = 2; serial < 5; serial++) {
    write(largeZone(serial, 1000))
    assert.equal(await look(), 'loaded')
    readers.beat(0)
  }
  assert.deepEqual([read?.serial, addressIn(read)], [1, 1])
  for (let serial = 5; serial < 40; serial++) {
    readers.beatAll()
    write(largeZone(serial, 1000))
    assert.equal(await look(), 'loaded', `serial ${serial}`)
  }
  assert.equal(memory.usedBytes, used)
})

for (const turns of [0, 1, 3, 10, 20])
  test(`zone source: one that goes ${turns} turns after its file began to be read leaves nothing`, async t => {
    const { source, write, tree, memory } = world(t)
    const before = memory.usedBytes
    write(largeZone(1, 5000))
    const loading = source.refresh('start')
    for (let turn = 0; turn < turns; turn++) await setImmediate()
    source.dispose()
    assert.deepEqual(await loading, { kind: 'same' })
    assert.deepEqual([tree(), memory.usedBytes], [undefined, before])
  })

test('zone source: what a look says in the log', async t => {
  const { source, write, remove, folder } = world(t)
  const lines: string[] = []
  const log = fakeLogger(lines)
  const look = () => source.look('serial', log)
  write(zone(7, 1))
  await source.refresh('start')
  await look()
  write(zone(8, 1))
  await look()
  write('$TTL 5\n')
  await look()
  remove()
  await look()
  assert.equal(dirname(source.path), folder)
  assert.deepEqual(
    lines.map(line => line.replaceAll(`${folder}/`, '')),
    [
      '[INFO] Successfully reloaded zone "example.org." in "db" with 8 SOA serial',
      '[ERROR] Parsing zone "example.org.": file "db" has no SOA record for origin example.org.',
      '[ERROR] Failed to open zone "example.org." in "db": open db: no such file or directory',
    ],
  )
})

test('zone source: another file is read, though the one before is as it was', async t => {
  const { source, write, tree, folder } = world(t)
  write(zone(7, 1))
  await source.refresh('start')
  const other = join(folder, 'other')
  writeFileSync(other, zone(8, 2))
  source.path = other
  assert.equal((await source.refresh('serial')).kind, 'loaded')
  assert.deepEqual([tree()?.serial, addressIn(tree())], [8, 2])
})
