import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockOf, refusesAsCoreDns } from '../../../test/support/limit-cases.ts'
import { chain, options } from '../../../test/support/plugin-harness.ts'
import { https } from './index.ts'

const given = [
  { name: 'nothing', text: 'https', value: {} },
  { name: 'a number', text: blockOf('https', 'max_connections 7'), value: { maxConnections: 7 } },
  { name: '0', text: blockOf('https', 'max_connections 0'), value: { maxConnections: 0 } },
  {
    name: 'more than 31 bits are cut to them',
    text: blockOf('https', 'max_connections 99999999999'),
    value: { maxConnections: 0x7fffffff },
  },
  {
    name: 'the first occurrence counts',
    text: `https\n${blockOf('https', 'max_connections 7')}`,
    value: {},
  },
  {
    name: 'later occurrences are not even read',
    text: `${blockOf('https', 'max_connections 7')}\nhttps x {\nnope\n}`,
    value: { maxConnections: 7 },
  },
]
for (const { name, text, value } of given)
  test(`parse: ${name}`, () => assert.deepEqual(options(https, text), value))

refusesAsCoreDns(https, { names: ['max_connections'], least: 0 })

test('control: sets the limit of the block', async () => {
  const { control } = await chain(https, blockOf('https', 'max_connections 7'))
  assert.deepEqual(control.settings.https, { maxConnections: 7 })
})
