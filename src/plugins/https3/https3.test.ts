import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockOf, refusesAsCoreDns } from '../../../test/support/limit-cases.ts'
import { options } from '../../../test/support/plugin-harness.ts'
import { https3 } from './index.ts'

for (const text of ['https3', blockOf('https3', 'max_streams 0', 'max_connections 5')])
  test(`parse: ${text.replaceAll('\n', ' ')}`, () => assert.equal(options(https3, text), undefined))

refusesAsCoreDns(https3, { names: ['max_streams', 'max_connections'], least: 0 })
