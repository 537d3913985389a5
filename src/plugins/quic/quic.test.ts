import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockOf, refusesAsCoreDns } from '../../../test/support/limit-cases.ts'
import { options } from '../../../test/support/plugin-harness.ts'
import { quic } from './index.ts'

for (const text of ['quic', blockOf('quic', 'max_streams 1', 'worker_pool_size 1')])
  test(`parse: ${text.replaceAll('\n', ' ')}`, () => assert.equal(options(quic, text), undefined))

refusesAsCoreDns(quic, { names: ['max_streams', 'worker_pool_size'], least: 1 })
