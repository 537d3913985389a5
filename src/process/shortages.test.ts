import assert from 'node:assert/strict'
import { test } from 'node:test'
import { descriptorShortage, startFailure } from './shortages.ts'

for (const { shards, limit, open, says } of [
  {
    shards: 2,
    limit: 24,
    open: 23,
    says: 'may have 24 (ulimit -n), and to start 2 shards takes about 153',
  },
  {
    shards: 2,
    limit: 152,
    open: 23,
    says: 'may have 152 (ulimit -n), and to start 2 shards takes about 153',
  },
  {
    shards: 1,
    limit: 142,
    open: 23,
    says: 'may have 142 (ulimit -n), and to start one shard takes about 143',
  },
  {
    shards: 1,
    limit: 1024,
    open: 1000,
    says: 'may have 1024 (ulimit -n), and to start one shard takes about 1120',
  },
  { shards: 2, limit: 153, open: 23, says: undefined },
  { shards: 64, limit: 1024, open: 23, says: undefined },
])
  test(`${limit} descriptors, ${open} of them open, for ${shards} shards`, () =>
    assert.equal(
      descriptorShortage(shards, { limit, open }),
      says && `too few file descriptors: the process ${says}`,
    ))

test('where the system does not tell, nothing is refused', () => {
  assert.equal(descriptorShortage(254, undefined), undefined)
})

const SHORT =
  'too few file descriptors: the process may have 200 (ulimit -n), and to start 8 shards takes more'
for (const { message, says } of [
  {
    message: "EMFILE: too many open files, open 'x'",
    says: `${SHORT}: EMFILE: too many open files, open 'x'`,
  },
  {
    message: 'listen tcp :53: too many open files',
    says: `${SHORT}: listen tcp :53: too many open files`,
  },
  { message: 'Corefile:1 - Unknown directive', says: 'Corefile:1 - Unknown directive' },
])
  test(`a start that fails with: ${message}`, () =>
    assert.equal(startFailure(message, 8, 200), says))
