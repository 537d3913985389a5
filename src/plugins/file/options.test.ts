import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directive, options, parseError } from '../../../test/support/plugin-harness.ts'
import { file } from './index.ts'

const zone = (origin: string, more: object = {}): object => ({
  path: 'db',
  origin,
  reloadMs: 60_000,
  isByMtime: false,
  ...more,
})

for (const { name, text, keys = 'a.test b.test', expected } of [
  {
    name: 'the zones of the block',
    text: 'file db',
    expected: { zones: [zone('a.test.'), zone('b.test.')], fall: [] },
  },
  {
    name: 'zones of its own, in lower case; what is no zone is passed over',
    text: 'file db C.test a..b',
    expected: { zones: [zone('c.test.')], fall: [] },
  },
  {
    name: 'every option',
    text: 'file db c.test {\nreload 10s more\nreload_by_mtime\nfallthrough x.test\nupstream 192.0.2.1\n}',
    expected: {
      zones: [zone('c.test.', { reloadMs: 10_000, isByMtime: true })],
      fall: ['x.test.'],
    },
  },
  {
    name: 'fallthrough for all names',
    text: 'file db c.test {\nfallthrough\n}',
    expected: { zones: [zone('c.test.')], fall: ['.'] },
  },
  {
    name: 'options hold for later directives, the last fallthrough for all',
    text: 'file db c.test {\nfallthrough a.test\nreload 0\nreload_by_mtime\n}\nfile db d.test {\nfallthrough b.test\n}\nfile db e.test',
    expected: {
      zones: ['c.test.', 'd.test.', 'e.test.'].map(origin =>
        zone(origin, { reloadMs: 0, isByMtime: true }),
      ),
      fall: ['b.test.'],
    },
  },
  {
    name: 'of an origin that is given twice the last file counts',
    text: 'file db c.test\nfile other c.test',
    expected: { zones: [zone('c.test.', { path: 'other' })], fall: [] },
  },
])
  test(`file, parse: ${name}`, () => assert.deepEqual(options(file, text, keys), expected))

const PLACE = 'Corefile:2 - Error during parsing: '

for (const { text, message } of [
  { text: 'file', message: `${PLACE}Wrong argument count or unexpected line ending after 'file'` },
  {
    text: 'file db {\nnope\n}',
    message: `Corefile:3 - Error during parsing: unknown property 'nope'`,
  },
  {
    text: 'file db {\nno_reload\n}',
    message: `Corefile:3 - Error during parsing: unknown property 'no_reload'`,
  },
  { text: 'file db {\nreload\n}', message: 'reload duration value is expected' },
  { text: 'file db {\nreload often\n}', message: 'plugin/file: time: invalid duration "often"' },
  {
    text: 'file db {\nreload -1s\n}',
    message: `Corefile:3 - Error during parsing: reload '-1s' is negative`,
  },
])
  test(`file, refused: ${text.replaceAll('\n', '; ')}`, () =>
    assert.equal(parseError(file, text), message))

test('file: upstream is told to have no effect, once', () => {
  const read = directive('file db {\nupstream\nupstream 192.0.2.1\n}')
  file.options?.parse(read)
  assert.deepEqual(
    read.warnings.map(({ message }) => message),
    ["option 'upstream' has no effect: remove it"],
  )
})
