import assert from 'node:assert/strict'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { temporaryFolder } from '../../test/support/server-process.ts'
import { run } from './run.ts'

const UGLY = '. {\n log\n}\n'
const FORMATTED = '. {\n    log\n}\n'
const BROKEN = '. {\n log "x\n}\n'

const fmt = async (...argv: string[]) => {
  const seen = { code: 0, out: '', err: '' }
  seen.code = await run(['fmt', ...argv], {
    out: text => void (seen.out += text),
    err: text => void (seen.err += text),
    serve: () => assert.fail('serves'),
    stdin: () => UGLY,
  })
  return seen
}

/** A folder with these files; gives their paths, and their texts as they are then. */
const files = (t: TestContext, texts: Readonly<Record<string, string>>) => {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text)
  return {
    folder,
    at: (name: string) => join(folder, name),
    now: () =>
      Object.fromEntries(
        readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')]),
      ),
  }
}

test('fmt prints files one behind the other, and writes none', async t => {
  const { at, now } = files(t, { a: UGLY, b: FORMATTED })
  assert.deepEqual(await fmt(at('a'), at('b')), { code: 0, out: FORMATTED + FORMATTED, err: '' })
  assert.deepEqual(now(), { a: UGLY, b: FORMATTED })
})

for (const word of ['-', 'stdin'])
  test(`fmt ${word} formats standard input`, async () =>
    assert.deepEqual(await fmt(word), { code: 0, out: FORMATTED, err: '' }))

for (const flag of ['-w', '-write', '--write', '--write=true'])
  test(`fmt ${flag} writes back what changes, and keeps its mode`, async t => {
    const { at, now } = files(t, { a: UGLY, b: FORMATTED })
    chmodSync(at('a'), 0o640)
    const before = statSync(at('b'))
    assert.deepEqual(await fmt(at('a'), flag, at('b')), { code: 0, out: '', err: '' })
    assert.deepEqual(now(), { a: FORMATTED, b: FORMATTED })
    assert.equal(statSync(at('a')).mode & 0o7777, 0o640)
    assert.equal(statSync(at('b')).ino, before.ino)
  })

test('fmt -w replaces what a link leads to, not the link', async t => {
  const { folder, at } = files(t, {})
  mkdirSync(at('there'))
  writeFileSync(at('there/file'), UGLY)
  symlinkSync('there/file', at('Corefile'))
  assert.deepEqual(await fmt('-w', folder), { code: 0, out: '', err: '' })
  assert.ok(lstatSync(at('Corefile')).isSymbolicLink())
  assert.equal(readFileSync(at('there/file'), 'utf8'), FORMATTED)
  assert.deepEqual(readdirSync(at('there')), ['file'])
})

for (const flag of ['-c', '-check', '--check'])
  test(`fmt ${flag} names the files that would change`, async t => {
    const { at, now } = files(t, { a: UGLY, b: FORMATTED })
    assert.deepEqual(await fmt(flag, at('a'), at('b')), { code: 1, out: `${at('a')}\n`, err: '' })
    assert.deepEqual(await fmt(flag, at('b')), { code: 0, out: '', err: '' })
    assert.deepEqual(now(), { a: UGLY, b: FORMATTED })
  })

for (const flag of ['-w', '-c', '-w=false'])
  test(`fmt ${flag}: a file that cannot be formatted has its place told, others go on`, async t => {
    const { at, now } = files(t, { a: BROKEN, b: FORMATTED })
    const { code, out, err } = await fmt(flag, at('a'), at('b'))
    assert.deepEqual({ code, out }, { code: 1, out: flag === '-w=false' ? FORMATTED : '' })
    const hint = 'the quote is never closed: it goes on to the end of the file'
    assert.equal(err, `${at('a')}:2:6: error: ${hint}\n     log "x\n         ^^\n`)
    assert.deepEqual(now(), { a: BROKEN, b: FORMATTED })
  })

test('fmt of a folder takes what is a Corefile for sure', async t => {
  const named = { Corefile: UGLY, 'Corefile.prod': UGLY, 'a.Corefile': UGLY, 'b-corefile': UGLY }
  const others = {
    'README.md': UGLY,
    'corefile.ts': UGLY,
    '.Corefile': UGLY,
    'x-Corefile.ts': UGLY,
  }
  const { folder, now } = files(t, { ...named, ...others })
  assert.deepEqual(await fmt('-w', folder), { code: 0, out: '', err: '' })
  const written = Object.fromEntries(Object.keys(named).map(name => [name, FORMATTED]))
  assert.deepEqual(now(), { ...written, ...others })
})

test('fmt of a folder without a Corefile', async t => {
  const { folder, now } = files(t, { 'README.md': UGLY })
  const err = `no Corefile in the folder ${folder}\n`
  assert.deepEqual(await fmt('-w', folder), { code: 2, out: '', err })
  assert.deepEqual(now(), { 'README.md': UGLY })
})

test('fmt of what is not there: one sentence, exit 2, others go on', async t => {
  const { at } = files(t, { a: UGLY })
  const err = `open ${at('x')}: no such file or directory\n`
  assert.deepEqual(await fmt('-w', at('x'), at('a')), { code: 2, out: '', err })
  assert.equal(readFileSync(at('a'), 'utf8'), FORMATTED)
})

const refused = [
  { argv: ['-w', '-c', 'x'], message: '-write and -check exclude each other' },
  { argv: ['-w', '-'], message: '-write has no file to write to: standard input is printed' },
  { argv: ['x', '-d'], message: 'flag provided but not defined: -d' },
  { argv: ['--wirte'], message: "flag provided but not defined: -wirte\ndid you mean '-write'?" },
]
for (const { argv, message } of refused)
  test(`fmt ${argv.join(' ')}: the usage, and what is wrong with it last`, async () => {
    const { code, out, err } = await fmt(...argv)
    assert.deepEqual({ code, out }, { code: 2, out: '' })
    assert.ok(err.startsWith('Usage: shardns fmt [file...] [flags]\n'))
    assert.ok(err.endsWith(`\n\n${message}\n`))
  })

test('behind -- there are no flags', async () =>
  assert.equal((await fmt('--', '-w')).err, 'open -w: no such file or directory\n'))
