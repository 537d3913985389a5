import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { chain, options, parseError } from '../../../test/support/plugin-harness.ts'
import { bind } from './index.ts'

const errors = [
  {
    name: 'no address',
    text: 'bind',
    message: 'at least one address or interface name is expected',
  },
  {
    name: 'an unknown option',
    text: 'bind 127.0.0.1 {\nonly ::1\n}',
    message: 'invalid option "only"',
  },
  {
    name: 'except without address',
    text: 'bind 127.0.0.1 {\nexcept\n}',
    message: 'at least one address or interface must be given to except subdirective',
  },
]
for (const c of errors)
  test(`parse refuses: ${c.name}`, () => assert.equal(parseError(bind, c.text), c.message))

test('parse: except belongs to its line, and the last one counts', () => {
  assert.deepEqual(
    options(bind, 'bind 127.0.0.1 ::1 {\nexcept 192.0.2.1\nexcept ::1\n}\nbind 127.0.0.2'),
    [
      { listen: ['127.0.0.1', '::1'], except: ['::1'] },
      { listen: ['127.0.0.2'], except: [] },
    ],
  )
})

const addressesOf = async (text: string): Promise<readonly string[] | undefined> =>
  (await chain(bind, text)).control.settings.bindAddresses

const cases = [
  {
    name: 'addresses in order',
    text: 'bind 127.0.0.2 ::1 127.0.0.1',
    addresses: ['127.0.0.2', '::1', '127.0.0.1'],
  },
  {
    name: 'lines add up',
    text: 'bind 127.0.0.1\nbind 127.0.0.2',
    addresses: ['127.0.0.1', '127.0.0.2'],
  },
  {
    name: 'repeats are kept, for the server to refuse',
    text: 'bind 127.0.0.1 127.0.0.1',
    addresses: ['127.0.0.1', '127.0.0.1'],
  },
  {
    name: 'except',
    text: 'bind 127.0.0.1 127.0.0.2 {\nexcept 127.0.0.1\n}',
    addresses: ['127.0.0.2'],
  },
  {
    name: 'except of another line does not count',
    text: 'bind 127.0.0.1\nbind ::1 {\nexcept 127.0.0.1\n}',
    addresses: ['127.0.0.1', '::1'],
  },
  { name: 'everything excepted', text: 'bind 127.0.0.1 {\nexcept 127.0.0.1\n}', addresses: [] },
]
for (const c of cases)
  test(`control: ${c.name}`, async () => assert.deepEqual(await addressesOf(c.text), c.addresses))

test('control: an interface stands for its addresses, link-local ones with its name', async () => {
  for (const [name, entries = []] of Object.entries(networkInterfaces())) {
    const expected = entries.map(entry =>
      entry.scopeid ? `${entry.address}%${name}` : entry.address,
    )
    assert.deepEqual(await addressesOf(`bind ${name}`), expected)
    assert.deepEqual(await addressesOf(`bind 192.0.2.1 ${name} {\nexcept ${name}\n}`), [
      '192.0.2.1',
    ])
  }
})

for (const word of ['localhost', 'nosuchif0', '192.0.2', 'fe80::1%nosuchif0', '[::1]']) {
  const message = `not a valid IP address or interface name: "${word}"`
  test(`control refuses: ${word}`, async () =>
    assert.rejects(addressesOf(`bind ${word}`), { message }))
  test(`control refuses: ${word} in except`, async () =>
    assert.rejects(addressesOf(`bind ::1 {\nexcept ${word}\n}`), { message }))
}
