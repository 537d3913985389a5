// Providers of metadata that fail are named, and cost no query.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  METADATA,
  Metadata,
  type MetadataProvider,
  type SetMetadata,
} from '../../src/chain/offers/metadata.ts'
import type { Query } from '../../src/chain/query/query.ts'
import {
  answers,
  boom,
  errors,
  type Half,
  PANIC,
  PASSES,
  shardOf,
} from '../support/plugin-shard.ts'

const providers: readonly { rule: string; provider: unknown; line: string }[] = [
  { rule: 'it throws', provider: boom, line: 'boom' },
  {
    rule: 'its value throws',
    provider: (_query: Query, set: SetMetadata) => set('evil/x', boom),
    line: 'boom',
  },
  {
    rule: 'its value is no text',
    provider: (_query: Query, set: SetMetadata) => set('evil/x', () => 7 as unknown as string),
    line: 'a value of metadata is no text',
  },
  {
    rule: 'it comes later',
    provider: async () => {},
    line: 'a provider of metadata gives no value back',
  },
]
for (const { rule, provider, line } of providers)
  test(`a provider of metadata that fails is named, and costs no query: ${rule}`, async () => {
    const collects: Half = scope => {
      const offered = scope.offered(METADATA)
      return {
        wrap: next => asked => {
          const metadata = new Metadata(asked, offered)
          assert.equal(metadata.get('evil/x') ?? '', '')
          return next(asked)
        },
      }
    }
    const evil: Half = scope => {
      scope.offer(METADATA, provider as MetadataProvider)
      return { wrap: PASSES }
    }
    const { ask, lines, panics } = await shardOf({ errors, collects, evil, answers })
    assert.equal((await ask())?.rcode, 'NOERROR')
    assert.deepEqual([lines, panics()], [[`[ERROR] ${PANIC} ${line}`], 1])
  })
