import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeCertificates, type Pair } from '../../../test/fakes/certificates.ts'
import { type Cleanup, temporaryFolder } from '../../../test/support/server-process.ts'
import { checkPair, dateOf } from './certificate-pair.ts'
import { Renewal } from './renewal.ts'

const made = makeCertificates()
const skip = made === undefined ? 'there is no openssl program' : false
const { server, named, expired } = made ?? {}

const DAY_MS = 24 * 60 * 60 * 1000
const NOW = Date.now()

const setUp = (t: Cleanup) => {
  const folder = temporaryFolder(t)
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const put = (pair: Partial<Pair> | undefined): void => {
    if (pair?.cert !== undefined) writeFileSync(cert, pair.cert)
    if (pair?.key !== undefined) writeFileSync(key, pair.key)
  }
  const renewal = new Renewal('web', read => ({
    pair: checkPair({ name: 'cert.pem', text: read(cert) }, { name: 'key.pem', text: read(key) }),
    warnings: ['the files have an old field'],
  }))
  const lines: string[] = []
  const tell = {
    info: (text: string) => lines.push(`info ${text}`),
    warning: (text: string) => lines.push(`warning ${text}`),
  }
  const said = (): string[] => lines.splice(0)
  return {
    put,
    renewal,
    remove: () => rmSync(cert),
    load: (nowMs = NOW) => {
      renewal.load(tell, nowMs)
      return said()
    },
    look: async (nowMs = NOW, pause = async () => {}) => {
      await renewal.look(tell, () => nowMs, pause)
      return said()
    },
    shown: () => renewal.inUse?.value.pair.shownNames,
    endMs: () => renewal.inUse?.value.pair.validToMs ?? 0,
  }
}

const OLD_FIELD = 'warning the files have an old field'
const GOES_ON = '; the certificate of before goes on'
const OTHER_KEY = 'the private key of key.pem does not fit the certificate of cert.pem'

test('a load takes what is there, and says what is to be said of it', { skip }, t => {
  const { put, load, shown } = setUp(t)
  put(server)
  assert.deepEqual(load(), [OLD_FIELD])
  assert.equal(shown(), '127.0.0.1')
  assert.deepEqual(load(), [])
})

test('a load that cannot use the files throws, and nothing has changed', { skip }, t => {
  const { put, load, renewal, shown } = setUp(t)
  put({ ...server, key: '' })
  assert.throws(() => load(), { message: 'key.pem has no private key in PEM form' })
  assert.equal(renewal.inUse, undefined)
  put(server)
  load()
  put(named && { key: named.key })
  assert.throws(() => load(), { message: OTHER_KEY })
  assert.equal(shown(), '127.0.0.1')
})

test('a pair that replaces another is taken, and told', { skip }, async t => {
  const { put, load, look, shown, renewal, endMs } = setUp(t)
  put(server)
  load()
  const version = renewal.inUse?.version
  assert.deepEqual(await look(), [])
  put(named)
  assert.deepEqual(await look(), [
    OLD_FIELD,
    `info web: certificate of api.example.net renewed, valid until ${dateOf(endMs())}`,
  ])
  assert.equal(shown(), 'api.example.net')
  assert.notEqual(renewal.inUse?.version, version)
  assert.deepEqual(await look(), [])
})

test('a key that comes later than its certificate: the old pair goes on until then', {
  skip,
}, async t => {
  const { put, load, look, shown } = setUp(t)
  put(server)
  load()
  put(named && { cert: named.cert })
  assert.deepEqual(await look(), [`warning ${OTHER_KEY}${GOES_ON}`])
  assert.deepEqual(await look(), [])
  assert.equal(shown(), '127.0.0.1')
  put(named && { key: named.key })
  assert.equal((await look()).length, 2)
  assert.equal(shown(), 'api.example.net')
})

test('a key that comes while the files are looked at is waited for', { skip }, async t => {
  const { put, load, look, shown } = setUp(t)
  put(server)
  load()
  put(named && { cert: named.cert })
  const lines = await look(NOW, async () => put(named && { key: named.key }))
  assert.equal(lines.length, 2)
  assert.equal(shown(), 'api.example.net')
})

test('files that are gone, and come back as they were', { skip }, async t => {
  const { put, load, look, remove, shown } = setUp(t)
  put(server)
  load()
  remove()
  const [line, ...rest] = await look()
  assert.match(
    line ?? '',
    /^warning open .*cert\.pem: no such file or directory; the certificate of before goes on$/,
  )
  assert.deepEqual(rest, [])
  put(server)
  assert.deepEqual([await look(), shown()], [[], '127.0.0.1'])
})

test('one that has expired does not replace one that is valid, until that has expired too', {
  skip,
}, async t => {
  const { put, load, look, shown, renewal, endMs } = setUp(t)
  put(named)
  load()
  const end = endMs()
  put(expired)
  const [line] = await look()
  assert.match(
    line ?? '',
    /^warning web: the certificate of 127\.0\.0\.1 has expired \S+Z; the certificate of before goes on$/,
  )
  assert.deepEqual(await look(), [])
  assert.deepEqual(load(), [])
  assert.equal(shown(), 'api.example.net')
  await look(end + 1)
  assert.equal(shown(), '127.0.0.1')
  assert.ok((renewal.inUse?.value.pair.validToMs ?? 0) < NOW)
})

test('one that is not yet valid is taken when it is', async t => {
  const path = join(temporaryFolder(t), 'pair')
  const put = (validFromMs: number): void =>
    writeFileSync(path, JSON.stringify({ validFromMs, validToMs: validFromMs + 90 * DAY_MS }))
  const renewal = new Renewal('web', read => ({
    pair: { cert: '', key: '', shownNames: 'x', ...JSON.parse(read(path)) },
    warnings: [],
  }))
  const lines: string[] = []
  const tell = {
    info: (text: string) => lines.push(text),
    warning: (text: string) => lines.push(text),
  }
  const look = async (nowMs: number): Promise<number | undefined> => {
    await renewal.look(
      tell,
      () => nowMs,
      async () => {},
    )
    return renewal.inUse?.value.pair.validFromMs
  }
  put(0)
  renewal.load(tell, 1)
  put(5000)
  assert.deepEqual([await look(1), await look(4999), await look(5000)], [0, 0, 5000])
  assert.deepEqual(lines, [
    'web: the certificate of x is not valid before 1970-01-01T00:00:05Z; the certificate of before goes on',
    `web: certificate of x renewed, valid until ${dateOf(5000 + 90 * DAY_MS)}`,
  ])
})

test('at the first load nothing is refused for its dates', { skip }, t => {
  const { put, load } = setUp(t)
  put(expired)
  const lines = load()
  assert.equal(lines[0], OLD_FIELD)
  assert.match(lines[1] ?? '', /^warning web: the certificate of 127\.0\.0\.1 has expired /)
  assert.equal(lines.length, 2)
})

test('its end is told some days before, on the last day, and when it has come, once each', {
  skip,
}, async t => {
  const { put, load, look, endMs } = setUp(t)
  put(server)
  load()
  const end = endMs()
  const text = (state: string): string[] => [
    `warning web: the certificate of 127.0.0.1 ${state} ${dateOf(end)}`,
  ]
  // Of a life of two days a third and a tenth are left.
  for (const [beforeMs, lines] of [
    [DAY_MS, []],
    [0.6 * DAY_MS, text('expires')],
    [0.5 * DAY_MS, []],
    [0.1 * DAY_MS, text('expires')],
    [0, []],
    [-1, text('has expired')],
    [-DAY_MS, []],
  ] as const)
    assert.deepEqual(await look(end - beforeMs), lines, `${beforeMs} ms before`)
})

test('without files at the first load the certificate comes when they do', { skip }, async t => {
  const { put, load, look, shown, renewal } = setUp(t)
  assert.throws(() => load(), { message: /^open .*cert\.pem: no such file or directory$/ })
  assert.deepEqual([await look(), renewal.inUse], [[], undefined])
  put({ ...server, key: named?.key ?? '' })
  assert.deepEqual(await look(), [`warning ${OTHER_KEY}`])
  put(server)
  assert.equal((await look()).length, 2)
  assert.equal(shown(), '127.0.0.1')
})

test('a look that comes while another is under way does nothing', { skip }, async t => {
  const { put, load, look } = setUp(t)
  put(server)
  load()
  put(named)
  const held = Promise.withResolvers<void>()
  const first = look(NOW, () => held.promise)
  assert.deepEqual(await look(), [])
  held.resolve()
  assert.equal((await first).length, 2)
})
