import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  type Chain,
  type ChainOptions,
  chain,
  fakeControl,
  fakeLogger,
  options,
  parseError,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { temporaryFolder } from '../../../test/support/server-process.ts'
import { initialSettings } from '../../chain/block.ts'
import { inspect } from './control.ts'
import { auto } from './index.ts'
import { ZoneFolder } from './zone-folder.ts'
import { originReader } from './zone-names.ts'

const DEFAULTS = { pattern: 'db\\.(.*)', template: '{1}' }

for (const { name, text, expected } of [
  {
    name: 'a folder',
    text: 'auto {\ndirectory z\n}',
    expected: { zones: ['a.test.'], source: { directory: 'z', ...DEFAULTS }, reloadMs: 60_000 },
  },
  {
    name: 'every option',
    text: 'auto B.test {\ndirectory z (.*)\\.zone {1}.test\nreload 5s x\nupstream 192.0.2.1\n}',
    expected: {
      zones: ['b.test.'],
      source: { directory: 'z', pattern: '(.*)\\.zone', template: '{1}.test' },
      reloadMs: 5000,
    },
  },
  {
    name: 'nothing',
    text: 'auto',
    expected: { zones: ['a.test.'], source: { directory: '', ...DEFAULTS }, reloadMs: 60_000 },
  },
  {
    name: 'the last of two',
    text: 'auto {\ndirectory a\nreload 5s\n}\nauto {\ndirectory b\n}',
    expected: { zones: ['a.test.'], source: { directory: 'b', ...DEFAULTS }, reloadMs: 60_000 },
  },
])
  test(`auto, parse: ${name}`, () => assert.deepEqual(options(auto, text, 'a.test'), expected))

const PLACE = 'Corefile:3 - Error during parsing: '
const wrongCount = (word: string): string =>
  `${PLACE}Wrong argument count or unexpected line ending after '${word}'`

for (const { line, message } of [
  { line: 'directory', message: wrongCount('directory') },
  { line: 'directory z (.*)', message: wrongCount('(.*)') },
  { line: 'directory z (.*) {1} more', message: wrongCount('more') },
  { line: 'directory z ( {1}', message: 'error parsing regexp: missing closing ): `(`' },
  { line: 'directory z abc {1}', message: `${PLACE}Need at least one sub expression` },
  { line: `directory z (${'a'.repeat(10_000)}) {1}`, message: 'regexp too large' },
  { line: 'reload', message: 'reload duration value is expected' },
  { line: 'reload often', message: 'plugin/file: time: invalid duration "often"' },
  { line: 'reload -1s', message: 'plugin/file: invalid duration' },
  { line: 'fallthrough', message: `${PLACE}unknown property 'fallthrough'` },
])
  test(`auto, refused: ${line.slice(0, 40)}`, () =>
    assert.equal(parseError(auto, `auto {\n${line}\n}`), message))

for (const { pattern, template = '{1}', file, origin } of [
  { pattern: 'db\\.(.*)', file: 'db.example.org', origin: 'example.org.' },
  { pattern: 'db\\.(.*)', file: 'xdb.example.org', origin: 'example.org.' },
  { pattern: 'db\\.(.*)', file: 'README', origin: undefined },
  { pattern: 'db\\.(.*)', file: 'db.', origin: '.' },
  {
    pattern: '(.*)\\.(.*)\\.zone',
    template: '{2}.{1}.test',
    file: 'a.b.zone',
    origin: 'b.a.test.',
  },
  { pattern: '(?P<host>.*)\\.zone', template: '{host}.test.', file: 'a.zone', origin: 'a.test.' },
  { pattern: '(.*)', template: 'x{9}{nope}', file: 'a', origin: 'x.' },
])
  test(`auto: by ${pattern} ${template} file ${file} is of ${origin}`, () =>
    assert.equal(originReader({ pattern, template })(file), origin))

const zone = (serial: number, address: number): string =>
  `$TTL 60\n@ SOA ns x ${serial} 2 3 4 5\n@ NS ns\na A 192.0.2.${address}\n`

interface Served extends Chain {
  readonly folder: string
  write(name: string, text: string): void
  /** Waits for the timer's look to be over. */
  look(): Promise<void>
  /** Rcode, or the last byte of the address. */
  ask(qname: string): Promise<string>
  /** The log since this was asked for last. */
  logged(): string[]
}

const served = async (
  t: TestContext,
  files: Readonly<Record<string, string>>,
  setup: Pick<ChainOptions, 'next'> & {
    readonly zones?: string
    readonly blockChain?: string[]
  } = {},
): Promise<Served> => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const folder = temporaryFolder(t)
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  for (const [name, text] of Object.entries(files)) write(name, text)
  const text = `auto ${setup.zones ?? ''} {\ndirectory ${folder}\nreload 1s\n}`
  const control = fakeControl({ block: { zones: ['.'], chain: setup.blockChain ?? ['auto'] } })
  let kept: unknown
  control.keep = (identity, make) => {
    const found = control.kept.get(identity, make)
    kept = found
    return found
  }
  const one = await chain(auto, text, { ...setup, control })
  const { logged } = control
  return {
    ...one,
    folder,
    write,
    async look() {
      t.mock.timers.tick(1000)
      // A scan that is asked for waits for the one before.
      assert.ok(kept instanceof ZoneFolder)
      await kept.scan('serial', control.log)
    },
    async ask(qname) {
      const { rcode, answer } = show(await one.handle(query(qname)))
      return answer[0]?.split('.').at(-1) ?? rcode
    },
    logged: () => logged.splice(0).map(line => line.replaceAll(`${folder}/`, '')),
  }
}

test('auto: zones of the files that there are, in folders within, behind links', async t => {
  const elsewhere = temporaryFolder(t)
  writeFileSync(join(elsewhere, 'db.linked.test'), zone(1, 4))
  const one = await served(t, {
    'db.one.test': zone(1, 1),
    'db.Two.test': zone(1, 2),
    'db.bad.test': 'x\n',
    README: 'no zone',
  })
  mkdirSync(join(one.folder, 'deep', 'er'), { recursive: true })
  one.write('deep/er/db.deep.test', zone(1, 3))
  one.write('deep/db.one.test', zone(1, 9))
  symlinkSync(join(elsewhere, 'db.linked.test'), join(one.folder, 'db.linked.test'))
  symlinkSync(elsewhere, join(one.folder, 'link'))
  await one.look()
  const names = ['one', 'two', 'TWO', 'deep', 'linked', 'bad'].map(name => `a.${name}.test.`)
  assert.deepEqual(await Promise.all(names.map(one.ask)), ['1', '2', '2', '3', '4', 'REFUSED'])
  assert.deepEqual(one.logged(), [
    "[INFO] Inserting zone `Two.test.' from: db.Two.test",
    '[WARNING] Parse zone `bad.test.\': failed to parse file "db.bad.test" for origin bad.test. with error db.bad.test:1:2: a record type is missing',
    "[INFO] Inserting zone `one.test.' from: db.one.test",
    "[WARNING] Zone `one.test.' is that of db.one.test: deep/db.one.test is passed over",
    "[INFO] Inserting zone `linked.test.' from: db.linked.test",
    "[INFO] Inserting zone `deep.test.' from: deep/er/db.deep.test",
  ])
  await one.look()
  assert.deepEqual(one.logged(), [])
})

test('auto: zones come, change and go, and caches are told', async t => {
  const one = await served(t, { 'db.one.test': zone(1, 1) })
  const { words } = one.control.board
  const isMarked = (): boolean => words.some(word => word !== 0) && words.fill(0).length > 0
  await one.look()
  assert.equal(isMarked(), false)
  one.logged()
  one.write('db.one.test', zone(2, 5))
  one.write('db.new.test', zone(1, 6))
  await one.look()
  assert.deepEqual(await Promise.all(['a.one.test.', 'a.new.test.'].map(one.ask)), ['5', '6'])
  assert.deepEqual(one.logged(), [
    "[INFO] Inserting zone `new.test.' from: db.new.test",
    '[INFO] Successfully reloaded zone "one.test." in "db.one.test" with 2 SOA serial',
  ])
  assert.equal(isMarked(), true)
  rmSync(join(one.folder, 'db.new.test'))
  await one.look()
  assert.equal(await one.ask('a.new.test.'), 'REFUSED')
  assert.deepEqual(one.logged(), ["[INFO] Deleting zone `new.test.'"])
  assert.equal(isMarked(), true)
})

test('auto: names of ZONES only; others go on', async t => {
  const files = { 'db.one.test': zone(1, 1), 'db.two.test': zone(1, 2) }
  const next = (request: ReturnType<typeof query>) => replyTo(request, { rcode: 'NOTIMP' })
  const blockChain = ['auto', 'forward']
  const one = await served(t, files, { zones: 'one.test', next, blockChain })
  const names = ['a.one.test.', 'a.two.test.', 'x.one.test.']
  assert.deepEqual(await Promise.all(names.map(one.ask)), ['1', 'NOTIMP', 'NXDOMAIN'])
})

test('auto: a folder that is missing', async t => {
  const folder = join(temporaryFolder(t), 'not')
  const control = { block: { zones: ['.'], chain: ['auto'] } }
  const one = await chain(auto, `auto {\ndirectory ${folder}\n}`, { control })
  assert.deepEqual(one.control.logged, [
    `[WARNING] Directory does not exist: ${folder}`,
    `[WARNING] error reading ${folder}: lstat ${folder}: no such file or directory`,
  ])
  assert.equal(show(await one.handle(query('a.test.'))).rcode, 'REFUSED')
})

test('auto: check warns of files that would be passed over', async t => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'db.one.test'), `${zone(1, 1)}b NOPE\n`)
  writeFileSync(join(folder, 'db.two.test'), zone(1, 1))
  const found: string[] = []
  await inspect(options(auto, `auto {\ndirectory ${folder}\n}`), {
    block: { directives: ['auto'] },
    settings: initialSettings(),
    log: fakeLogger(found),
    attempt: () => assert.fail('nothing is attempted'),
  })
  assert.deepEqual(
    found.map(line => line.replaceAll(`${folder}/`, '')),
    [
      '[WARNING] Parse zone `one.test.\': failed to parse file "db.one.test" for origin one.test. with error db.one.test:5:3: NOPE is neither a TTL, a class nor a record type',
    ],
  )
})
